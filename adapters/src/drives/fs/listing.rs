//! Listings, a page at a time and in bounded memory.
//!
//! The system's own listing stays open behind the cursor. A cursor works once and only in the drive that gave it: a page
//! that was read but not received would otherwise be skipped without a word. One that is used twice, was pushed out by
//! newer ones or comes from before a restart is answered with `condition`: begin the listing again.

use super::{
    fault::Call,
    folder::{Kind, Names},
    names::{is_reserved, is_temporary},
    root::{Lacking, Root},
};
use kitestring::{
    ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// How many names a page holds at most.
const PAGE: usize = 1000;
/// How many listings may be open between two pages; the oldest is closed for a new one.
const OPEN: usize = 32;
/// After what time a temporary file was left behind by a crash. Its writer, should it still live, is told at the rename.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug)]
pub(super) struct Listings {
    /// Tells the cursors of this drive from those of another one or of an earlier run.
    run: u64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    by_number: BTreeMap<u64, (String, Names)>,
}

impl Listings {
    pub(super) fn new() -> Self {
        Self { run: RandomState::new().hash_one(std::process::id()), open: Mutex::default() }
    }

    /// Returns the page at `cursor`.
    pub(super) fn page(&self, root: &Root, dir: &str, cursor: Option<&str>) -> Result<Listing> {
        let call = root.call("list", dir);
        let found = match cursor {
            Some(cursor) => Some(self.resume(&call, cursor)?),
            None => begin(root, &call)?,
        };
        let Some(mut names) = found else { return Ok(Listing::default()) };
        let (entries, more) = page(&mut names).map_err(|e| call.fault(e))?;
        let next = more.then(|| self.keep(dir, names));
        Ok(Listing { entries, next })
    }

    fn resume(&self, call: &Call<'_>, cursor: &str) -> Result<Names> {
        let number = cursor.strip_prefix(&self.prefix()).and_then(|n| n.parse().ok());
        let taken = number.and_then(|n: u64| self.open().by_number.remove(&n));
        match taken {
            Some((dir, names)) if dir == call.path => Ok(names),
            _ => Err(call.error(ErrorKind::Condition, "this cursor is used up or unknown: begin the listing again")),
        }
    }

    fn keep(&self, dir: &str, names: Names) -> String {
        let mut open = self.open();
        open.last += 1;
        let number = open.last;
        open.by_number.insert(number, (dir.to_owned(), names));
        while open.by_number.len() > OPEN {
            open.by_number.pop_first();
        }
        format!("{}{number}", self.prefix())
    }

    fn prefix(&self) -> String {
        format!("{:016x}.", self.run)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin(root: &Root, call: &Call<'_>) -> Result<Option<Names>> {
    let Some(chain) = root.chain(call, call.path, Lacking::Leave)? else { return Ok(None) };
    chain.into_last().list().map(Some).map_err(|e| call.fault(e))
}

/// Reads a page, and whether there may be more.
fn page(names: &mut Names) -> std::io::Result<(Vec<DirEntry>, bool)> {
    let mut entries = Vec::new();
    while let Some(name) = names.next_name()? {
        match names.folder().kind(&name)? {
            Some(Kind::File { modified, .. }) if is_temporary(&name) => sweep(names, &name, modified),
            _ if is_reserved(&name) => {}
            Some(Kind::File { size, .. }) => entries.push(DirEntry { name, is_dir: false, size: Some(size) }),
            Some(Kind::Folder) => entries.push(DirEntry { name, is_dir: true, size: None }),
            Some(Kind::Symlink | Kind::Other) | None => {}
        }
        if entries.len() == PAGE {
            return Ok((entries, true));
        }
    }
    Ok((entries, false))
}

/// Removes a temporary file that a crash left behind.
fn sweep(names: &Names, name: &str, modified: u64) {
    let age = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)).and_then(|then| then.elapsed().ok());
    if age.is_some_and(|age| age > ABANDONED) {
        let _ = names.folder().remove(name);
    }
}
