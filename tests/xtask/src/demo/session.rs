//! A terminal session that is shown while it runs: folders below one place, commands, and what they print.

use crate::{Result, place::program};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A place with a folder for each device.
#[derive(Debug)]
pub(crate) struct Session {
    root: PathBuf,
}

impl Session {
    /// Empties the place.
    pub(crate) fn new(root: PathBuf) -> Result<Self> {
        if root.exists() {
            fs::remove_dir_all(&root).map_err(|e| about(&root, &e))?;
        }
        fs::create_dir_all(&root).map_err(|e| about(&root, &e))?;
        Ok(Self { root })
    }

    /// Returns the folder of a device.
    pub(crate) fn folder(&self, device: &str) -> PathBuf {
        self.root.join(device)
    }

    /// Makes a folder.
    pub(crate) fn make(&self, device: &str) -> Result<()> {
        fs::create_dir_all(self.folder(device)).map_err(|e| about(&self.folder(device), &e))
    }

    /// Says what comes next.
    pub(crate) fn say(&self, text: &str) {
        println!("\n# {text}");
    }

    /// Runs `kite`, shows it, and checks its exit code.
    pub(crate) fn kite(&self, arguments: &[&str], code: i32) -> Result<()> {
        println!("$ kite {}", arguments.join(" "));
        let mut command = Command::new(program("kite"));
        // A terminal shows both outputs in one place; so does this.
        let out = command.args(arguments).current_dir(&self.root).stdin(Stdio::null()).output();
        let out = out.map_err(|e| format!("kite did not start: {e}"))?;
        print!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        if code != 0 {
            println!("$ echo $?\n{}", out.status.code().unwrap_or(-1));
        }
        if out.status.code() == Some(code) {
            return Ok(());
        }
        Err(format!("`kite {}` ended with {}, not with {code}", arguments.join(" "), out.status))
    }

    /// Adds a line to a file of a device.
    pub(crate) fn append(&self, device: &str, file: &str, line: &str) -> Result<()> {
        println!("$ echo '{line}' >> {device}/{file}");
        let path = self.folder(device).join(file);
        let mut handle = OpenOptions::new().append(true).open(&path).map_err(|e| about(&path, &e))?;
        writeln!(handle, "{line}").map_err(|e| about(&path, &e))
    }

    /// Shows that two devices have the same files.
    pub(crate) fn same(&self, a: &str, b: &str) -> Result<()> {
        let arguments = ["-r", "--exclude=.kite", a, b];
        println!("$ diff {} && echo identical", arguments.join(" "));
        let out = Command::new("diff").args(arguments).current_dir(&self.root).output().map_err(|e| format!("diff did not start: {e}"))?;
        print!("{}", String::from_utf8_lossy(&out.stdout));
        if !out.status.success() {
            return Err(format!("the folders of {a} and {b} differ"));
        }
        println!("identical");
        Ok(())
    }
}

/// Copies a folder with every file in it; a folder without files has no copy, as git has none.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).map_err(|e| about(from, &e))? {
        let path = entry.map_err(|e| about(from, &e))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::create_dir_all(to).map_err(|e| about(to, &e))?;
            fs::copy(&path, to.join(name)).map_err(|e| about(&path, &e))?;
        }
    }
    Ok(())
}

/// Returns the paths of the Markdown files below a folder, in order.
pub(crate) fn text_files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(|e| about(&dir, &e))? {
            let path = entry.map_err(|e| about(&dir, &e))?.path();
            if path.is_dir() {
                open.push(path);
            } else if let (Some("md"), Ok(inside)) = (path.extension().and_then(|e| e.to_str()), path.strip_prefix(folder)) {
                found.push(inside.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn about(path: &Path, e: &std::io::Error) -> String {
    format!("{}: {e}", path.display())
}
