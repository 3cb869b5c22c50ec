//! The bindings say what the core says, in other languages, and no more: they stay small beside what they wrap.

use crate::root;
use std::{fs, path::Path};

/// How much code the binding of native languages may have, in hundredths of what it wraps.
const MOST_PER_CENT: usize = 8;
const MOST_LINES_A_FILE: usize = 300;

/// The lines of code in each source file below a folder: no comments, no empty lines, no tests.
fn sources(folder: &Path, found: &mut Vec<(String, usize)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !name.ends_with("testing.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().take_while(|line| *line != "mod tests {").map(str::trim);
            found.push((name, lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()));
        }
    }
}

fn lines(folder: &str) -> usize {
    let mut found = Vec::new();
    sources(&root().join(folder), &mut found);
    found.iter().map(|(_, lines)| lines).sum()
}

#[test]
fn the_binding_of_native_languages_is_small_beside_what_it_wraps() {
    let (binding, wrapped) = (lines("bindings-uniffi/src"), lines("core/src") + lines("adapters/src"));
    println!("{binding} lines bind {wrapped}");
    assert!(wrapped > 10_000, "only {wrapped} lines were read");
    assert!(binding * 100 <= wrapped * MOST_PER_CENT, "{binding} lines bind {wrapped}");
}

#[test]
fn a_file_of_the_binding_fits_into_the_head() {
    let mut found = Vec::new();
    sources(&root().join("bindings-uniffi/src"), &mut found);
    let long: Vec<_> = found.into_iter().filter(|(_, lines)| *lines > MOST_LINES_A_FILE).collect();
    assert_eq!(long, []);
}
