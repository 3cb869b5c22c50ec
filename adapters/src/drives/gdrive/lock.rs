//! The lock of db-to-cloud, presented as a file that is there while somebody has it.
//!
//! It is the list of revisions of `lock.json`. The first is passed by, so that the file may stay. Who wants the lock adds a
//! revision, and has it if no other one stands before; otherwise it takes its own away. Whoever has the lock lets it go by
//! deleting its revision. The order of the list decides between any number of clients, theirs and ours.
//!
//! - **To create** it is to add a revision, and to find it at the first place.
//! - **To replace** it (to renew one's own, or to take over a dead one) is to add a revision and to delete the one before, but
//!   only if nobody stands between the two: whoever does came first. A client that tries in vain leaves by itself, so that who
//!   renews waits for that. A dead lock is deleted all the same, and the next in line is found there.
//! - **To delete** it is to delete the revision.
//!
//! The version of the lock is the id of its revision. A revision of ours is recognised by its content, which no other has: an
//! answer that says which revision is the newest may speak of somebody else's.

use super::{GDrive, call, revisions::Deleted};
use crate::http::{Call, Repeat, range};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, GetOptions, Got, PutFile, Version},
};
use std::{collections::BTreeSet, time::Duration};

/// So often somebody else may be in between.
const ROUNDS: u32 = 8;
/// So often it is looked whether those who stand behind one's own lock have gone, and after which time.
const LOOKS: u32 = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What this client knows of the lock.
#[derive(Debug, Default)]
pub(super) struct Lock {
    /// The revision by which it has the lock.
    pub(super) held: Option<String>,
    /// The contents of all revisions that it has added.
    pub(super) own: BTreeSet<Version>,
    /// The content of a revision that was read: it never changes.
    read: Option<(String, Vec<u8>)>,
}

impl GDrive {
    /// Reads the lock, if somebody has it. One whose content Google keeps to itself is empty.
    pub(super) async fn read_lock(&self, path: &DrivePath, options: GetOptions) -> Result<Got> {
        let call = call("get", path.as_str(), Repeat::Freely);
        let mut unreadable = None;
        for _ in 0..ROUNDS {
            let Some(place) = self.place(&call, path).await? else { return Ok(Got::Missing) };
            let Some(line) = self.line(&call, path, &place.id).await? else { continue };
            let Some(first) = line.first() else { return Ok(Got::Missing) };
            let version = Version::new(first);
            if options.unless.as_ref() == Some(&version) {
                return Ok(Got::Unchanged);
            }
            let known = self.known.lock().lock.read.clone().filter(|(id, _)| id == first).map(|(_, bytes)| bytes);
            let bytes = match known {
                Some(bytes) => Some(bytes),
                None => self.media(&call, &place.id, Some(first), None).await?.map(|media| media.bytes),
            };
            if let Some(bytes) = &bytes {
                self.known.lock().lock.read = Some((first.to_owned(), bytes.clone()));
            } else if unreadable.as_deref() != Some(first) {
                // It may have gone meanwhile.
                unreadable = Some(first.to_owned());
                continue;
            }
            let part = options.range.clone().map(range::bounded);
            return Ok(Got::File { bytes: range::cut(bytes.unwrap_or_default(), 0, part.as_ref()), version });
        }
        Err(self.busy(&call))
    }

    /// Returns the name of the lock's file if it is in this folder, and nobody has the lock.
    pub(super) async fn free_lock(&self, dir: &DrivePath) -> Result<Option<String>> {
        let call = call("list", dir.as_str(), Repeat::Freely);
        let Ok(path) = dir.join("lock.json") else { return Ok(None) };
        let Some(place) = self.known.file(&path).filter(|_| self.is_lock(&path)) else { return Ok(None) };
        let is_held = self.line(&call, &path, &place.id).await?.is_some_and(|line| !line.waiting.is_empty());
        Ok(Some("lock.json".to_owned()).filter(|_| !is_held))
    }

    pub(super) async fn write_lock(&self, file: PutFile) -> Result<Version> {
        let PutFile { path, bytes, condition } = file;
        match condition {
            Condition::Absent => self.take(&path, bytes).await,
            Condition::Matches(version) => self.follow(&path, bytes, &version).await,
            Condition::Any => {
                for _ in 0..ROUNDS {
                    self.delete_lock(&path, &Condition::Any).await?;
                    match self.take(&path, bytes.clone()).await {
                        Err(error) if error.kind == ErrorKind::Condition => {}
                        result => return result,
                    }
                }
                Err(self.busy(&call("put", path.as_str(), Repeat::Freely)))
            }
        }
    }

    pub(super) async fn delete_lock(&self, path: &DrivePath, condition: &Condition) -> Result<()> {
        let call = call("delete", path.as_str(), Repeat::Freely);
        let Some(place) = self.place(&call, path).await? else {
            return if matches!(condition, Condition::Matches(_)) { Err(self.other_lock(&call)) } else { Ok(()) };
        };
        if let Condition::Matches(version) = condition {
            let deleted = self.delete_revision(&call, &place.id, version.as_str()).await?;
            self.known.lock().lock.held.take_if(|held| held == version.as_str());
            // The last one of all is passed by from now on, and no lock.
            return if deleted == Deleted::Before { Err(self.other_lock(&call)) } else { Ok(()) };
        }
        let Some(line) = self.line(&call, path, &place.id).await? else { return Ok(()) };
        if *condition == Condition::Absent {
            return if line.waiting.is_empty() { Ok(()) } else { Err(self.other_lock(&call)) };
        }
        for revision in &line.waiting {
            self.delete_revision(&call, &place.id, &revision.id).await?;
        }
        Ok(())
    }

