//! Writing.
//!
//! A batch goes through three stages, and the types keep their order: every file is written under a temporary name
//! ([`Staged`]); all of them are made durable in one pass ([`Durable`]); only then are they renamed, under the drive's
//! lock, and the folders made durable before the lock is released. So no reader, no listing and no crash ever shows
//! half a file, and nobody builds on a version that a power cut could take back.

use super::{
    alive::Alive,
    fault::Call,
    folder::Folder,
    lock::Held,
    names,
    read::version,
    root::{Chain, Lacking, Root, VANISHED, split},
    target::{ended, matches, target},
};
use kitestring::{
    Digest, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};
use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

/// From how many files on the whole disk is synced at once. That costs what other programs left to write, too, so a few
/// files are better synced one by one.
const MANY: usize = 16;

/// From how many files on several threads write them.
const PARALLEL: usize = 128;

/// What happened to the disk, in its order; for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Written,
    FilesSynced,
    Renamed,
    FoldersSynced,
}

/// A file under its temporary name.
struct Staged {
    at: usize,
    path: String,
    temporary: String,
    condition: Condition,
    version: Version,
}

/// Files by the folder they belong into, in the order of the batch within each.
type ByFolder<T> = BTreeMap<String, Vec<T>>;

/// Files whose bytes are on the disk: the only ones that may be renamed.
struct Durable(ByFolder<Staged>);

/// One batch under way.
pub(super) struct Batch<'a> {
    root: &'a Root,
    alive: &'a Alive,
    answers: BTreeMap<usize, Result<Version>>,
    /// The root, if everything is synced at once. Opened before the first write, because it tells the failures since.
    disk: Option<Folder>,
    trace: &'a mut dyn FnMut(Step),
}

/// Writes files and answers for each.
pub(super) fn put_many(root: &Root, files: Vec<PutFile>, alive: &Alive, trace: &mut dyn FnMut(Step)) -> Vec<Result<Version>> {
    let count = files.len();
    let disk = if count < MANY { None } else { root.open(&root.call("put", "")).ok().filter(Folder::can_sync_disk) };
    let mut batch = Batch { root, alive, answers: BTreeMap::new(), disk, trace };
    let staged = batch.stage(files);
    let durable = batch.sync(staged);
    batch.publish(durable);
    let mut answers = batch.answers;
    (0..count).map(|at| answers.remove(&at).unwrap_or_else(|| Err(ended("put")))).collect()
}

