//! Where the drive is: the app's hidden folder, or one that people see, and the table of names in it.
//!
//! Two devices that set the drive up at the same moment may make two folders, or two tables. Everybody takes the oldest. Who
//! has made one looks again after a while, since a search may not know the other one yet, and drops its own if it is not the
//! oldest.

use super::{
    GDrive, call,
    known::Place as KnownPlace,
    model::{ENTERED, File, KIND, TABLE},
    names::Table,
    refusal::Refusal,
};
use crate::http::{Call, Repeat};
use kitestring::{DrivePath, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// No path of a drive has this name.
pub(super) const TABLE_NAME: &str = "/kitestring names";
const FOLDER_TYPE: &str = "application/vnd.google-apps.folder";
const APP_DATA: &str = "appDataFolder";

/// Where to look for the drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    AppData,
    Folder(String),
}

/// Where the drive is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Root {
    pub(super) folder: String,
    pub(super) table: String,
}

impl Place {
    pub(super) fn folder(name: &str) -> Result<Self> {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(Error::new(ErrorKind::InvalidInput, "open", "a folder of Google Drive has a name").about(name));
        }
        Ok(Self::Folder(name.to_owned()))
    }

    pub(super) fn space(&self) -> &'static str {
        match self {
            Self::AppData => APP_DATA,
            Self::Folder(_) => "drive",
        }
    }
}

/// Writes text as a part of a search.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub(super) fn oldest(files: Vec<File>) -> Option<String> {
    files.into_iter().min_by(|a, b| a.age().cmp(&b.age())).map(|file| file.id)
}

impl GDrive {
    /// Makes the drive, if it is not there. If it is new, this takes some seconds: another device may be making it too.
    ///
    /// # Errors
    /// `unauthorized`, `quota_exceeded`, `unavailable`.
    pub async fn make_root(&self) -> Result<()> {
        let call = call("open", "", Repeat::Freely);
        let folder = match self.find_folder(&call).await? {
            Some(folder) => folder,
            None => self.make_folder(&call).await?,
        };
        if let Some(table) = self.find_table(&call, &folder).await? {
            self.known.lock().root = Some(Root { folder, table });
            return self.set_up(&call).await;
        }
        let metadata = self.metadata(TABLE_NAME, &folder, Some(TABLE)).await?;
        let own = self.make(&call, &metadata, Table::default().encode()).await?;
        self.known.lock().memo.is_young = true;
        self.runtime.sleep(self.settles).await;
        let table = self.find_table(&call, &folder).await?.unwrap_or_else(|| own.id.clone());
        if table != own.id {
            self.delete_id(&call, &own.id, None).await?.ok();
        }
        {
            let mut inner = self.known.lock();
            inner.root = Some(Root { folder, table });
            inner.table = Some((own, Table::default()));
        }
        self.set_up(&call).await
    }

    async fn make_folder(&self, call: &Call) -> Result<String> {
        let Place::Folder(name) = &self.place else { return Ok(APP_DATA.to_owned()) };
        let id = self.fresh_id().await?;
        let metadata = json!({"id": id, "name": name, "parents": ["root"], "mimeType": FOLDER_TYPE});
        let own = self.make(call, &metadata, Vec::new()).await?.id;
        self.runtime.sleep(self.settles).await;
        match self.find_folder(call).await? {
            Some(folder) if folder != own => {
                self.delete_id(call, &own, None).await?.ok();
                Ok(folder)
            }
            _ => Ok(own),
        }
    }

    /// Makes a file under the id that it names.
    async fn make(&self, call: &Call, metadata: &Value, bytes: Vec<u8>) -> Result<KnownPlace> {
        let id = metadata.get("id").and_then(Value::as_str).unwrap_or_default();
        match self.create(call, metadata, bytes).await? {
            Ok(file) => Ok(KnownPlace { content: file.content, ..KnownPlace::new(id) }),
            // It has that id because an earlier attempt has made it.
            Err(Refusal::Taken) => Ok(KnownPlace::new(id)),
            Err(_) => Err(self.no_root(call)),
        }
    }

