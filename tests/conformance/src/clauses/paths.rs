//! Paths and names: D1 to D5, D100, D102.

use super::clauses;
use crate::{Caller, Check, Stage};
use kitestring::{
    ErrorKind,
    drive::{Condition, Got},
};

clauses![
    d1_the_empty_path_is_the_root,
    d2_special_names_stay_inside,
    d3_names_that_are_nearly_the_same_share_nothing,
    d4_names_come_back_exactly,
    d5_a_name_that_cannot_be_stored_is_invalid_and_hurts_no_other,
    d5_a_file_and_a_folder_that_want_one_name,
    d100_stems_of_every_length_are_stored_or_refused,
    d102_folders_inside_docs_are_listed_and_read,
];

/// Names that mean something to a shell, a URL, a file system or a store.
const SPECIAL: &[&str] = &[
    "...",
    "..a",
    "a..",
    ".a",
    "~",
    "-",
    "--help",
    "$HOME",
    "%00",
    "%2e%2e",
    "..%2fa",
    "%2F",
    "%5C",
    "a%",
    "C:",
    "a:b",
    "CON",
    "nul.json",
    "a?b=c#d",
    "&",
    "+",
    "a b",
    " a",
    "a ",
    "a.",
    "*",
    "|",
    "<>",
    "\"",
    "'",
    "`",
    ";",
    "a,b",
    "[a]",
    "{a}",
    "@",
    "=",
    "!",
    "^",
    "(1)",
    "constructor",
    "index.html",
    "desktop.ini",
    "Thumbs.db",
    ".DS_Store",
    ".git",
];

/// One for each kind of character that a path may hold.
const UNICODE: &[&str] = &[
    "z",
    "Z",
    "7",
    "\u{a0}",
    "ß",
    "é",
    "e\u{301}",
    "İ",
    "ſ",
    "Ω",
    "я",
    "ע",
    "\u{200f}",
    "\u{200b}",
    "\u{200d}",
    "न\u{93f}",
    "漢",
    "한",
    "ｱ",
    "\u{2028}",
    "\u{e000}",
    "\u{fdd0}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "😀",
    "👩‍👧",
    "\u{e0001}",
    "\u{10ffff}",
];

fn d1_the_empty_path_is_the_root(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("a", "1", Condition::Any)?;
    ensure!(caller.names("")? == ["a"], "the empty path does not list the root");
    ensure!(caller.get("")? == Got::Missing, "the root is answered as a file");
    for condition in [Condition::Any, Condition::Absent] {
        let put = caller.put("", "x", condition).map_err(|e| e.into_kind());
        ensure!(put == Err(ErrorKind::InvalidInput), "the root was written as a file: {put:?}");
    }
    let _ = caller.delete("", Condition::Any);
    ensure!(caller.bytes("a")? == b"1", "the root was deleted");
    Ok(())
}

/// Writes files of these names into `dir`; returns the names that were taken, sorted.
fn store<'n>(caller: &Caller, dir: &str, names: impl Iterator<Item = &'n str>) -> Check<Vec<&'n str>> {
    let mut taken = Vec::new();
    for name in names {
        if caller.put_if_it_can(&format!("{dir}/{name}"), format!("of {name}"), Condition::Any)? {
            taken.push(name);
        }
    }
    taken.sort_unstable();
    for name in &taken {
        let found = caller.bytes(&format!("{dir}/{name}"))?;
        ensure!(found == format!("of {name}").as_bytes(), "{name:?} holds {:?}", String::from_utf8_lossy(&found));
    }
    Ok(taken)
}

fn d2_special_names_stay_inside(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let taken = store(&caller, "in/side", SPECIAL.iter().copied())?;
    ensure!(!taken.is_empty(), "not one name was taken");
    ensure!(caller.names("")? == ["in/"], "something was written beside the folder: {:?}", caller.names("")?);
    ensure!(caller.names("in")? == ["side/"], "something was written above the folder: {:?}", caller.names("in")?);
    let found = caller.names("in/side")?;
    ensure!(found == taken, "written were {taken:?}, listed are {found:?}");
    Ok(())
}

fn d3_names_that_are_nearly_the_same_share_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let long = "n".repeat(230);
    let pairs = [
        ("a.json", "A.json"),
        ("folder/x", "FOLDER/x"),
        ("stra\u{df}e", "STRASSE"),
        ("\u{e9}t\u{e9}", "e\u{301}te\u{301}"),
        ("\u{130}", "i\u{307}"),
        ("dot", "dot."),
        ("space", "space "),
        ("%41", "A"),
        ("plus+", "plus "),
        ("\u{fb01}", "fi"),
        (&format!("{long}1"), &format!("{long}2")),
    ];
    let condition = if caller.claims().create { Condition::Absent } else { Condition::Any };
    for (n, (first, second)) in pairs.iter().enumerate() {
        let (first, second) = (format!("{n}/{first}"), format!("{n}/{second}"));
        if !caller.put_if_it_can(&first, "first", condition.clone())? {
            continue;
        }
        match caller.put(&second, "second", condition.clone()) {
            Ok(_) => ensure!(caller.bytes(&second)? == b"second", "{second:?} does not hold what was written"),
            Err(e) => {
                let refused = matches!(e.kind, ErrorKind::InvalidInput | ErrorKind::Condition);
                ensure!(refused, "beside {first:?}, {second:?} was refused as `{}`", e.kind.code());
            }
        }
        ensure!(caller.bytes(&first)? == b"first", "writing {second:?} changed {first:?}");
    }
    Ok(())
}

