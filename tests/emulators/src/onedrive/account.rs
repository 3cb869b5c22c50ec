//! The files and folders of one account.

use super::{
    APP_FOLDER,
    hash::quick_xor,
    item::{File, Item},
    names::folded,
    sessions::Session,
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

pub(super) const ROOT: &str = "ROOT!0";

/// An account, found by its token.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) items: BTreeMap<String, Item>,
    pub(super) sessions: BTreeMap<u64, Session>,
    /// Pages of another epoch are too old.
    pub(super) epoch: u64,
    /// How many bytes there is room for, if there is a limit.
    room: Option<usize>,
    pub(super) has_hashes: bool,
    pub(super) moves: u32,
    pub(super) lag: Duration,
    owner: String,
    made: u64,
}

impl Account {
    pub(super) fn new(owner: &str) -> Self {
        let root = Item { id: ROOT.to_owned(), parent: None, name: "root".to_owned(), etag: 1, moves: 0, file: None, found_from: None };
        Self {
            items: BTreeMap::from([(ROOT.to_owned(), root)]),
            sessions: BTreeMap::new(),
            epoch: 0,
            room: owner.starts_with("full").then_some(1000),
            has_hashes: !owner.starts_with("unhashed"),
            moves: 0,
            lag: Duration::ZERO,
            owner: owner.to_owned(),
            made: 0,
        }
    }

    /// Returns a number that was never given before.
    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Returns what is in a folder.
    pub(super) fn children(&self, folder: &str) -> impl Iterator<Item = &Item> {
        self.items.values().filter(move |item| item.parent.as_deref() == Some(folder))
    }

    fn child(&self, folder: &str, name: &str) -> Option<&Item> {
        self.children(folder).find(|item| folded(&item.name) == folded(name))
    }

    /// Returns the id of what is at a path below a folder; also of what is not to be found yet.
    pub(super) fn at(&self, folder: &str, names: &[String]) -> Option<String> {
        names.iter().try_fold(folder.to_owned(), |folder, name| self.child(&folder, name).map(|item| item.id.clone()))
    }

    /// The same, as far as it is found by now.
    pub(super) fn found(&self, folder: &str, names: &[String]) -> Option<String> {
        let id = self.at(folder, names)?;
        self.items[&id].found_from.is_none_or(|from| names.is_empty() || Instant::now() >= from).then_some(id)
    }

    /// Returns the folder of the app, which is made when it is asked for.
    pub(super) fn app_folder(&mut self) -> String {
        self.make_folders(ROOT, &split(APP_FOLDER)).expect("no file has its name")
    }

    /// Makes folders below one, as far as they are not there; none if a file is in the way.
    pub(super) fn make_folders(&mut self, folder: &str, names: &[String]) -> Option<String> {
        names.iter().try_fold(folder.to_owned(), |folder, name| match self.child(&folder, name) {
            Some(item) => item.file.is_none().then(|| item.id.clone()),
            None => Some(self.add(&folder, name, None)),
        })
    }

    pub(super) fn add(&mut self, folder: &str, name: &str, file: Option<File>) -> String {
        let (number, moves) = (self.next(), if file.is_some() { self.moves } else { 0 });
        let id = format!("{:X}!{number}", self.owner.len());
        let found_from = (file.is_some() && !self.lag.is_zero()).then(|| Instant::now() + self.lag);
        let item = Item { id: id.clone(), parent: Some(folder.to_owned()), name: name.to_owned(), etag: 1, moves, file, found_from };
        self.items.insert(id.clone(), item);
        id
    }

    /// Makes the content of a file; none if there is no room for it.
    pub(super) fn content(&mut self, bytes: Vec<u8>, before: Option<&File>) -> Option<File> {
        let used: usize = self.items.values().filter_map(|item| item.file.as_ref()).map(|file| file.bytes.len()).sum();
        let freed = before.map_or(0, |file| file.bytes.len());
        if self.room.is_some_and(|room| used - freed + bytes.len() > room) {
            return None;
        }
        let number = self.next();
        // The address of a content is that of the file, whatever it holds by then.
        let key = before.map_or_else(|| format!("{}/canary-{number}", self.owner), |file| file.key.clone());
        let before = before.map(|file| file.bytes.clone()).unwrap_or_default();
        Some(File { hash: quick_xor(&bytes), bytes: Arc::new(bytes), before, ctag: number, key })
    }

    /// Gives a file another content.
    pub(super) fn replace(&mut self, id: &str, bytes: Vec<u8>) -> bool {
        let before = self.items[id].file.clone();
        let (Some(file), moves) = (self.content(bytes, before.as_ref()), self.moves) else { return false };
        let item = self.items.get_mut(id).expect("it was there just now");
        (item.file, item.etag, item.moves) = (Some(file), item.etag + 1, moves);
        true
    }

    pub(super) fn remove(&mut self, id: &str) {
        let below: Vec<String> = self.children(id).map(|item| item.id.clone()).collect();
        below.iter().for_each(|id| self.remove(id));
        self.items.remove(id);
    }

    pub(super) fn write(&mut self, path: &str, bytes: &[u8]) {
        let names = split(path);
        let Some((name, folders)) = names.split_last() else { return };
        let folder = self.make_folders(ROOT, folders).expect("no file is in the way");
        match self.child(&folder, name).map(|item| item.id.clone()) {
            Some(id) => assert!(self.replace(&id, bytes.to_vec())),
            None => {
                let file = self.content(bytes.to_vec(), None);
                self.add(&folder, name, file);
            }
        }
    }

    pub(super) fn remove_at(&mut self, path: &str) {
        if let Some(id) = self.at(ROOT, &split(path)) {
            self.remove(&id);
        }
    }

    pub(super) fn rename_at(&mut self, path: &str, name: &str) {
        if let Some(item) = self.at(ROOT, &split(path)).and_then(|id| self.items.get_mut(&id)) {
            name.clone_into(&mut item.name);
            item.etag += 1;
        }
    }

    pub(super) fn count(&self, end: &str) -> usize {
        self.items.values().filter(|item| item.file.is_some() && item.name.ends_with(end)).count()
    }
}

fn split(path: &str) -> Vec<String> {
    path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
