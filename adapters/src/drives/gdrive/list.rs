//! Listing a folder: the drive's files whose names begin with its path.
//!
//! A search may not know the newest files yet. Those that are entered in the table, and our own, are asked for by their ids.

use super::{
    GDrive, PARALLEL, call,
    model::{ENTERED, File, TABLE},
    names::Table,
    root::inside,
};
use crate::http::{Call, Repeat};
use futures::stream::{self, StreamExt as _};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use std::collections::{BTreeMap, BTreeSet};

impl GDrive {
    /// Lists a folder, which is always one page.
    pub(super) async fn list(&self, dir: &DrivePath, cursor: Option<String>) -> Result<Listing> {
        let call = call("list", dir.as_str(), Repeat::Freely);
        if cursor.is_some() {
            return Err(self.error(&call, ErrorKind::Condition, "has given no such cursor"));
        }
        let (_, table) = self.table(&call).await?;
        let root = self.root(&call).await?;
        let found = self.search(&call, &inside(&root.folder)).await?;
        let mut entries = Entries::new(dir);
        for file in found.iter().filter(|file| self.counts(&table, file)) {
            entries.add(&file.name, file.size());
        }
        for path in self.unlisted(&call, dir, &table, &found).await? {
            entries.add(path.as_str(), None);
        }
        self.keep_found(&call, found, None).await?;
        if let Some(name) = self.free_lock(dir).await? {
            entries.found.remove(&(name, false));
        }
        Ok(Listing { entries: entries.found.into_values().collect(), next: None })
    }

    /// Whether a file is one of the drive's.
    fn counts(&self, table: &Table, file: &File) -> bool {
        let is_entered = || table.files.get(&file.name) == Some(&file.id);
        let is_anybodys = || self.classic.is_some() && Self::is_anybodys(file);
        !file.is(TABLE) && (!file.is(ENTERED) || is_entered() || is_anybodys()) && !self.known.lock().gone.contains(&file.id)
    }

    /// Returns files in the folder that the search has not found, and that are there.
    async fn unlisted(&self, call: &Call, dir: &DrivePath, table: &Table, found: &[File]) -> Result<Vec<DrivePath>> {
        let listed: BTreeSet<&str> = found.iter().map(|file| file.id.as_str()).collect();
        let mut lacking = BTreeMap::new();
        {
            let inner = self.known.lock();
            let entered = table.files.iter().filter_map(|(name, id)| Some((DrivePath::new(name.as_str()).ok()?, id.clone())));
            let own = inner.files.iter().map(|(path, place)| (path.clone(), place.id.clone()));
            let is_lacking = |(path, id): &(DrivePath, String)| {
                !listed.contains(id.as_str()) && !inner.gone.contains(id) && below(dir, path.as_str()).is_some()
            };
            lacking.extend(entered.chain(own).filter(is_lacking).map(|(path, id)| (id, path)));
        }
        let looking = lacking.into_iter().map(|(id, path)| async move {
            let there = self.look(call, &id).await.map(|there| there.is_some());
            (id, path, there)
        });
        let looked: Vec<_> = stream::iter(looking).buffer_unordered(PARALLEL as usize).collect().await;
        let mut there = Vec::new();
        for (id, path, is_there) in looked {
            if is_there? {
                there.push(path);
            } else {
                self.known.lose(&path, &id);
            }
        }
        Ok(there)
    }
}

/// What is directly inside of a folder, by name and kind.
struct Entries<'a> {
    dir: &'a DrivePath,
    found: BTreeMap<(String, bool), DirEntry>,
}

impl<'a> Entries<'a> {
    fn new(dir: &'a DrivePath) -> Self {
        Self { dir, found: BTreeMap::new() }
    }

    fn add(&mut self, path: &str, size: Option<u64>) {
        let Some(rest) = below(self.dir, path) else { return };
        let (name, is_dir) = rest.split_once('/').map_or((rest, false), |(folder, _)| (folder, true));
        let entry = DirEntry { name: name.to_owned(), is_dir, size: size.filter(|_| !is_dir) };
        self.found.entry((name.to_owned(), is_dir)).or_insert(entry);
    }
}

/// Returns what follows the folder in a path that is in it.
fn below<'a>(dir: &DrivePath, path: &'a str) -> Option<&'a str> {
    if dir.as_str().is_empty() {
        return Some(path);
    }
    path.strip_prefix(dir.as_str())?.strip_prefix('/')
}
