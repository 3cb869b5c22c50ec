//! The head of a classic vault: `meta.json`, the marker with the vault's id, and where this client stands.

use super::{
    Classic, closed,
    files::{Logged, Marker, Meta, Read, json, path},
    lock::Lease,
    log::Listing,
};
use crate::{
    Error, ErrorKind, Level, Result, Retry, State, StateRecord,
    drive::{Condition, Version},
    runtime::random_id,
    server::{Metadata, Written},
};
use serde::{Deserialize, Serialize};

/// The newest form of the marker that this library understands.
pub(super) const FORMAT: u32 = 1;

/// The state key of [`Position`].
const POSITION: &str = "server/position";

/// How far this client has read: durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// `meta.json` as it was then.
    pub(super) meta: Meta,
    pub(super) meta_version: Option<Version>,
    /// The entries of the last file of the log, as far as they count: what comes next must continue them.
    pub(super) window: Vec<Logged>,
    /// The version of that file; none if it also held what nobody has counted.
    pub(super) window_version: Option<Version>,
    /// The vault's id, once it is known.
    pub(super) vault: Option<String>,
}

/// What one sync knows: gone with it.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// None before the first read of the state; `Some(None)` if this client never joined.
    pub(super) position: Option<Option<Position>>,
    /// `meta.json` as read last, or as a missing file counts.
    pub(super) meta: Meta,
    pub(super) meta_version: Option<Version>,
    pub(super) listing: Option<Listing>,
    pub(super) lease: Option<Lease>,
    /// The log that `changes_write` wrote, to be counted by `metadata_write`.
    pub(super) written: Option<Pending>,
    /// The log was found to be another than remembered.
    pub(super) diverged: bool,
    /// The user agreed to join another vault, and this sync has forgotten the old one.
    pub(super) renewed: bool,
}

/// A log written but not yet counted.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) position: Position,
    pub(super) own: Vec<StateRecord>,
}

/// Reads where the client stands; none if it never joined.
pub(super) async fn stored_position(state: &dyn State) -> Result<Option<Position>> {
    let stored = state.read(vec![POSITION.to_owned()]).await?.into_iter().next().flatten();
    let position = stored.map(|bytes| serde_json::from_slice::<Position>(&bytes)).transpose();
    position.map_err(|e| {
        Error::new(ErrorKind::State, "read", "the client's state is damaged: its place in the log cannot be read").caused_by(e)
    })
}

fn being_imported() -> Error {
    let detail = "a vault is being imported here, or its import was interrupted: complete it by importing the same once more";
    Error::new(ErrorKind::Unavailable, "sync", detail).with_retry(Retry::Never).about("kitestring.json")
}

impl Classic {
    /// Returns where this client stands; none if it never joined.
    pub(super) async fn position(&self) -> Result<Option<Position>> {
        if let Some(position) = &self.session().position {
            return Ok(position.clone());
        }
        let position = stored_position(&*self.state).await?;
        self.session().position = Some(position.clone());
        Ok(position)
    }

    /// Takes a new place for the rest of this sync, and returns the record that makes it durable.
    pub(super) fn stand_at(&self, position: Position) -> Result<StateRecord> {
        let record = StateRecord::set(POSITION, json(&position)?);
        self.session().position = Some(Some(position));
        Ok(record)
    }

    pub(super) async fn read_head(&self) -> Result<Metadata> {
        let position = self.position().await?;
        let unless = position
            .as_ref()
            .filter(|_| self.drive.capabilities().versions && !self.session().diverged && !self.follows)
            .and_then(|p| p.meta_version.clone());
        let (meta, version) = match self.read_meta(unless).await? {
            Read::Parsed(meta, version) => (meta, Some(version)),
            Read::Unchanged => position.as_ref().map(|p| (p.meta.clone(), p.meta_version.clone())).unwrap_or_default(),
            Read::Missing | Read::Senseless(_) => (Meta::default(), None),
        };
        let new_vault = self.check_vault(position.as_ref(), &meta, version.is_none()).await?;
        let position = if new_vault { None } else { position };
        let news = self.session().diverged || position.as_ref().is_none_or(|p| p.meta != meta) || self.own_due().await?;
        let mut session = self.session();
        session.meta = meta;
        // A closed vault is to be met as one by the next sync.
        session.meta_version = version.filter(|_| !self.follows);
        session.written = None;
        Ok(Metadata { news, new_vault, first: false })
    }

    /// Guards against another vault in the place of ours. Returns whether the user chose to join it.
    async fn check_vault(&self, position: Option<&Position>, meta: &Meta, missing: bool) -> Result<bool> {
        let Some(position) = position else { return Ok(false) };
        let detail = match (&position.vault, &meta.vault) {
            _ if missing && position.meta.last_change > 0 => format!(
                "meta.json is gone from the drive, but this client has seen {} changes there: the vault was deleted, or this is another drive",
                position.meta.last_change
            ),
            (Some(ours), Some(found)) if ours != found => "the drive holds another vault than the one this client joined".to_owned(),
            _ => return Ok(false),
        };
        if !self.allow.vault_changed {
            return Err(Error::new(ErrorKind::VaultChanged, "sync", detail).about("meta.json"));
        }
        self.log.line(Level::Warn, || format!("joining anew: {detail}"));
        let mut session = self.session();
        session.position = Some(None);
        session.renewed = true;
        Ok(true)
    }