    /// Describes a new file; one that is of a kind has an id from the beginning.
    pub(super) async fn metadata(&self, name: &str, folder: &str, kind: Option<&str>) -> Result<Value> {
        let mut metadata = json!({"name": name, "parents": [folder], "mimeType": "application/octet-stream"});
        if let (Some(kind), Some(fields)) = (kind, metadata.as_object_mut()) {
            fields.insert("id".to_owned(), json!(self.fresh_id().await?));
            fields.insert("appProperties".to_owned(), json!({ KIND: kind }));
        }
        Ok(metadata)
    }

    /// Returns where the drive is.
    ///
    /// # Errors
    /// `unavailable` if it is nowhere.
    pub(super) async fn root(&self, call: &Call) -> Result<Root> {
        self.recall().await;
        if let Some(root) = self.known.lock().root.clone() {
            return Ok(root);
        }
        let root = self.find_root(call).await?.ok_or_else(|| self.no_root(call))?;
        self.known.lock().root = Some(root.clone());
        Ok(root)
    }

    async fn find_root(&self, call: &Call) -> Result<Option<Root>> {
        let Some(folder) = self.find_folder(call).await? else { return Ok(None) };
        Ok(self.find_table(call, &folder).await?.map(|table| Root { folder, table }))
    }

    pub(super) async fn find_folder(&self, call: &Call) -> Result<Option<String>> {
        let Place::Folder(name) = &self.place else { return Ok(Some(APP_DATA.to_owned())) };
        let q = format!("name = {} and mimeType = '{FOLDER_TYPE}' and 'root' in parents and trashed = false", quoted(name));
        Ok(oldest(self.search(call, &q).await?))
    }

    async fn find_table(&self, call: &Call, folder: &str) -> Result<Option<String>> {
        let q = format!("name = {} and {}", quoted(TABLE_NAME), inside(folder));
        let found = self.search(call, &q).await?;
        Ok(oldest(found.into_iter().filter(|file| file.is(TABLE)).collect()))
    }

    pub(super) fn no_root(&self, call: &Call) -> Error {
        self.known.forget();
        self.error(call, ErrorKind::Unavailable, "has no such drive (any longer): was its folder moved, or is its name wrong?")
    }

    /// Searches the drive's files by their name, or all of them, and returns the one of each name that counts. All ids that
    /// are found are kept.
    pub(super) async fn find_names(&self, call: &Call, name: Option<&DrivePath>) -> Result<()> {
        let root = self.root(call).await?;
        let q = match name {
            Some(name) => format!("name = {} and {}", quoted(name.as_str()), inside(&root.folder)),
            None => inside(&root.folder),
        };
        let found = self.search(call, &q).await?;
        self.keep_found(call, found, name).await
    }

    /// Keeps what a search has found; `only` is the name that was searched.
    pub(super) async fn keep_found(&self, call: &Call, found: Vec<File>, only: Option<&DrivePath>) -> Result<()> {
        if self.classic.is_some() {
            return self.sort_out(call, &found, only).await;
        }
        self.keep_loose(found);
        Ok(())
    }

    /// Keeps the ids of files that are not entered in the table: of several that have one name, the newest counts.
    fn keep_loose(&self, mut found: Vec<File>) {
        found.sort_by(|a, b| a.age().cmp(&b.age()));
        let mut inner = self.known.lock();
        let mut found_ids = BTreeSet::new();
        for file in found {
            let is_loose = !file.is(ENTERED) && !file.is(TABLE) && !inner.gone.contains(&file.id);
            let Some(path) = DrivePath::new(&file.name).ok().filter(|_| is_loose) else { continue };
            found_ids.insert(file.id.clone());
            // What is known and not found may be newer than what the search knows.
            if inner.files.get(&path).is_none_or(|known| found_ids.contains(&known.id) && known.id != file.id) {
                inner.files.insert(path, KnownPlace { id: file.id, content: file.content, etag: None });
            }
        }
    }
}

/// The part of a search that keeps to a folder.
pub(super) fn inside(folder: &str) -> String {
    format!("{} in parents and trashed = false", quoted(folder))
}