impl Batch<'_> {
    fn stage(&mut self, files: Vec<PutFile>) -> ByFolder<Staged> {
        let mut wanted = ByFolder::<(usize, PutFile)>::new();
        for (at, file) in files.into_iter().enumerate() {
            wanted.entry(split(file.path.as_str()).0.to_owned()).or_default().push((at, file));
        }
        let mut staged = ByFolder::new();
        for (dir, files) in wanted {
            let done = self.stage_folder(&dir, files);
            staged.insert(dir, done);
        }
        staged
    }

    fn stage_folder(&mut self, dir: &str, files: Vec<(usize, PutFile)>) -> Vec<Staged> {
        let root = self.root;
        let mut chain = None;
        if let Some((_, first)) = files.first()
            && let Err(e) = self.opened(&mut chain, &root.call("put", first.path.as_str()), dir, Lacking::Make)
        {
            return self.refuse(files, e);
        }
        let Some(chain) = chain else { return Vec::new() };
        let stager = Stager { root, folder: chain.last(), alive: self.alive, sync_each: self.disk.is_none() };
        let mut staged = Vec::with_capacity(files.len());
        for (at, done) in stager.all(files) {
            match done {
                Ok(file) => staged.push(file),
                Err(e) => drop(self.answers.insert(at, Err(e))),
            }
        }
        (!staged.is_empty()).then(|| (self.trace)(Step::Written));
        staged
    }

    /// Answers for files whose folder cannot be opened. The first learns why; each other is asked for by itself.
    fn refuse(&mut self, files: Vec<(usize, PutFile)>, first: kitestring::Error) -> Vec<Staged> {
        let root = self.root;
        let mut why = Some(first);
        for (at, file) in files {
            let call = root.call("put", file.path.as_str());
            let again = || {
                root.chain(&call, split(call.path).0, Lacking::Make).err().unwrap_or_else(|| call.error(ErrorKind::Unavailable, VANISHED))
            };
            self.answers.insert(at, Err(why.take().unwrap_or_else(again)));
        }
        Vec::new()
    }

    /// Opens the folder for the first file that needs it, and keeps it open for the others.
    fn opened<'c>(&self, chain: &'c mut Option<Chain>, call: &Call<'_>, dir: &str, lacking: Lacking) -> Result<&'c Chain> {
        match chain {
            Some(chain) => Ok(chain),
            None => {
                let opened = self.root.chain(call, dir, lacking)?;
                Ok(chain.insert(opened.ok_or_else(|| call.error(ErrorKind::Unavailable, VANISHED))?))
            }
        }
    }

    /// Makes the bytes of all files durable.
    fn sync(&mut self, staged: ByFolder<Staged>) -> Durable {
        // Without a sync of the whole disk each file was synced when it was written.
        match self.disk.as_ref().map_or(Ok(()), Folder::sync_disk) {
            Ok(()) => {
                (self.trace)(Step::FilesSynced);
                Durable(staged)
            }
            Err(e) => {
                self.abandon(staged, Some(&e));
                Durable(ByFolder::new())
            }
        }
    }

    /// Gives the files their names.
    fn publish(&mut self, Durable(staged): Durable) {
        let Some(first) = staged.values().flatten().next() else { return };
        let root = match self.root.open(&self.root.call("put", &first.path)) {
            Ok(root) => root,
            // The temporary files are as unreachable as the root; each file learns why.
            Err(_) => return self.abandon(staged, None),
        };
        let _held: Held = match self.root.lock(&root) {
            Ok(held) => held,
            Err(e) => return self.abandon(staged, Some(&e)),
        };
        // Nobody waits for the answer any more: what is not visible yet must not become so, late and unexpected.
        if self.alive.ended() {
            return self.abandon(staged, None);
        }
        let mut dirs = Vec::new();
        let mut written = Vec::new();
        for (dir, files) in staged {
            written.extend(self.publish_folder(&dir, files));
            dirs.push(dir);
        }
        if let Some(disk) = &self.disk {
            match disk.sync_disk() {
                Ok(()) => dirs.iter().for_each(|dir| self.root.remember(dir)),
                Err(e) => self.withdraw(&written, &e),
            }
        }
        (self.trace)(Step::FoldersSynced);
    }

    /// Renames the files of one folder; returns those that have their name now.
    fn publish_folder(&mut self, dir: &str, files: Vec<Staged>) -> Vec<(usize, String)> {
        let root = self.root;
        let mut chain = None;
        let mut written = Vec::new();
        for file in files {
            let call = root.call("put", &file.path);
            let done = self.opened(&mut chain, &call, dir, Lacking::Leave).and_then(|c| rename(&call, c.last(), &file));
            if done.is_ok() {
                (self.trace)(Step::Renamed);
                written.push((file.at, file.path.clone()));
            }
            self.answers.insert(file.at, done.map(|()| file.version));
        }
        if let (None, Some(chain)) = (&self.disk, &chain)
            && !written.is_empty()
            && let Err(e) = root.sync(chain, dir)
        {
            self.withdraw(&written, &e);
            written.clear();
        }
        written
    }

    /// Takes back the answers for files that have their name, but perhaps not for good.
    fn withdraw(&mut self, written: &[(usize, String)], error: &io::Error) {
        for (at, path) in written {
            self.answers.insert(*at, Err(self.root.call("put", path).fault(again(error))));
        }
    }

    /// Removes temporary files that will not be renamed, and answers for them.
    fn abandon(&mut self, staged: ByFolder<Staged>, error: Option<&io::Error>) {
        for (dir, files) in staged {
            let mut chain = None;
            for file in files {
                let call = self.root.call("put", &file.path);
                let opened = self.opened(&mut chain, &call, &dir, Lacking::Leave);
                let _ = opened.as_ref().map(|c| c.last().remove(&file.temporary));
                let answer = match (error, opened) {
                    (Some(e), _) => call.fault(again(e)),
                    (None, Err(e)) => e,
                    (None, Ok(_)) => ended("put"),
                };
                self.answers.insert(file.at, Err(answer));
            }
        }
    }
}

