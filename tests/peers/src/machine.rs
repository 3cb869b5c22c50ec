//! On what, and with which versions, a run was made.

use crate::side::Programs;
use std::{ffi::OsStr, fs, process::Command};

/// Returns names and what they stand for.
pub fn facts(programs: &Programs) -> Vec<(String, String)> {
    let facts = [
        ("processor", processor()),
        ("memory", memory()),
        ("system", first_line("uname", &["-sr"])),
        ("rustc", first_line("rustc", &["--version"])),
        ("Node", first_line("node", &["--version"])),
        ("Apache", first_line("/usr/sbin/apache2", &["-v"])),
        ("rclone", first_line(programs.rclone(), &["version"])),
        ("kitestring", env!("CARGO_PKG_VERSION").to_owned()),
        ("db-to-cloud", installed("db-to-cloud")),
        ("PouchDB", installed("pouchdb")),
        ("express-pouchdb", installed("express-pouchdb")),
        ("bothy", locked("bothy")),
    ];
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}

/// Returns the load of the machine, as Linux tells it: of the last minute, of 5 and of 15.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(", ")
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = text.lines().filter(|line| line.starts_with("model name")).filter_map(|line| line.split(": ").nth(1)).collect();
    format!("{} × {}", models.len(), models.first().unwrap_or(&"unknown"))
}

fn memory() -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    format!("{} GiB", kib.unwrap_or_default() / (1 << 20))
}

fn first_line(program: impl AsRef<OsStr>, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().next().unwrap_or("not installed").to_owned()
}

/// Returns the version of an npm package that is installed here.
fn installed(name: &str) -> String {
    let file = Programs::sources().join("node_modules").join(name).join("package.json");
    let text = fs::read(file).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    package.get("version").and_then(|version| version.as_str()).unwrap_or("not installed").to_owned()
}

/// Returns the version of a crate that the program beside this one is built with.
fn locked(name: &str) -> String {
    let text = fs::read_to_string(Programs::sources().join("bothy/Cargo.lock")).unwrap_or_default();
    let begin = format!("name = \"{name}\"\nversion = \"");
    let version = text.split(&begin).nth(1).and_then(|rest| rest.split('"').next());
    version.unwrap_or("unknown").to_owned()
}
