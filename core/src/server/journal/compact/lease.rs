//! The lease: so that not everybody compacts at once. It is advice: whoever compacts without it, or with one that has
//! expired, does some work for nothing, and no harm.

use super::super::{Journal, device::known_devices};
use crate::{
    Digest, Error, ErrorKind, HeldLock, Result, StateRecord,
    client::moved,
    drive::{Condition, DrivePath, GetOptions, Got, Version},
    runtime::{random_id, wall_ms},
    server::journal::standing::{json, parse},
};
use serde::{Deserialize, Serialize};

const LEASE: &str = "lease";
/// The lease that was seen last, in the state.
const SEEN: &str = "server/lease";
/// A lease that has stood so long, by the clock of whoever waits, has been left behind.
const LASTS_MS: u64 = 10 * 60 * 1000;
const MAX_BYTES: u64 = 4 << 10;

/// The file.
#[derive(Serialize, Deserialize)]
struct Lease {
    /// Who holds it: the client's id.
    owner: String,
    /// Random in every write.
    nonce: String,
}

/// A lease that somebody else holds, and since when this client has seen it.
#[derive(Serialize, Deserialize)]
struct Watched {
    nonce: String,
    since_ms: u64,
}

impl Journal {
    /// Takes the lease. False if somebody else holds it.
    ///
    /// # Errors
    /// `locked` instead, if the user has asked for it.
    pub(super) async fn take_lease(&self, asked: bool) -> Result<bool> {
        let path = DrivePath::new(LEASE)?;
        let options = GetOptions { range: Some(0..MAX_BYTES), unless: None };
        let capabilities = self.drive.capabilities();
        let condition = match self.drive.get(path.clone(), options).await? {
            Got::File { bytes, version } => {
                let held = serde_json::from_slice::<Lease>(&bytes).ok().filter(|lease| lease.owner != self.identity.client);
                if let Some(lease) = held
                    && !self.has_expired(&lease).await?
                {
                    let locked = ErrorKind::Locked { owner: Some(lease.owner), until_ms: wall_ms(&*self.runtime) + LASTS_MS };
                    let detail = "another device is putting the vault in order: it takes a few minutes at most";
                    return if asked { Err(Error::new(locked, "compact", detail)) } else { Ok(false) };
                }
                if capabilities.replace { Condition::Matches(version) } else { Condition::Any }
            }
            Got::Missing | Got::Unchanged if capabilities.create => Condition::Absent,
            Got::Missing | Got::Unchanged => Condition::Any,
        };
        let lease = Lease { owner: self.identity.client.clone(), nonce: random_id(&*self.runtime)? };
        match self.drive.put(path, json(&lease)?, condition).await {
            Ok(_) => Ok(true),
            Err(e) if e.is_condition() => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Whether a lease has been the same for long, by this client's own clock.
    async fn has_expired(&self, lease: &Lease) -> Result<bool> {
        let now = wall_ms(&*self.runtime);
        let stored = self.state.read(vec![SEEN.to_owned()]).await?.into_iter().next().flatten();
        let watched = stored.map(|bytes| parse::<Watched>(SEEN, &bytes)).transpose()?;
        if let Some(watched) = watched.filter(|watched| watched.nonce == lease.nonce && watched.since_ms <= now) {
            return Ok(now - watched.since_ms >= LASTS_MS);
        }
        let watched = Watched { nonce: lease.nonce.clone(), since_ms: now };
        self.state.write(vec![StateRecord::set(SEEN, json(&watched)?)]).await?;
        Ok(false)
    }

    /// The lease as it lies there.
    pub(crate) async fn held_lease(&self) -> Result<Option<HeldLock>> {
        Ok(self.read_lease().await?.map(|(held, _)| held))
    }

    /// Removes the lease if it still is the one that was shown.
    pub(crate) async fn break_lease(&self, seen: &HeldLock) -> Result<()> {
        let found = self.read_lease().await?;
        let Some((_, version)) = found.as_ref().filter(|(held, _)| held.hold == seen.hold) else {
            return Err(moved(seen, found.as_ref().map(|(held, _)| held)));
        };
        let condition = if self.drive.capabilities().replace { Condition::Matches(version.clone()) } else { Condition::Any };
        self.drive.delete(DrivePath::new(LEASE)?, condition).await
    }

    async fn read_lease(&self) -> Result<Option<(HeldLock, Version)>> {
        if !self.contact(&mut *self.session.lock().await).await? {
            return Ok(None);
        }
        self.lease_there().await
    }

    /// The lease of a vault that was met.
    pub(crate) async fn lease_there(&self) -> Result<Option<(HeldLock, Version)>> {
        let options = GetOptions { range: Some(0..MAX_BYTES), unless: None };
        let Got::File { bytes, version } = self.drive.get(DrivePath::new(LEASE)?, options).await? else { return Ok(None) };
        let owner = serde_json::from_slice::<Lease>(&bytes).ok().map(|lease| lease.owner);
        let devices = known_devices(&*self.state, &self.identity.client, |_| false).await?;
        let device = devices.into_iter().find(|device| owner.as_ref().is_some_and(|owner| owner.starts_with(&device.id)));
        let held = HeldLock {
            path: LEASE.to_owned(),
            is_ours: owner.as_ref() == Some(&self.identity.client),
            owner,
            device: device.and_then(|device| device.name),
            until_ms: None,
            is_over: false,
            hold: Digest::of(&bytes).to_string(),
        };
        Ok(Some((held, version)))
    }

    /// Gives the lease back. One that stays behind expires.
    pub(super) async fn release_lease(&self) {
        if let Ok(path) = DrivePath::new(LEASE) {
            let _ = self.drive.delete(path, Condition::Any).await;
        }
    }
}
