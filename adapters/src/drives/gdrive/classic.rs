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
    known::Place,
    model::{ENTERED, File, TABLE, Tagged},
    names::Table,
    refusal::Refusal,
    root::{Root, TABLE_NAME, inside, oldest, quoted},
};
use crate::http::{Call, Repeat};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};
use std::collections::{BTreeMap, BTreeSet};

/// What db-to-cloud writes into a file that it makes only to have one.
const NOTHING: &[u8] = b"{}";

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
    is_listed: bool,
    /// What `meta.json` held when it was last read or written.
    head: Option<Version>,
    /// The other files of a name that has several, each with its tag.
    doubles: BTreeMap<DrivePath, Vec<(String, String)>>,
    /// Files that were made and never entered in the table of names.
    pub(super) pending: BTreeMap<DrivePath, String>,
}

/// The files of one name: those of which one counts, and those that are not entered yet.
#[derive(Debug, Default)]
struct Group {
    counting: BTreeSet<String>,
    pending: BTreeSet<String>,
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

    /// Returns who has set up what is here, if anybody has.
    ///
    /// # Errors
    /// What Google Drive answers.
    pub async fn maker(&self) -> Result<Option<Maker>> {
        let call = call("open", "", Repeat::Freely);
        let Some(folder) = self.find_folder(&call).await? else { return Ok(None) };
        let q = format!("(name = {} or name = 'meta.json') and {}", quoted(TABLE_NAME), inside(&folder));
        let found = self.search(&call, &q).await?;
        let is_empty = found.is_empty();
        let table = oldest(found.into_iter().filter(|file| file.is(TABLE)).collect());
        let maker = if table.is_some() { Some(Maker::Kitestring) } else { (!is_empty).then_some(Maker::DbToCloud) };
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

    /// Whether a file counts that is not entered in the table of names.
    pub(super) fn is_anybodys(file: &File) -> bool {
        !file.is(TABLE) && (!file.is(ENTERED) || file.is_rewritten())
    }

    /// Keeps what a search has found: of several files of a name, the one that counts. `only` is the name that was searched.
    pub(super) async fn sort_out(&self, call: &Call, found: &[File], only: Option<&DrivePath>) -> Result<()> {
        let groups = self.groups(found, only);
        for (path, group) in groups {
            let counting: Vec<&String> = group.counting.iter().collect();
            match (counting.as_slice(), group.pending.is_empty()) {
                ([], true) => {}
                ([], false) => drop(self.known.lock().shared.pending.insert(path, group.pending.into_iter().next().unwrap_or_default())),
                ([id], true) => self.keep_id(&path, id),
                _ => self.choose(call, &path, group).await?,
            }
        }
        if only.is_none() {
            self.known.lock().shared.is_listed = true;
        }
        Ok(())
    }

    fn groups(&self, found: &[File], only: Option<&DrivePath>) -> BTreeMap<DrivePath, Group> {
        let mut inner = self.known.lock();
        let table = inner.table.as_ref().map(|(_, table)| table.clone()).unwrap_or_else(Table::default);
        let is_asked = |path: &DrivePath| only.is_none_or(|only| only == path);
        let mut groups: BTreeMap<DrivePath, Group> = BTreeMap::new();
        for file in found.iter().filter(|file| !file.is(TABLE) && !inner.gone.contains(&file.id)) {
            let Some(path) = DrivePath::new(&file.name).ok().filter(|path| !path.as_str().is_empty()) else { continue };
            let counts = Self::is_anybodys(file) || table.id(&path) == Some(&file.id);
            let group = groups.entry(path).or_default();
            if counts {
                group.counting.insert(file.id.clone())
            } else {
                group.pending.insert(file.id.clone())
            };
        }
        // The search may not know these yet.
        let entered = table.files.iter().filter_map(|(name, id)| Some((DrivePath::new(name.as_str()).ok()?, id.clone())));
        let known = inner.files.iter().map(|(path, place)| (path.clone(), place.id.clone()));
        for (path, id) in entered.chain(known).filter(|(path, id)| is_asked(path) && !inner.gone.contains(id)).collect::<Vec<_>>() {
            groups.entry(path).or_default().counting.insert(id);
        }
        let shared = &mut inner.shared;
        shared.pending.retain(|path, _| !is_asked(path));
        shared.doubles.retain(|path, _| !is_asked(path));
        groups
    }

    fn keep_id(&self, path: &DrivePath, id: &str) {
        if self.known.file(path).is_none_or(|known| known.id != id) {
            self.known.keep(path, Place::new(id));
        }
    }

    /// Looks at the files of a name, and takes the one that was written last; of locks the oldest, since nobody's lock moves.
    async fn choose(&self, call: &Call, path: &DrivePath, group: Group) -> Result<()> {
        let (mut counting, mut pending) = (Vec::new(), Vec::new());
        for id in group.counting.iter().chain(&group.pending) {
            match self.look(call, id).await? {
                Some(tagged) if group.counting.contains(id) => counting.push((id.clone(), tagged)),
                Some(tagged) => pending.push((id.clone(), tagged)),
                None => self.known.lose(path, id),
            }
        }
        let age = |(id, tagged): &(String, Tagged)| (tagged.modified_date.clone(), id.clone());
        let birth = |(id, tagged): &(String, Tagged)| (tagged.created_date.clone(), id.clone());
        counting.sort_by_key(age);
        if self.is_lock(path) {
            counting.sort_by(|a, b| birth(b).cmp(&birth(a)));
        }
        let chosen = counting.pop();
        let mut inner = self.known.lock();
        let Some((id, tagged)) = chosen else {
            let left = pending.into_iter().next();
            inner.shared.pending.extend(left.map(|(id, _)| (path.clone(), id)));
            return Ok(());
        };
        // Who has made a file and not entered it yet finds the entered one, and drops its own. Beside another one it may go on.
        let is_entered = inner.table.as_ref().is_some_and(|(_, table)| table.id(path) == Some(&id));
        counting.extend(pending.into_iter().filter(|_| is_entered));
        let mut place = Place::new(id);
        place.seen(tagged);
        inner.files.insert(path.clone(), place);
        let doubles = counting.into_iter().map(|(id, tagged)| (id, tagged.etag)).collect();
        inner.shared.doubles.insert(path.clone(), doubles);
        Ok(())
    }

    /// Deletes the other files of a name that was written, or is to be deleted. One that was written since may be the last
    /// now, and stays until it is looked at again: then the answer is false.
    pub(super) async fn drop_doubles(&self, call: &Call, path: &DrivePath) -> Result<bool> {
        let doubles = self.known.lock().shared.doubles.remove(path).unwrap_or_default();
        let call = Call { repeat: Repeat::OnlyIfRefused, ..call.clone() };
        let mut is_clean = true;
        for (id, etag) in doubles {
            if self.delete_id(&call, &id, Some(&etag)).await? == Err(Refusal::Moved) {
                self.expire_names();
                is_clean = false;
            } else {
                self.known.lock().gone.insert(id);
            }
        }
        Ok(is_clean)
    }
}
