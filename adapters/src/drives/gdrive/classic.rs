//! A drive that clients of db-to-cloud write too: the classic layout.
//!
//! They know no table of names. A file that they have made is found by a search, and what they look for is found by its name
//! as well. Each of them searches once, when it begins, and never again for a name that it knows; so two of them, or one of
//! them and we, may make two files of one name. All of those are taken for one file: the one that was written last counts, and
//! whoever of us writes the name next deletes the others. A client of db-to-cloud that knows one of these gets an error, and
//! finds the right one when it is started anew.
//!
//! The folder is listed whenever `meta.json` has changed, and whenever the lock was taken. In between, ids are believed.

use super::{
    GDrive, call,
    create::Job,
    model::TABLE,
    root::{Place, Root, TABLE_NAME, inside, oldest, quoted},
};
use crate::http::{Call, Repeat};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};
use std::collections::BTreeMap;

/// What db-to-cloud writes into a file that it makes only to have one.
pub(super) const NOTHING: &[u8] = b"{}";

/// Who has set up what is in a place of Google Drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// This library, maybe beside db-to-cloud: there is a drive.
    Kitestring,
    /// Only db-to-cloud: there is no drive yet, but a vault of the classic layout.
    DbToCloud,
}

/// Where the files are that the drive must know by name.
#[derive(Debug, Clone)]
pub(super) struct Classic {
    lock: DrivePath,
    head: DrivePath,
    log: DrivePath,
}

/// What is known of such a drive beyond its ids.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The folder was listed since `meta.json` has changed, and since the lock was taken.
    pub(super) is_listed: bool,
    /// What `meta.json` held when it was last read or written.
    head: Option<Version>,
    /// The other files of a name that has several, each with its tag.
    pub(super) doubles: BTreeMap<DrivePath, Vec<(String, String)>>,
    /// Files that were made and never entered in the table of names.
    pub(super) pending: BTreeMap<DrivePath, String>,
}

impl GDrive {
    /// Says that the drive holds a vault of the classic layout in this folder, which clients of db-to-cloud may use too:
    /// they do if it is the root of the app's hidden folder. Their lock is then ours, and files of one name are one file.
    ///
    /// # Errors
    /// None but those of [`DrivePath::join`].
    pub fn with_classic_layout_in(mut self, folder: &DrivePath) -> Result<Self> {
        self.classic = Some(Classic { lock: folder.join("lock.json")?, head: folder.join("meta.json")?, log: folder.join("changes")? });
        Ok(self)
    }

    /// Returns who has set up what is here, if anybody has. db-to-cloud knows the app's hidden folder only.
    ///
    /// # Errors
    /// What Google Drive answers.
    pub async fn maker(&self) -> Result<Option<Maker>> {
        let call = call("open", "", Repeat::Freely);
        let Some(folder) = self.find_folder(&call).await? else { return Ok(None) };
        let q = format!("(name = {} or name = 'meta.json') and {}", quoted(TABLE_NAME), inside(&folder));
        let found = self.search(&call, &q).await?;
        let is_theirs = self.place == Place::AppData && !found.is_empty();
        let table = oldest(found.into_iter().filter(|file| file.is(TABLE)).collect());
        let maker = if table.is_some() { Some(Maker::Kitestring) } else { is_theirs.then_some(Maker::DbToCloud) };
        self.known.lock().root = table.map(|table| Root { folder, table });
        Ok(maker)
    }

    pub(super) fn is_lock(&self, path: &DrivePath) -> bool {
        self.classic.as_ref().is_some_and(|classic| classic.lock == *path)
    }

    fn is_head(&self, path: &DrivePath) -> bool {
        self.classic.as_ref().is_some_and(|classic| classic.head == *path)
    }

    /// Whether it is a file of the log, which is read only if it must be there.
    pub(super) fn is_log(&self, path: &DrivePath) -> bool {
        let log = self.classic.as_ref().map(|classic| classic.log.as_str());
        log.is_some_and(|log| path.as_str().strip_prefix(log).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Makes the files that a client of db-to-cloud would make, so that it finds them.
    pub(super) async fn set_up(&self, call: &Call) -> Result<()> {
        let Some(Classic { lock, head, .. }) = &self.classic else { return Ok(()) };
        self.list_names(call).await?;
        let paths: Vec<&DrivePath> = [lock, head].into_iter().filter(|path| self.known.file(path).is_none()).collect();
        for path in &paths {
            self.make_empty(path).await?;
        }
        if !paths.is_empty() {
            self.runtime.sleep(self.settles).await;
            self.list_names(call).await?;
        }
        for path in [lock, head] {
            self.drop_doubles(call, path).await?;
        }
        Ok(())
    }

    /// Makes a file that holds nothing yet, unless somebody else has.
    pub(super) async fn make_empty(&self, path: &DrivePath) -> Result<()> {
        let file = PutFile { path: path.clone(), bytes: NOTHING.to_vec(), condition: Condition::Absent };
        match self.enter(vec![Job::new(0, file)]).await.pop() {
            Some((_, Err(error))) if error.kind != ErrorKind::Condition => Err(error),
            _ => Ok(()),
        }
    }

    /// Lists the folder if that is due before an id of this path is believed. Answers whether it has.
    pub(super) async fn freshen(&self, call: &Call, path: &DrivePath) -> Result<bool> {
        let is_due = self.classic.is_some() && !self.is_head(path) && !self.is_lock(path) && !self.known.lock().shared.is_listed;
        if is_due {
            self.list_names(call).await?;
        }
        Ok(is_due)
    }

    /// The lock was taken: others may have written everything until then.
    pub(super) fn expire_names(&self) {
        self.known.lock().shared.is_listed = false;
    }

    /// Looks whether a file that was read or written is `meta.json`, and another one than before.
    pub(super) fn see_head(&self, path: &DrivePath, version: &Version, is_own: bool) {
        if !self.is_head(path) {
            return;
        }
        let shared = &mut self.known.lock().shared;
        if shared.head.as_ref() != Some(version) {
            shared.is_listed &= is_own;
            shared.head = Some(version.clone());
        }
    }

    /// Finds all files of the drive.
    pub(super) async fn list_names(&self, call: &Call) -> Result<()> {
        self.table(call).await?;
        self.find_names(call, None).await
    }
}
