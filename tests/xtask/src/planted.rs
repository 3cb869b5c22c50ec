//! `cargo xtask planted [NAME]`: plants bugs in a copy of the core, and lets the simulator look for each.
//!
//! Each file `tests/sim/planted/<name>.patch` is one bug. All of them are applied to one copy of the core, each behind
//! `crate::planted::is("<name>")`, so that everything is built once and the bug is chosen at run time. The core itself
//! knows nothing of it. The copy, the simulator beside it and their workspace are below cargo's target folder, and
//! third-party crates are shared with the main build.

mod patch;

use crate::{
    Result,
    place::{root, succeed, target},
};
use patch::Patch;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the planted bugs, below the root.
const BUGS: &str = "tests/sim/planted";

/// Plants every bug and looks for the one with this name, or for all.
///
/// # Errors
/// If a patch no longer applies, if the copy does not build, or if a bug is not found.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    let patches = patches()?;
    if let Some(name) = name
        && !patches.iter().any(|p| p.name == name)
    {
        let names: Vec<&str> = patches.iter().map(|p| p.name.as_str()).collect();
        return Err(format!("there is no planted bug {name}; there are: {}", names.join(", ")));
    }
    let target = made(&target())?;
    let copy = made(&target.join("planted"))?;
    let mut files = workspace()?;
    plant(&mut files, &patches)?;
    write(&copy, &files)?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "kitestring-sim", "--test", "planted_bugs", "--"]).args(name);
    command.current_dir(&copy).env("CARGO_TARGET_DIR", target).env("KITE_PLANTED", made(&root().join(BUGS))?);
    succeed(&mut command)
}

/// Reads every patch, in the order of names.
fn patches() -> Result<Vec<Patch>> {
    let mut patches = Vec::new();
    for path in list(&root().join(BUGS))? {
        if let (Some("patch"), Some(name)) = (extension(&path), path.file_stem().and_then(|s| s.to_str())) {
            patches.push(Patch::parse(name, &read(&path)?)?);
        }
    }
    Ok(patches)
}

/// Returns the files of the copy, by their path in it, before anything is planted.
fn workspace() -> Result<BTreeMap<PathBuf, String>> {
    let root = root();
    let mut files = BTreeMap::new();
    for folder in ["core/src", "tests/sim/src", "tests/sim/tests"] {
        gather(&root, Path::new(folder), &mut files)?;
    }
    for file in ["core/Cargo.toml", "Cargo.lock"] {
        files.insert(file.into(), read(&root.join(file))?);
    }
    files.insert("Cargo.toml".into(), manifest(&read(&root.join("Cargo.toml"))?)?);
    let bugs = "\n[[test]]\nname = \"planted_bugs\"\nharness = false\n";
    files.insert("tests/sim/Cargo.toml".into(), read(&root.join("tests/sim/Cargo.toml"))? + bugs);
    files.insert("tests/sim/tests/planted_bugs.rs".into(), read(&root.join(BUGS).join("run.rs"))?);
    files.insert("core/src/planted.rs".into(), read(&root.join(BUGS).join("switch.rs"))?);
    Ok(files)
}

/// The repository's manifest with these two members alone: the same dependencies, lints and profiles.
fn manifest(text: &str) -> Result<String> {
    let mut lines = Vec::new();
    let mut members = 0;
    // A profile for a package that is not in the copy would only make cargo warn.
    let mut foreign = false;
    for line in text.lines() {
        if line.starts_with('[') {
            foreign = line.starts_with("[profile.") && line.contains(".package.libsqlite3-sys]");
        }
        if line.starts_with("members = [") && line.ends_with(']') {
            members += 1;
            lines.push("members = [\"core\", \"tests/sim\"]".to_owned());
        } else if let Some(version) = line.strip_prefix("version = ").and_then(|version| version.strip_suffix('"')) {
            // Cargo tells packages apart by where they are in their workspace: without this it takes what was built of the
            // copy for the core, and the other way round.
            lines.push(format!("version = {version}+planted\""));
        } else if !line.starts_with("default-members") && !foreign {
            lines.push(line.to_owned());
        }
    }
    if members == 1 { Ok(lines.join("\n") + "\n") } else { Err("Cargo.toml has no line `members = [...]`".to_owned()) }
}