fn d4_names_come_back_exactly(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let taken = store(&caller, "names", UNICODE.iter().copied())?;
    ensure!(!taken.is_empty(), "not one name was taken");
    let found = caller.names("names")?;
    ensure!(found == taken, "written were {taken:?}, listed are {found:?}");
    for name in taken {
        caller.put_if_it_can(&format!("folders/{name}/x"), "x", Condition::Any)?;
    }
    for folder in caller.list("folders")? {
        let (is_dir, name) = (folder.is_dir, folder.name);
        ensure!(is_dir && UNICODE.contains(&name.as_str()), "a folder came back as {name:?}");
    }
    Ok(())
}

fn d5_a_name_that_cannot_be_stored_is_invalid_and_hurts_no_other(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let mut names: Vec<String> = [100, 143, 200, 255, 256, 1024, 5000].iter().map(|n| "n".repeat(*n)).collect();
    names.extend([50, 127, 128, 255, 1000].iter().map(|n| "\u{f6}".repeat(*n)));
    names.push(vec!["d"; 60].join("/"));
    names.push(format!("{}/x", "f".repeat(300)));
    for (n, name) in names.iter().enumerate() {
        let path = format!("d/{n}/{name}");
        let shown: String = name.chars().take(20).collect();
        if caller.put_if_it_can(&path, name, Condition::Any)? {
            ensure!(caller.bytes(&path)? == name.as_bytes(), "{shown}… ({} bytes) does not hold what was written", name.len());
        } else {
            match caller.get(&path) {
                Ok(Got::Missing) => {}
                Err(e) if e.kind == ErrorKind::InvalidInput => {}
                other => ensure!(false, "{shown}… was refused, and reading it gives {other:?}"),
            }
        }
        caller.put(&format!("d/{n}.json"), "healthy", Condition::Any)?;
        ensure!(caller.bytes(&format!("d/{n}.json"))? == b"healthy", "beside {shown}… nothing can be written");
    }
    Ok(())
}

fn d5_a_file_and_a_folder_that_want_one_name(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for (n, (first, second)) in [("x/below", "x"), ("x", "x/below"), ("x", "x/much/further/below")].into_iter().enumerate() {
        let (dir, first, second) = (format!("{n}"), format!("{n}/{first}"), format!("{n}/{second}"));
        caller.put(&first, "first", Condition::Any)?;
        let taken = caller.put_if_it_can(&second, "second", Condition::Any)?;
        ensure!(caller.bytes(&first)? == b"first", "writing {second} changed {first}");
        let expected: &[&str] = match (taken, n) {
            (true, _) => &["x", "x/"],
            (false, 0) => &["x/"],
            (false, _) => &["x"],
        };
        let found = caller.names(&dir)?;
        ensure!(found == expected, "there should be {expected:?}, listed are {found:?}");
        ensure!(!taken || caller.bytes(&second)? == b"second", "{second} does not hold what was written");
    }
    Ok(())
}

fn d100_stems_of_every_length_are_stored_or_refused(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let mut stored = Vec::new();
    for length in [1, 100, 200, 250, 255, 1024, 3072] {
        let stem = "s".repeat(length);
        if caller.put_if_it_can(&format!("docs/{stem}.json"), &stem, Condition::Any)? {
            stored.push(format!("{stem}.json"));
        }
    }
    ensure!(caller.names("docs")? == stored, "the listing of docs is not what was stored");
    for name in stored {
        let bytes = caller.bytes(&format!("docs/{name}"))?;
        ensure!(name.strip_suffix(".json").is_some_and(|stem| stem.as_bytes() == bytes), "a long name holds another's content");
    }
    Ok(())
}

fn d102_folders_inside_docs_are_listed_and_read(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for path in ["docs/a.json", "docs/a/b.json", "docs/a/c/d.json"] {
        caller.put(path, path, Condition::Any)?;
    }
    ensure!(caller.names("docs")? == ["a/", "a.json"], "docs lists {:?}", caller.names("docs")?);
    ensure!(caller.names("docs/a")? == ["b.json", "c/"], "docs/a lists {:?}", caller.names("docs/a")?);
    ensure!(caller.names("docs/a/c")? == ["d.json"], "docs/a/c lists {:?}", caller.names("docs/a/c")?);
    ensure!(caller.bytes("docs/a/c/d.json")? == b"docs/a/c/d.json", "a file two folders down is not what was written");
    Ok(())
}
