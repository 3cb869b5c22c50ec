//! A vault that has gone to the journal layout: closed here for good. In the place of `meta.json` lie words, which no old client
//! can read, and below them what ours go by. `spec/classic.md`, section 8, has the rules.

use super::{
    Classic,
    files::{Meta, Read, json, path, sensible},
};
use crate::{
    Error, ErrorKind, Result,
    drive::{Condition, Version},
    transfer::check_address,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const META: &str = "meta.json";
/// The first line. It is no JSON, and must not become it.
const WORDS: &str = "This vault has gone to another place: see below. Programs made for db-to-cloud cannot follow it.\n";
/// So often it is begun anew because somebody else wrote the file.
const ROUNDS: u32 = 10;

/// What the file says below the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// The address of the other place.
    pub(crate) to: String,
    /// The id of the vault there; none as long as it is not whole there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vault: Option<String>,
    /// The file as it was.
    was: Meta,
}

/// What the file may be.
enum Found {
    Open(Meta),
    Closed(Closed),
}

impl Closed {
    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes.strip_prefix(WORDS.as_bytes())?).ok()
    }

    fn encode(&self) -> Result<Vec<u8>> {
        Ok([WORDS.as_bytes().to_vec(), json(self)?].concat())
    }

    /// The error for whoever comes to this place.
    pub(crate) fn gone(&self) -> Error {
        if let Err(e) = check_address(&self.to) {
            return Error::corrupt("sync", e.detail()).about(META);
        }
        if self.vault.is_none() {
            let detail = "the vault is on its way to another place and to the journal layout; if that was interrupted, migrate it again";
            return Error::new(ErrorKind::Unavailable, "sync", detail).about(META);
        }
        let detail = "the vault has gone to another place and to the journal layout: follow it, and open it with that layout";
        Error::new(ErrorKind::Moved { to: Some(self.to.clone()) }, "sync", detail).about(META)
    }
}

impl Classic {
    /// Reads `meta.json`; that of a closed vault only if this is to be read to its end.
    pub(super) async fn read_meta(&self, unless: Option<Version>) -> Result<Read<Meta>> {
        Ok(match self.look(unless).await? {
            Read::Parsed(Found::Open(meta), version) => Read::Parsed(meta, version),
            Read::Parsed(Found::Closed(closed), version) if self.follows => Read::Parsed(closed.was, version),
            Read::Parsed(Found::Closed(closed), _) => return Err(closed.gone()),
            Read::Unchanged => Read::Unchanged,
            Read::Missing => Read::Missing,
            Read::Senseless(why) => Read::Senseless(why),
        })
    }

    async fn look(&self, unless: Option<Version>) -> Result<Read<Found>> {
        let file = path(META)?;
        let parse = |bytes: &[u8]| match Closed::read(bytes) {
            Some(closed) => Ok(Found::Closed(closed)),
            None => serde_json::from_slice(bytes).map(Found::Open).map_err(|e| e.to_string()),
        };
        sensible(self.read(&file, unless, parse).await?, &file)
    }

    /// How the vault was closed; none if it is open.
    ///
    /// # Errors
    /// `not_found` if there is none.
    pub(crate) async fn closed(&self) -> Result<Option<Closed>> {
        match self.look(None).await? {
            Read::Parsed(Found::Closed(closed), _) => Ok(Some(closed)),
            Read::Parsed(Found::Open(_), _) => Ok(None),
            _ => Err(no_vault()),
        }
    }

    /// Closes the vault: its lock never ends, and nobody can count changes any more. One that is closed already stays as it is.
    ///
    /// # Errors
    /// `locked` while another client writes; `moved` or `unavailable` if it goes elsewhere; `not_found` if there is none.
    pub(crate) async fn close(&self, to: &str, wait: Duration) -> Result<(Closed, Version)> {
        self.lock_for_good(wait, format!("nobody: the vault has gone to {to}")).await?;
        for _ in 0..ROUNDS {
            let (was, version) = match self.look(None).await? {
                Read::Parsed(Found::Closed(closed), version) if closed.to == to => return Ok((closed, version)),
                Read::Parsed(Found::Closed(closed), _) => return Err(closed.gone()),
                Read::Parsed(Found::Open(meta), version) => (meta, version),
                _ => return Err(no_vault()),
            };
            let closed = Closed { to: to.to_owned(), vault: None, was };
            if let Some(version) = self.replace_meta(&closed, version).await? {
                return Ok((closed, version));
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "migrate", "other clients kept writing; nothing is lost, try again"))
    }

    /// Says that the vault is whole in the other place. False if somebody has written the file meanwhile, as an old client does
    /// that was in the midst of a push: then there may be more to bring along.
    pub(crate) async fn mark_arrived(&self, closed: Closed, version: Version, vault: String) -> Result<bool> {
        match self.look(None).await? {
            Read::Parsed(Found::Closed(found), _) if found == closed => {}
            _ => return Ok(false),
        }
        let arrived = Closed { vault: Some(vault), ..closed };
        Ok(self.replace_meta(&arrived, version).await?.is_some())
    }

    /// Writes the file; none if it is another one than was read.
    async fn replace_meta(&self, closed: &Closed, version: Version) -> Result<Option<Version>> {
        let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
        match self.drive.put(path(META)?, closed.encode()?, condition).await {
            Ok(version) => Ok(Some(version)),
            Err(e) if e.is_condition() => Ok(None),
            Err(e) => Err(e),
        }
    }
}

fn no_vault() -> Error {
    Error::new(ErrorKind::NotFound, "migrate", "there is no vault on this drive yet: begin with the journal layout")
}