/// Plants all bugs, and the switch that chooses one.
fn plant(files: &mut BTreeMap<PathBuf, String>, patches: &[Patch]) -> Result<()> {
    let mut touched: BTreeMap<&Path, Vec<&Patch>> = BTreeMap::new();
    for patch in patches {
        touched.entry(&patch.path).or_default().push(patch);
    }
    for (path, patches) in touched {
        let Some(text) = files.get_mut(path) else {
            let names: Vec<&str> = patches.iter().map(|p| p.name.as_str()).collect();
            return Err(format!("{} is gone, which these planted bugs change: {}", path.display(), names.join(", ")));
        };
        *text = patch::apply(text, &patches)?;
    }
    let library = files.get_mut(Path::new("core/src/lib.rs")).ok_or("the core has no lib.rs")?;
    library.push_str("\npub mod planted;\n");
    Ok(())
}

/// Writes the files, only those that differ, so that nothing is built without need; others are removed.
fn write(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<()> {
    let mut old = BTreeMap::new();
    if folder.is_dir() {
        for part in ["core", "tests"] {
            gather(folder, Path::new(part), &mut old)?;
        }
    }
    for stale in old.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(folder.join(stale)).map_err(|e| failed(stale, &e))?;
    }
    for (path, text) in files {
        let place = folder.join(path);
        if fs::read_to_string(&place).ok().as_ref() == Some(text) {
            continue;
        }
        if path.as_path() == Path::new("Cargo.lock") && place.is_file() && !newer(&root().join(path), &place) {
            // Cargo has taken out of it what the copy does not need.
            continue;
        }
        if let Some(above) = place.parent() {
            fs::create_dir_all(above).map_err(|e| failed(above, &e))?;
        }
        fs::write(&place, text).map_err(|e| failed(&place, &e))?;
    }
    Ok(())
}

fn newer(a: &Path, b: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    time(a) > time(b)
}

/// Reads all text files below `folder`, by their path below `root`.
fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    if !root.join(folder).is_dir() {
        return Ok(());
    }
    for path in list(&root.join(folder))? {
        let inside = folder.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            gather(root, &inside, files)?;
        } else {
            files.insert(inside, read(&path)?);
        }
    }
    Ok(())
}

/// Lists a folder in the order of names.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|e| failed(folder, &e))?;
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>().map_err(|e| failed(folder, &e))?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| failed(path, &e))
}

/// Makes a folder unless it is there, and returns its absolute path.
fn made(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).and_then(|()| folder.canonicalize()).map_err(|e| failed(folder, &e))
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|e| e.to_str())
}

fn failed(path: &Path, e: &std::io::Error) -> String {
    format!("{}: {e}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_patch_applies_to_the_core_as_it_is() {
        let patches = patches().unwrap();
        assert!(patches.len() >= 70, "only {} bugs are planted", patches.len());
        let mut files = workspace().unwrap();
        plant(&mut files, &patches).unwrap();
        for patch in &patches {
            let switch = format!("planted::is(\"{}\")", patch.name);
            assert!(files[&patch.path].contains(&switch), "{} does not ask {switch}", patch.name);
        }
    }

    #[test]
    fn the_copy_has_two_members() {
        let text = "[workspace]\nmembers = [\"core\", \"cli\"]\ndefault-members = [\"cli\"]\nversion = \"1.2.3\"\n[profile.dev.package.libsqlite3-sys]\nopt-level = 2\n[x]\n";
        assert_eq!(manifest(text).unwrap(), "[workspace]\nmembers = [\"core\", \"tests/sim\"]\nversion = \"1.2.3+planted\"\n[x]\n");
        assert!(manifest("[workspace]\n").is_err());
    }
}