/// Writes the files of one folder under temporary names.
#[derive(Clone, Copy)]
struct Stager<'a> {
    root: &'a Root,
    folder: &'a Folder,
    alive: &'a Alive,
    /// Whether each file is synced by itself.
    sync_each: bool,
}

impl Stager<'_> {
    /// Writes them, many of them in several threads: creating a file is work for the processor, not for the disk.
    fn all(self, files: Vec<(usize, PutFile)>) -> Vec<(usize, Result<Staged>)> {
        let threads = if files.len() < PARALLEL { 1 } else { std::thread::available_parallelism().map_or(1, |n| n.get().min(4)) };
        if threads == 1 {
            return self.some(files);
        }
        let mut rest = files;
        let share = rest.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let mut helpers = Vec::new();
            while rest.len() > share {
                let files = rest.split_off(rest.len() - share);
                helpers.push(scope.spawn(move || self.some(files)));
            }
            let mut done = self.some(rest);
            // A helper that panicked leaves its files unanswered, and those are answered as ended.
            done.extend(helpers.into_iter().filter_map(|helper| helper.join().ok()).flatten());
            done
        })
    }

    fn some(self, files: Vec<(usize, PutFile)>) -> Vec<(usize, Result<Staged>)> {
        let waiting = files.into_iter().take_while(|_| !self.alive.ended());
        waiting.map(|(at, file)| (at, self.one(at, file))).collect()
    }

    fn one(self, at: usize, file: PutFile) -> Result<Staged> {
        let path = file.path.as_str().to_owned();
        let call = self.root.call("put", &path);
        let name = split(call.path).1;
        self.root.check_name(&call, name)?;
        // Looked at again under the lock; here it only saves the writing. A new file is not looked for: the system
        // itself refuses to rename over another one. The root is nothing that a file could be made of.
        if file.condition != Condition::Absent || name.is_empty() {
            let there = target(&call, self.folder, name)?;
            if !there && matches!(file.condition, Condition::Matches(_)) {
                return Err(call.refused());
            }
        }
        let temporary = write(self.folder, &file.bytes, self.sync_each).map_err(|e| call.fault(e))?;
        let version = version(&Digest::of(&file.bytes));
        Ok(Staged { at, path, temporary, condition: file.condition, version })
    }
}

/// Writes a file under a temporary name and returns that.
fn write(folder: &Folder, bytes: &[u8], sync: bool) -> io::Result<String> {
    let (name, mut file) = loop {
        let name = names::temporary();
        match folder.create(&name) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            created => break (name, created?),
        }
    };
    let written = file.write_all(bytes).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
    match written {
        Ok(()) => Ok(name),
        Err(e) => {
            let _ = folder.remove(&name);
            Err(e)
        }
    }
}

/// Gives a durable file its name if its condition holds; removes it otherwise. Under the drive's lock.
fn rename(call: &Call<'_>, folder: &Folder, file: &Staged) -> Result<()> {
    let renamed = try_rename(call, folder, file);
    if renamed.is_err() {
        let _ = folder.remove(&file.temporary);
    }
    renamed
}

fn try_rename(call: &Call<'_>, folder: &Folder, file: &Staged) -> Result<()> {
    let name = split(call.path).1;
    let renamed = match &file.condition {
        Condition::Absent => folder.rename_new(&file.temporary, name),
        Condition::Any => {
            target(call, folder, name)?;
            folder.rename(&file.temporary, name)
        }
        Condition::Matches(wanted) => {
            target(call, folder, name)?;
            matches(call, folder, name, wanted)?;
            folder.rename(&file.temporary, name)
        }
    };
    if renamed.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::AlreadyExists) {
        // What is there may be something that no file can replace, and that is another answer.
        target(call, folder, name)?;
    }
    renamed.map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => call.refused(),
        io::ErrorKind::NotFound => call.error(ErrorKind::Unavailable, VANISHED).caused_by(e),
        _ => call.fault(e),
    })
}

/// The same error once more: a batch tells each of its files.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