    /// Reads the marker and returns the vault's id; none if there is no marker yet.
    pub(super) async fn read_marker(&self) -> Result<Option<String>> {
        match self.read_own::<Marker>(&path("kitestring.json")?, None).await? {
            Read::Parsed(Marker { importing: Some(_), .. }, _) => Err(being_imported()),
            Read::Parsed(Marker { moved_to: Some(to), .. }, _) if !self.follows => Err(closed::reopened(&to)),
            Read::Parsed(marker, _) if marker.format > FORMAT => {
                let detail = format!("this vault has format {}, and this version of the library knows {FORMAT}: update it", marker.format);
                Err(Error::new(ErrorKind::NeedsNewerVersion, "sync", detail).about("kitestring.json"))
            }
            Read::Parsed(marker, _) => Ok(Some(marker.vault)),
            _ => Ok(None),
        }
    }

    /// Makes sure that the vault has a marker, and returns its id. Only called under the lock.
    pub(super) async fn ensure_marker(&self) -> Result<String> {
        let create = self.drive.capabilities().create;
        if !create && let Some(vault) = self.read_marker().await? {
            return Ok(vault);
        }
        let marker = Marker { vault: random_id(&*self.runtime)?, format: FORMAT, importing: None, moved_to: None };
        let condition = if create { Condition::Absent } else { Condition::Any };
        match self.drive.put(path("kitestring.json")?, json(&marker)?, condition).await {
            Ok(_) => Ok(marker.vault),
            Err(e) if e.is_condition() => match self.read_marker().await? {
                Some(vault) => Ok(vault),
                None => Err(e),
            },
            Err(e) => Err(e),
        }
    }

    /// Refuses a log that continues another vault's: the log differs from what is remembered, so the marker decides.
    pub(super) async fn check_marker(&self, position: &Position) -> Result<()> {
        let Some(ours) = &position.vault else { return Ok(()) };
        match self.read_marker().await? {
            Some(found) if found == *ours => Ok(()),
            _ if self.allow.vault_changed => Ok(()),
            found => {
                let detail = if found.is_some() {
                    "the drive holds another vault than the one this client joined"
                } else {
                    "the log on the drive is another one and the vault's marker is gone"
                };
                Err(Error::new(ErrorKind::VaultChanged, "sync", detail).about("kitestring.json"))
            }
        }
    }

    /// Makes sure that nobody counts what lies in the log behind the known place: whoever was about to count it finds
    /// another `meta.json` than it has read. The count itself stays. Answers false if somebody has counted already.
    pub(super) async fn fence(&self) -> Result<bool> {
        let (mut meta, version) = {
            let session = self.session();
            (session.meta.clone(), session.meta_version.clone())
        };
        let file = path("meta.json")?;
        if !self.drive.capabilities().replace {
            // Nothing can be refused there; looking is all that is left.
            return Ok(match self.read_meta(None).await? {
                Read::Parsed(found, _) => found == meta,
                _ => version.is_none(),
            });
        }
        meta.commit = Some(random_id(&*self.runtime)?);
        let condition = version.map_or(Condition::Absent, Condition::Matches);
        let version = match self.drive.put(file.clone(), json(&meta)?, condition).await {
            Ok(version) => version,
            Err(e) if e.is_condition() => match self.read_meta(None).await? {
                // The refusal answered a repetition of a write that had taken place.
                Read::Parsed(found, version) if found == meta => version,
                _ => return Ok(false),
            },
            Err(e) => return Err(e),
        };
        let mut session = self.session();
        session.meta = meta;
        session.meta_version = Some(version);
        Ok(true)
    }

    pub(super) async fn write_head(&self) -> Result<Written> {
        let (pending, version) = {
            let mut session = self.session();
            (session.written.take(), session.meta_version.clone())
        };
        let Some(Pending { mut position, own }) = pending else {
            return Err(Error::internal("put", "the count was written before the log"));
        };
        position.meta.commit = Some(random_id(&*self.runtime)?);
        let capabilities = self.drive.capabilities();
        let condition = match version {
            Some(version) if capabilities.replace => Condition::Matches(version),
            None if capabilities.create => Condition::Absent,
            _ => Condition::Any,
        };
        let file = path("meta.json")?;
        match self.drive.put(file.clone(), json(&position.meta)?, condition).await {
            Ok(version) => position.meta_version = Some(version),
            Err(e) if e.is_condition() => match self.read_meta(None).await? {
                // The refusal answered a repetition of a write that had taken place.
                Read::Parsed(found, version) if found == position.meta => position.meta_version = Some(version),
                _ => return Ok(Written::Moved),
            },
            Err(e) => return Err(e),
        }
        {
            let mut session = self.session();
            session.meta = position.meta.clone();
            session.meta_version = position.meta_version.clone();
        }
        let mut records = own;
        records.push(self.stand_at(position)?);
        Ok(Written::Done(records))
    }
}
