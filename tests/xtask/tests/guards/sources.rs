//! The core's source uses no file system, network, thread or clock, and chooses by target in five files only.

use crate::root;
use std::{fs, path::Path};

const BANNED: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "Instant::now",
    "SystemTime::now",
    "std::time::Instant",
    "std::time::SystemTime",
    "#[ignore",
    "unimplemented!",
];

/// Has an order that is another in each process: for the one file that never lets it be seen.
const UNORDERED: [&str; 2] = ["HashMap", "HashSet"];
const MAY_HASH: &str = "lookup.rs";

/// The only files whose code differs between native and WebAssembly: the codec, how ordered sets are filled, and the others for
/// the sake of `Send`.
const MAY_CHOOSE: &[&str] = &["codec.rs", "gather.rs", "maybe_send.rs", "progress.rs", "log.rs", "lib.rs"];

/// Returns a file's lines, with their numbers, that are neither comments nor in its tests at the end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.take_while(|(_, line)| line.trim() != "#[cfg(test)]").filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns what a file must not hold, as `line: text`.
fn violations(name: &str, text: &str) -> Vec<String> {
    let chooses = |line: &str| line.contains("target_arch") || line.contains("target_family") || line.contains("target_os");
    let hashes = |line: &str| UNORDERED.iter().any(|b| line.contains(b));
    let refused = |line: &str| chooses(line) && !MAY_CHOOSE.contains(&name) || hashes(line) && name != MAY_HASH;
    code(text)
        .filter(|(_, line)| BANNED.iter().any(|b| line.contains(b)) || refused(line))
        .map(|(number, line)| format!("{name}:{number}: {}", line.trim()))
        .collect()
}

fn scan(folder: &Path, found: &mut Vec<String>, files: &mut usize) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            scan(&path, found, files);
        } else if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") {
            *files += 1;
            found.extend(violations(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_core_touches_the_world_through_its_ports_only() {
    let (mut found, mut files) = (Vec::new(), 0);
    scan(&root().join("core/src"), &mut found, &mut files);
    assert!(files > 20, "only {files} files were read");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_violation_would_be_seen() {
    let text = "//! std::fs is banned\nuse std::fs;\nfn f() { Instant::now(); }\n#[cfg(test)]\nmod tests { use std::fs; }\n";
    assert_eq!(violations("plan.rs", text), ["plan.rs:2: use std::fs;", "plan.rs:3: fn f() { Instant::now(); }"]);
    let chooses = "#[cfg(target_arch = \"wasm32\")]\nstruct A;\n";
    assert_eq!(violations("plan.rs", chooses).len(), 1);
    assert_eq!(violations("log.rs", chooses).len(), 0);
    let hashes = "use std::collections::HashSet;\n";
    assert_eq!((violations("log.rs", hashes).len(), violations("lookup.rs", hashes).len()), (1, 0));
}
