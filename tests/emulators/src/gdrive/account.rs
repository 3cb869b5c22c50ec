//! What an account holds.

use super::reply;
use crate::server::Reply;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

pub(super) const FOLDER: &str = "application/vnd.google-apps.folder";

/// A file or folder.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) parents: Vec<String>,
    pub(super) app_properties: BTreeMap<String, String>,
    pub(super) trashed: bool,
    created: String,
    modified: String,
    /// Counts every change, also those that nobody asked for.
    version: u64,
    /// So often the tag moves by itself yet.
    moves: u32,
    /// The contents, the newest last. A folder has none.
    pub(super) revisions: Vec<Revision>,
}

/// A content that a file has, or had.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) id: String,
    pub(super) bytes: Arc<Vec<u8>>,
    /// Whether it is to be kept forever: any other than the newest can no longer be read otherwise.
    pub(super) kept: bool,
}

#[derive(Debug)]
pub(super) struct Account {
    /// Makes its ids differ from those of others.
    mark: String,
    pub(super) files: BTreeMap<String, File>,
    /// What searches know of each file, and since when.
    seen: BTreeMap<String, Vec<(Instant, Option<File>)>>,
    /// Ids that were made, and those that were used.
    made: BTreeSet<String>,
    used: BTreeSet<String>,
    /// Which file changed at which place.
    pub(super) log: Vec<String>,
    pub(super) sessions: BTreeMap<String, super::upload::Session>,
    room: Option<usize>,
    count: u64,
    /// So long a search does not know what happens from now on.
    pub(super) lag: Duration,
}