    /// Takes the lock if nobody has it.
    async fn take(&self, path: &DrivePath, bytes: Vec<u8>) -> Result<Version> {
        let call = call("put", path.as_str(), Repeat::Freely);
        for _ in 0..ROUNDS {
            let Some(id) = self.lock_file(&call, path).await? else { continue };
            let Some(line) = self.line(&call, path, &id).await? else { continue };
            let line = self.without_strays(&call, path, &id, line, None).await?;
            if !line.waiting.is_empty() {
                return Err(self.other_lock(&call));
            }
            if let Some(base) = line.base.as_ref().filter(|base| !base.keep_forever) {
                // Google would delete it after a month, and the next lock would be the one that is passed by.
                self.keep_revision(&call, &id, &base.id).await.ok();
            }
            let content = self.stand_in_line(&call, path, &id, &bytes).await?;
            let Some(line) = self.line_with(&call, path, &id, &content).await? else { continue };
            match line.find(&content) {
                Some((0, own)) => {
                    if self.begin_turn(&call, path, &id, &own).await? {
                        return Ok(Version::new(own));
                    }
                }
                Some(place) => {
                    self.leave(&call, &id, Some(place)).await?;
                    return Err(self.other_lock(&call));
                }
                None => return Err(self.busy(&call)),
            }
        }
        Err(self.busy(&call))
    }

    /// Puts another revision in the place of the one that has the lock.
    async fn follow(&self, path: &DrivePath, bytes: Vec<u8>, version: &Version) -> Result<Version> {
        let call = call("put", path.as_str(), Repeat::Freely);
        let before = version.as_str();
        let Some(place) = self.place(&call, path).await? else { return Err(self.other_lock(&call)) };
        let first = self.line(&call, path, &place.id).await?;
        if first.is_none_or(|line| line.first() != Some(before)) {
            return Err(self.other_lock(&call));
        }
        let is_renewal = self.known.lock().lock.held.as_deref() == Some(before);
        let content = self.stand_in_line(&call, path, &place.id, &bytes).await?;
        // Who renews must have stood directly behind, since somebody may have had the lock otherwise.
        let mut was_next = !is_renewal;
        for _ in 0..LOOKS {
            let line = self.line_with(&call, path, &place.id, &content).await?;
            let Some(line) = line else { return Err(self.other_lock(&call)) };
            let own = line.find(&content);
            match (&own, line.first() == Some(before)) {
                (Some((1, own)), true) => {
                    was_next = true;
                    if self.step_up(&call, path, &place.id, before, own).await? {
                        return self.followed(&call, path, &place.id, own, is_renewal).await;
                    }
                }
                // Somebody else has deleted the one before: its owner, or who found it dead.
                (Some((0, own)), _) if was_next => return self.followed(&call, path, &place.id, own, is_renewal).await,
                (Some(_), true) if is_renewal => {
                    self.without_strays(&call, path, &place.id, line, Some(&content)).await?;
                    self.runtime.sleep(LOOK_AGAIN).await;
                }
                (own, is_there) => {
                    if is_there && own.is_some() {
                        self.delete_revision(&call, &place.id, before).await?;
                    }
                    self.leave(&call, &place.id, own.clone()).await?;
                    return Err(self.other_lock(&call));
                }
            }
        }
        self.leave(&call, &place.id, self.line(&call, path, &place.id).await?.and_then(|line| line.find(&content))).await?;
        Err(self.busy(&call))
    }

    async fn followed(&self, call: &Call, path: &DrivePath, id: &str, own: &str, is_renewal: bool) -> Result<Version> {
        self.known.lock().lock.held = Some(own.to_owned());
        if is_renewal || self.begin_turn(call, path, id, own).await? { Ok(Version::new(own)) } else { Err(self.other_lock(call)) }
    }

    /// The lock is ours: looks what others have written until now. False if it was not the only lock, and the other one counts.
    async fn begin_turn(&self, call: &Call, path: &DrivePath, id: &str, own: &str) -> Result<bool> {
        self.known.lock().lock.held = Some(own.to_owned());
        self.expire_names();
        let looked = async {
            self.list_names(call).await?;
            self.drop_doubles(call, path).await
        };
        if let Err(error) = looked.await {
            self.known.lock().lock.held = None;
            self.delete_revision(call, id, own).await.ok();
            return Err(error);
        }
        let counts = self.known.file(path).is_some_and(|place| place.id == id);
        if !counts {
            self.known.lock().lock.held = None;
        }
        Ok(counts)
    }

    /// Returns the file whose revisions are the lock, and makes it if there is none.
    async fn lock_file(&self, call: &Call, path: &DrivePath) -> Result<Option<String>> {
        if let Some(place) = self.place(call, path).await? {
            return Ok(Some(place.id));
        }
        self.make_empty(path).await?;
        self.runtime.sleep(self.settles).await;
        self.find_names(call, Some(path)).await?;
        self.drop_doubles(call, path).await?;
        Ok(self.known.file(path).map(|place| place.id))
    }

    fn other_lock(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Condition, "has another lock, or none")
    }

    fn busy(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Unavailable, "has a lock that others try to take all the time; it goes on later")
    }
}
