//! `kite trash`.

use super::{DONE, agreed, typed_id};
use crate::{
    args::{self, Empty, Restore},
    config::Config,
    folder::{Expired, Item, Restored, Trash, Tree, Usage, utc_stamp},
    lock::FolderLock,
    output::{
        COMMAND, FAINT, GOOD, json, line,
        quote::{shell, shown},
        styled, summary,
    },
    setup,
};
use kitestring::{DocId, Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Lists, restores or empties.
pub(super) fn run(args: &args::Trash) -> Result<u8> {
    match args {
        args::Trash::List(args) => list(args),
        args::Trash::Restore(args) => restore(args),
        args::Trash::Empty(args) => empty(args),
    }?;
    Ok(DONE)
}

fn list(args: &args::Folder) -> Result<()> {
    setup::has_own(&args.folder)?;
    let items = items(&args.folder)?;
    if args.json {
        json::print(&items.iter().map(described).collect());
        return Ok(());
    }
    let Some(first) = items.first() else {
        line("The trash is empty");
        return Ok(());
    };
    for item in &items {
        let (why, size) = (item.why.map_or("", |why| why.word()), summary::size(item.size));
        line(format_args!("{}  {why:<8}  {size:>10}  {}", utc_stamp(item.at), shown(&item.path)));
    }
    let (folder, path) = (shell(&args.folder.to_string_lossy()), shell(&first.path));
    line(styled(FAINT, "Kept for 30 days; times are UTC"));
    line(format_args!("  bring back:  {}", styled(COMMAND, format_args!("kite trash restore {folder} {path}"))));
    Ok(())
}

fn described(item: &Item) -> Value {
    let at_ms = item.at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
    json!({ "path": item.path, "at": utc_stamp(item.at), "at_ms": at_ms, "why": item.why.map(|why| why.word()), "size": item.size })
}

fn restore(args: &Restore) -> Result<()> {
    let folder = &args.folder.folder;
    setup::has_own(folder)?;
    let names = setup::names(folder);
    let lock = FolderLock::take(folder)?;
    let tree = Tree::open(folder, Usage::Work(lock), names).map_err(|e| failed("restore", &e, folder))?;
    let wanted = all_wanted(args)?;
    let to = args.to.as_ref().map(|to| typed_id(folder, to)).transpose()?;
    if to.is_some() && wanted.len() > 1 {
        return Err(Error::new(ErrorKind::InvalidInput, "restore", "--to is for one file, and these are several"));
    }
    let mut done = Vec::new();
    for item in &wanted {
        let to = to.clone().map_or_else(|| DocId::new(item.path.clone()), Ok)?;
        let restored = tree
            .restore(item, &to)
            .map_err(|e| Error::new(ErrorKind::Application, "restore", format!("it cannot be restored: {e}")).about(to.as_str()))?;
        if !args.folder.json {
            say(&to, item, restored);
        }
        done.push(json!({ "path": to.as_str(), "from": described(item), "did": word(restored) }));
    }
    if args.folder.json {
        json::print(&json!({ "restored": done }));
    } else if done.iter().any(|one| one["did"] != word(Restored::Same)) && Config::read(folder)?.is_some() {
        let again = shell(&folder.to_string_lossy());
        line(format_args!("  the next sync pushes it: {}", styled(COMMAND, format_args!("kite sync {again}"))));
    }
    Ok(())
}

/// Finds what is to be restored: something for every path that was typed.
fn all_wanted(args: &Restore) -> Result<Vec<Item>> {
    let folder = &args.folder.folder;
    let (items, mut all) = (items(folder)?, Vec::new());
    for path in &args.paths {
        let path = typed_id(folder, path.trim_end_matches('/'))?;
        let found = wanted(&items, path.as_str(), args.at.as_deref());
        if found.is_empty() {
            let again = shell(&folder.to_string_lossy());
            let detail = format!("the trash has no such file; `kite trash list {again}` shows what it has");
            return Err(Error::new(ErrorKind::NotFound, "restore", detail).about(path.as_str()));
        }
        all.extend(found);
    }
    Ok(all)
}

/// Picks the latest of each path that is `path` or below it, or the one of a certain time.
fn wanted(items: &[Item], path: &str, at: Option<&str>) -> Vec<Item> {
    let (mut seen, below) = (BTreeSet::new(), format!("{path}/"));
    let of_time = |item: &&Item| at.is_none_or(|at| utc_stamp(item.at) == at);
    let fits = items.iter().filter(|item| (item.path == path || item.path.starts_with(&below)) && of_time(item));
    fits.filter(|item| seen.insert(&item.path)).cloned().collect()
}

fn say(to: &DocId, item: &Item, restored: Restored) {
    let what = match restored {
        Restored::New => format!("as it left at {}", utc_stamp(item.at)),
        Restored::Replacing => format!("as it left at {}; what was there is in the trash now", utc_stamp(item.at)),
        Restored::Same => "was here already, with the same content".to_owned(),
    };
    line(format_args!("{} {}: {what}", styled(GOOD, "Restored"), shown(to.as_str())));
}

fn word(restored: Restored) -> &'static str {
    match restored {
        Restored::New => "new",
        Restored::Replacing => "replaced",
        Restored::Same => "same",
    }
}

fn empty(args: &Empty) -> Result<()> {
    let folder = &args.folder.folder;
    setup::has_own(folder)?;
    let _lock = FolderLock::take(folder)?;
    let now = SystemTime::now();
    let limit = if args.older_than == 0 { None } else { now.checked_sub(DAY * args.older_than) };
    let mut doomed = items(folder)?;
    doomed.retain(|item| limit.is_none_or(|limit| item.at <= limit));
    let (count, bytes) = (doomed.len(), doomed.iter().map(|item| item.size).sum());
    let what = format!("{count} {} ({})", if count == 1 { "file" } else { "files" }, summary::size(bytes));
    let question = format!("Destroy {what} in the trash of {}?", shown(&folder.to_string_lossy()));
    if count > 0 && !args.yes && !agreed("trash", &question)? {
        return Err(Error::new(ErrorKind::InvalidInput, "trash", "nothing was changed"));
    }
    // Without a limit, what seems to have left in the future goes as well.
    let last = doomed.iter().map(|item| item.at).max().unwrap_or(UNIX_EPOCH);
    let Expired { files, bytes } = Trash::of(folder).destroy(limit.unwrap_or(last)).map_err(|e| failed("trash", &e, folder))?;
    if args.folder.json {
        json::print(&json!({ "destroyed": files, "bytes": bytes }));
    } else if files == 0 {
        line("Nothing in the trash to destroy");
    } else {
        line(format_args!("{} {what}", styled(GOOD, "Destroyed")));
    }
    Ok(())
}

fn items(folder: &Path) -> Result<Vec<Item>> {
    Trash::of(folder).items().map_err(|e| failed("trash", &e, folder))
}

fn failed(operation: &'static str, error: &io::Error, folder: &Path) -> Error {
    Error::new(ErrorKind::Application, operation, format!("the trash cannot be used: {error}")).about(folder.display().to_string())
}