impl Account {
    pub(super) fn new(token: &str) -> Self {
        let mark = Md5::digest(token.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let room = token.starts_with("full").then_some(10_000);
        Self {
            mark,
            files: BTreeMap::new(),
            seen: BTreeMap::new(),
            made: BTreeSet::new(),
            used: BTreeSet::new(),
            log: Vec::new(),
            sessions: BTreeMap::new(),
            room,
            count: 0,
            lag: Duration::ZERO,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn make_id(&mut self) -> String {
        let n = self.next();
        let id = format!("1{}{n:016x}", self.mark);
        self.made.insert(id.clone());
        id
    }

    pub(super) fn top(&self) -> String {
        format!("0{}root", self.mark)
    }

    pub(super) fn app_data(&self) -> String {
        format!("1{}appdata", self.mark)
    }

    /// Returns the id that a name stands for.
    pub(super) fn resolve(&self, id: &str) -> String {
        match id {
            "root" => self.top(),
            "appDataFolder" | "appfolder" | "appdata" => self.app_data(),
            other => other.to_owned(),
        }
    }

    pub(super) fn is_folder(&self, id: &str) -> bool {
        id == self.top() || id == self.app_data() || self.files.get(id).is_some_and(|file| file.mime == FOLDER)
    }

    /// Whether a file is in the hidden folder of the app.
    pub(super) fn is_hidden(&self, file: &File) -> bool {
        file.parents.iter().any(|above| *above == self.app_data() || self.files.get(above).is_some_and(|above| self.is_hidden(above)))
    }

    /// Takes an id for a new file.
    pub(super) fn take_id(&mut self, wanted: Option<&str>) -> Result<String, Reply> {
        let id = match wanted {
            None => self.make_id(),
            Some(id) if self.used.contains(id) => return Err(reply::id_in_use()),
            Some(id) if self.made.contains(id) => id.to_owned(),
            Some(_) => return Err(reply::invalid("The provided file ID is not usable.", "file.id")),
        };
        self.used.insert(id.clone());
        Ok(id)
    }

    pub(super) fn check_room(&self, more: usize) -> Result<(), Reply> {
        let used: usize = self.files.values().filter_map(File::content).map(|bytes| bytes.len()).sum();
        if self.room.is_some_and(|room| used + more > room) { Err(reply::no_space()) } else { Ok(()) }
    }

    /// Makes a file, or a folder if there is no content.
    pub(super) fn insert(&mut self, id: String, name: String, mime: String, parents: Vec<String>, content: Option<Vec<u8>>) -> &mut File {
        let now = date();
        let file = File {
            id: id.clone(),
            name,
            mime,
            parents,
            app_properties: BTreeMap::new(),
            trashed: false,
            created: now.clone(),
            modified: now,
            version: 1,
            moves: 0,
            revisions: Vec::new(),
        };
        self.files.insert(id.clone(), file);
        if let Some(bytes) = content {
            self.write(&id, bytes, 0);
        }
        self.files.get_mut(&id).unwrap()
    }

    /// Gives a file another content.
    pub(super) fn write(&mut self, id: &str, bytes: Vec<u8>, moves: u32) {
        let n = self.next();
        let revision = format!("0B{}{n:016x}", self.mark);
        if let Some(file) = self.files.get_mut(id) {
            file.revisions.push(Revision { id: revision, bytes: Arc::new(bytes), kept: false });
            file.modified = date();
            file.version += 1;
            file.moves = moves;
        }
    }

    /// Tells searches and the list of changes.
    pub(super) fn publish(&mut self, id: &str) {
        let now = self.files.get(id).cloned();
        self.seen.entry(id.to_owned()).or_default().push((Instant::now() + self.lag, now));
        self.log.push(id.to_owned());
    }

    /// Removes a file, or a folder with all that is in it.
    pub(super) fn remove(&mut self, id: &str) {
        self.files.remove(id);
        self.publish(id);
        let inside: Vec<String> =
            self.files.values().filter(|file| file.parents.iter().any(|above| above == id)).map(|file| file.id.clone()).collect();
        inside.iter().for_each(|id| self.remove(id));
    }

    /// Returns the files as searches know them.
    pub(super) fn known(&self) -> Vec<&File> {
        let now = Instant::now();
        self.seen.values().filter_map(|states| states.iter().rev().find(|(from, _)| *from <= now)?.1.as_ref()).collect()
    }

    pub(super) fn duplicate(&mut self, name: &str, bytes: &[u8]) -> Option<String> {
        let first = self.files.values().find(|file| file.name == name)?.clone();
        let id = self.make_id();
        self.used.insert(id.clone());
        let own = self.insert(id.clone(), first.name, first.mime, first.parents, Some(bytes.to_vec()));
        own.app_properties = first.app_properties;
        self.publish(&id);
        Some(id)
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.files.values().filter(|file| file.name == name).count()
    }

    pub(super) fn remove_all(&mut self) {
        let ids: Vec<String> = self.files.keys().cloned().collect();
        ids.iter().for_each(|id| self.remove(id));
    }

    pub(super) fn remove_named(&mut self, name: &str) {
        let ids: Vec<String> = self.files.values().filter(|file| file.name == name).map(|file| file.id.clone()).collect();
        ids.iter().for_each(|id| self.remove(id));
    }
}

/// The fields that a file may have, in v3 and v2.
pub(super) const FIELDS: &[&str] = &[
    "kind",
    "id",
    "name",
    "mimeType",
    "parents",
    "createdTime",
    "modifiedTime",
    "version",
    "trashed",
    "appProperties",
    "headRevisionId",
    "md5Checksum",
    "size",
    "originalFilename",
    "spaces",
];
pub(super) const FIELDS_V2: &[&str] = &[
    "kind",
    "id",
    "etag",
    "title",
    "mimeType",
    "parents",
    "createdDate",
    "modifiedDate",
    "version",
    "labels",
    "properties",
    "headRevisionId",
    "md5Checksum",
    "fileSize",
];

impl File {
    pub(super) fn content(&self) -> Option<&Arc<Vec<u8>>> {
        self.revisions.last().map(|revision| &revision.bytes)
    }

    pub(super) fn etag(&self) -> String {
        format!("\"{}-{}\"", self.id, self.version)
    }

    /// What nobody asked for happens to the file.
    pub(super) fn stir(&mut self) {
        if self.moves > 0 {
            self.moves -= 1;
            self.version += 1;
        }
    }

    pub(super) fn touch(&mut self) {
        self.version += 1;
    }

    pub(super) fn v3(&self) -> Value {
        let mut value = json!({
            "kind": "drive#file",
            "id": self.id,
            "name": self.name,
            "mimeType": self.mime,
            "parents": self.parents,
            "createdTime": self.created,
            "modifiedTime": self.modified,
            "version": self.version.to_string(),
            "trashed": self.trashed,
        });
        if !self.app_properties.is_empty() {
            value["appProperties"] = json!(self.app_properties);
        }
        if let Some(Revision { id, bytes, .. }) = self.revisions.last() {
            value["headRevisionId"] = json!(id);
            value["md5Checksum"] = json!(md5(bytes));
            value["size"] = json!(bytes.len().to_string());
        }
        value
    }

    pub(super) fn v2(&self) -> Value {
        let mut value = json!({
            "kind": "drive#file",
            "id": self.id,
            "etag": self.etag(),
            "title": self.name,
            "mimeType": self.mime,
            "parents": self.parents.iter().map(|id| json!({"kind": "drive#parentReference", "id": id})).collect::<Vec<_>>(),
            "createdDate": self.created,
            "modifiedDate": self.modified,
            "version": self.version.to_string(),
            "labels": {"starred": false, "trashed": self.trashed, "hidden": false},
        });
        if let Some(Revision { id, bytes, .. }) = self.revisions.last() {
            value["headRevisionId"] = json!(id);
            value["md5Checksum"] = json!(md5(bytes));
            value["fileSize"] = json!(bytes.len().to_string());
        }
        value
    }
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The time of day, as Google writes it.
fn date() -> String {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let (days, ms) = ((ms / 86_400_000) as i64, ms % 86_400_000);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
}

/// Days since 1970 as a date of the calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}
