//! Listings: D50 to D54.

use super::clauses;
use crate::{Caller, Check, Stage, Stop};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, PutFile},
};
use std::collections::BTreeSet;

/// More files than a page of most drives has.
const MANY: usize = 1100;

clauses![
    d50_a_listing_names_what_is_directly_inside,
    d50_a_missing_folder_is_empty,
    d50_a_size_is_the_size,
    d51_pages_end_and_name_everything,
    d51_a_cursor_that_is_too_old_is_refused_or_goes_on,
    d52_what_stays_is_named_whatever_else_happens,
    d53_nothing_is_named_that_never_was,
    d54_the_drives_own_files_are_not_named,
];

fn d50_a_listing_names_what_is_directly_inside(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for path in ["a", "ab", "d/a", "d/e/f", "d/e/g", "d.x", "d0/a", "e/d/a"] {
        caller.put(path, path, Condition::Any)?;
    }
    let expected: [(&str, &[&str]); 5] =
        [("", &["a", "ab", "d/", "d.x", "d0/", "e/"]), ("d", &["a", "e/"]), ("d/e", &["f", "g"]), ("d0", &["a"]), ("e", &["d/"])];
    for (dir, names) in expected {
        let found = caller.names(dir)?;
        ensure!(found == names, "in {dir:?} are {names:?}, listed are {found:?}");
    }
    Ok(())
}

fn d50_a_missing_folder_is_empty(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("d/f", "x", Condition::Any)?;
    for dir in ["none", "none/none", "d/none", "d/f", "d/f/below"] {
        let page = caller.page(dir, None).map_err(|e| Stop::Broken(format!("listing {dir}, which is missing, is an error: {e}")))?;
        ensure!(page.entries.is_empty() && page.next.is_none(), "{dir} is no folder and lists {page:?}");
    }
    Ok(())
}

fn d50_a_size_is_the_size(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for size in [0, 1, 70_000] {
        caller.put(&format!("d/{size}"), vec![b'x'; size], Condition::Any)?;
    }
    for entry in caller.list("d")? {
        let right = entry.size.is_none_or(|size| size.to_string() == entry.name);
        ensure!(right, "a file of {} bytes is listed with {:?}", entry.name, entry.size);
    }
    Ok(())
}

/// Fills `d` with many files; returns their names.
fn fill(stage: &Stage<'_>, count: usize) -> Check<BTreeSet<String>> {
    let names: BTreeSet<String> = (0..count).map(|n| format!("f{n}")).collect();
    let file = |name: &String| Ok(PutFile { path: DrivePath::new(format!("d/{name}"))?, bytes: b"x".to_vec(), condition: Condition::Any });
    stage.caller().put_many(names.iter().map(file).collect::<Result<_>>()?).into_iter().collect::<Result<Vec<_>>>()?;
    Ok(names)
}

/// Lists `d` page by page and does something between two pages.
fn pages(stage: &Stage<'_>, mut between: impl FnMut() -> Check) -> Check<BTreeSet<String>> {
    let caller = stage.caller();
    let (mut found, mut cursor) = (BTreeSet::new(), None);
    for _ in 0..2 * MANY {
        let page = caller.page("d", cursor)?;
        found.extend(page.entries.into_iter().map(|e| e.name));
        let Some(next) = page.next else { return Ok(found) };
        cursor = Some(next);
        between()?;
    }
    Err(Stop::Broken(format!("a listing of {MANY} files has more than {} pages", 2 * MANY)))
}

fn d51_pages_end_and_name_everything(stage: &Stage<'_>) -> Check {
    let names = fill(stage, MANY)?;
    let found = pages(stage, || Ok(()))?;
    ensure!(found == names, "{} files were written, {} listed", names.len(), found.len());
    Ok(())
}

fn d51_a_cursor_that_is_too_old_is_refused_or_goes_on(stage: &Stage<'_>) -> Check {
    let names = fill(stage, MANY)?;
    let caller = stage.caller();
    let first = caller.page("d", None)?;
    let Some(next) = first.next else { return Err(Stop::Skipped(format!("it lists {MANY} files in one page"))) };
    for _ in 0..50 {
        caller.page("d", None)?;
    }
    match caller.page("d", Some(next)) {
        Err(e) => ensure!(e.kind == ErrorKind::Condition, "a cursor that is too old is `condition`, not `{}`", e.kind.code()),
        Ok(page) => {
            let seen: BTreeSet<_> = first.entries.into_iter().chain(page.entries).map(|e| e.name).collect();
            ensure!(page.next.is_some() || seen == names, "an old cursor was accepted and left out files");
        }
    }
    Ok(())
}

fn d52_what_stays_is_named_whatever_else_happens(stage: &Stage<'_>) -> Check {
    let names = fill(stage, MANY)?;
    let other = stage.another()?;
    for n in 0..20 {
        other.put(&format!("d/a{n}"), "x", Condition::Any)?;
    }
    let found = pages(stage, || {
        for n in 0..20 {
            other.delete(&format!("d/a{n}"), Condition::Any)?;
            other.put(&format!("d/z{n}"), "x", Condition::Any)?;
        }
        Ok(())
    })?;
    let left: Vec<_> = names.difference(&found).take(3).collect();
    ensure!(left.is_empty(), "files that nobody touched were left out: {left:?}");
    Ok(())
}

fn d53_nothing_is_named_that_never_was(stage: &Stage<'_>) -> Check {
    let names = fill(stage, 40)?;
    for name in names.iter().take(20) {
        stage.caller().delete(&format!("d/{name}"), Condition::Any)?;
    }
    let found = pages(stage, || Ok(()))?;
    let left: BTreeSet<String> = names.into_iter().skip(20).collect();
    ensure!(found == left, "20 of 40 files are left, {} are listed", found.len());
    Ok(())
}

fn d54_the_drives_own_files_are_not_named(stage: &Stage<'_>) -> Check {
    let written = ["d/", "f"];
    let write = |caller: &Caller, n: usize| {
        let path = if n.is_multiple_of(2) { "f" } else { "d/f" };
        Ok(caller.put(path, vec![0; 100_000], Condition::Any).map(drop)?)
    };
    write(&stage.caller(), 0)?;
    write(&stage.caller(), 1)?;
    stage.beside(40, write, |caller| {
        for dir in ["", "d"] {
            let odd: Vec<_> = caller.names(dir)?.into_iter().filter(|name| !written.contains(&name.as_str())).collect();
            ensure!(odd.is_empty(), "the listing of {dir:?} names {odd:?}, which nobody wrote");
        }
        Ok(())
    })?;
    ensure!(stage.caller().names("")? == written, "the root lists {:?}", stage.caller().names("")?);
    Ok(())
}
