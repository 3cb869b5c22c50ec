//! A vault that has gone to the journal layout: closed here for good. In the place of `meta.json` lie words, which no old client
//! can read, and below them what ours go by. `spec/classic.md`, section 8, has the rules.

use super::{
    Classic,
    files::{Marker, Meta, Read, json, path, sensible},
    head::FORMAT,
};
use crate::{
    Error, ErrorKind, Result,
    drive::{Condition, Version},
    runtime::random_id,
    transfer::check_address,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const META: &str = "meta.json";
const MARKER: &str = "kitestring.json";
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
    /// Whether the vault is to be sealed there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sealed: bool,
    /// The file as it was.
    was: Meta,
}

/// What the file may be.
enum Found {
    Open(Meta),
    Closed(Closed),
}

/// Refuses a vault that has gone, or is on its way, by its `meta.json`.
pub(crate) fn refuse_closed(meta: &[u8]) -> Result<()> {
    Closed::read(meta).map_or(Ok(()), |closed| Err(closed.gone()))
}

impl Closed {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
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
        let to = &self.to;
        if self.vault.is_none() {
            return on_its_way(to).about(META);
        }
        let detail = format!("the vault was moved to {to}, and to the journal layout: look whether that is right, and follow it");
        Error::new(ErrorKind::Moved { to: Some(to.clone()) }, "sync", detail).about(META)
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
    /// `locked` while another client writes; `moved` or `unavailable` if it goes elsewhere; `not_found` if there is none;
    /// `invalid_input` if it was closed to be sealed there, and now is not to be.
    pub(crate) async fn close(&self, to: &str, sealed: bool, wait: Duration) -> Result<(Closed, Version)> {
        self.lock_for_good(wait, &format!("nobody: the vault has gone to {to}")).await?;
        self.mark_closed(to).await?;
        for _ in 0..ROUNDS {
            let (was, version) = match self.look(None).await? {
                Read::Parsed(Found::Closed(closed), _) if closed.to == to && closed.sealed && !sealed => return Err(to_be_sealed()),
                Read::Parsed(Found::Closed(closed), version) if closed.to == to => return Ok((closed, version)),
                Read::Parsed(Found::Closed(closed), _) => return Err(closed.gone()),
                Read::Parsed(Found::Open(meta), version) => (meta, version),
                _ => return Err(no_vault()),
            };
            let closed = Closed { to: to.to_owned(), vault: None, sealed, was };
            if let Some(version) = self.replace_meta(&closed, version).await? {
                return Ok((closed, version));
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "migrate", "other clients kept writing; nothing is lost, try again"))
    }

    /// Says it in the marker too, which no old client writes: one that was in the midst of a push removes the lock, and writes the count.
    async fn mark_closed(&self, to: &str) -> Result<()> {
        let file = path(MARKER)?;
        let marker = match self.read_own::<Marker>(&file, None).await? {
            Read::Parsed(Marker { moved_to: Some(found), .. }, _) if found == to => return Ok(()),
            Read::Parsed(Marker { moved_to: Some(found), .. }, _) => return Err(reopened(&found)),
            Read::Parsed(marker, _) => marker,
            _ => Marker { vault: random_id(&*self.runtime)?, format: FORMAT, importing: None, moved_to: None },
        };
        let marker = Marker { moved_to: Some(to.to_owned()), ..marker };
        self.drive.put(file, json(&marker)?, Condition::Any).await.map(drop)
    }

    /// Whether somebody has begun to close the vault, whatever an old client has done to it since.
    pub(crate) async fn is_to_be_closed(&self) -> Result<bool> {
        if self.is_locked_for_good().await? {
            return Ok(true);
        }
        // A marker that makes no sense says nothing of it.
        let parse = |bytes: &[u8]| serde_json::from_slice::<Marker>(bytes).map_err(|e| e.to_string());
        let marker = self.read(&path(MARKER)?, None, parse).await?;
        Ok(matches!(marker, Read::Parsed(Marker { moved_to: Some(_), .. }, _)))
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

/// The error for whoever finds a vault that was closed and is not any longer, because an old client has written the count since.
pub(super) fn reopened(to: &str) -> Error {
    if let Err(e) = check_address(to) {
        return Error::corrupt("sync", e.detail()).about(MARKER);
    }
    on_its_way(to).about(MARKER)
}

fn on_its_way(to: &str) -> Error {
    let detail = format!(
        "the vault is being moved to {to}, and to the journal layout; if that was interrupted, or a program made for db-to-cloud has written \
         here since, migrate it there once more, from any device"
    );
    Error::new(ErrorKind::Unavailable, "sync", detail)
}

fn to_be_sealed() -> Error {
    Error::invalid("migrate", "the vault is to be sealed in the other place: say with what, as when the migration was begun")
}

fn no_vault() -> Error {
    Error::new(ErrorKind::NotFound, "migrate", "there is no vault on this drive yet: begin with the journal layout")
}
