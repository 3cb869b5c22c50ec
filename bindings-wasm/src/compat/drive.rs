//! A drive of db-to-cloud, with its five verbs over text, as the port [`Drive`].

use crate::{
    convert::{Parsed, read},
    host::{Host, arguments},
};
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Condition, DirEntry, GetOptions, Got, Listing, Version},
    port,
};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct Verbs(Host);

impl Verbs {
    /// Takes an object whose `get` and `list` answer nothing for what is missing, and whose `post` answers whether it has
    /// created the file.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "drive", ErrorKind::Unavailable, &["get", "put", "post", "delete", "list"]).map(Self)
    }
}

/// Such a drive has no versions.
fn no_version() -> Version {
    Version::new("")
}

#[apply(port!)]
impl Drive for Verbs {
    fn capabilities(&self) -> Capabilities {
        Capabilities { parallel: 1, ..Capabilities::NONE }
    }

    async fn get(&self, path: DrivePath, _options: GetOptions) -> Result<Got> {
        let found = self.0.ask_for("get", arguments(&[path.as_str().into()]), |answer| read::if_given(answer, read::text)).await?;
        Ok(found.map_or(Got::Missing, |text| Got::File { bytes: text.into_bytes(), version: no_version() }))
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let text = String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Internal, "put", "a file is no text"))?;
        let given = arguments(&[path.as_str().into(), text.as_str().into()]);
        if condition != Condition::Absent {
            return self.0.ask("put", given).await.map(|_| no_version());
        }
        if self.0.ask_for("post", given, read::flag).await? {
            return Ok(no_version());
        }
        Err(Error::new(ErrorKind::Condition, "put", "there is such a file already").about(path.as_str()))
    }

    async fn delete(&self, path: DrivePath, _condition: Condition) -> Result<()> {
        self.0.ask("delete", arguments(&[path.as_str().into()])).await.map(drop)
    }

    async fn list_dir(&self, dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        let names = self.0.ask_list("list", arguments(&[dir.as_str().into()]), read::text).await?;
        let entries = names.into_iter().map(|name| DirEntry { name, is_dir: false, size: None }).collect();
        Ok(Listing { entries, next: None })
    }
}
