//! The lock: `lock.json {expire}` as old clients know it, and an owner that they ignore.
//!
//! It keeps clients out of each other's way; beside old clients it is all there is. Among new ones the conditions
//! of the drive are what is safe, where it has them.

use super::{
    Classic,
    files::{json, path},
};
use crate::{
    Digest, Error, ErrorKind, HeldLock, Level, Result, StateRecord,
    client::moved,
    drive::{Condition, GetOptions, Got, Version},
    runtime::{random_id, wall_ms},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long our lock lasts without renewal.
pub(super) const LEASE: Duration = Duration::from_secs(120);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(40);
/// How long after its `expire` another's lock still counts.
const GRACE: Duration = Duration::from_secs(120);
/// How long a lock of an owner that renews, or one that makes no sense, may stay the same before it is dead,
/// whatever its `expire` says: clocks differ.
const STILL: Duration = Duration::from_secs(130);
/// How often another's lock is looked at while waiting.
const POLL: Duration = Duration::from_secs(1);

/// So often it is taken for good, because an old client removed it meanwhile.
const ROUNDS: u32 = 10;

const LOCK: &str = "lock.json";
/// The state keys: a lock may be ours on the drive, and another's lock as it was seen last.
const HELD: &str = "server/lock-held";
const SEEN: &str = "server/lock-seen";

/// `lock.json`. Old clients write and read `expire` only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LockFile {
    /// When it ends, in milliseconds since the Unix epoch by the owner's clock.
    #[serde(deserialize_with = "any_number")]
    expire: u64,
    /// The client that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// The device's name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// A random id of this very hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    /// Whether it never ends, because the vault has gone from here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    moved: bool,
}

/// The last moment that old clients can tell, in milliseconds since the Unix epoch.
const FOR_GOOD_MS: u64 = 8_640_000_000_000_000;

/// Our lock, while we believe that we hold it.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    hold: String,
    version: Version,
}

/// Another's lock that was seen: durable, so that its standing still is noticed across syncs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockSeen {
    bytes: Vec<u8>,
    at_ms: u64,
}

impl Classic {
    /// Takes the lock. That this is tried is remembered first: a client that dies with the lock finds it again.
    pub(super) async fn acquire(&self, wait: Duration) -> Result<()> {
        self.state.write(vec![StateRecord::set(HELD, "")]).await?;
        match self.try_acquire(wait).await {
            Err(e) if matches!(e.kind, ErrorKind::Locked { .. }) => {
                self.state.write(vec![StateRecord::remove(HELD)]).await?;
                Err(e)
            }
            result => result,
        }
    }

    /// Removes our own lock that an interrupted sync left, so that nobody waits for it.
    pub(super) async fn release_left(&self) -> Result<()> {
        let held = self.state.read(vec![HELD.to_owned()]).await?.into_iter().next().flatten();
        if held.is_none() || self.session().lease.is_some() {
            return Ok(());
        }
        if let Some((bytes, version)) = self.read_lock().await?
            && serde_json::from_slice::<LockFile>(&bytes).is_ok_and(|lock| lock.owner.as_deref() == Some(self.client.as_str()))
        {
            let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
            match self.drive.delete(path(LOCK)?, condition).await {
                Err(e) if !e.is_condition() => return Err(e),
                _ => {}
            }
        }
        self.state.write(vec![StateRecord::remove(HELD)]).await
    }

    /// The lock as it lies there.
    pub(crate) async fn held(&self) -> Result<Option<HeldLock>> {
        Ok(self.read_lock().await?.map(|(bytes, _)| self.shown(&bytes)))
    }

    fn shown(&self, bytes: &[u8]) -> HeldLock {
        let LockFile { expire, owner, device, .. } = serde_json::from_slice(bytes).unwrap_or_default();
        HeldLock {
            path: LOCK.to_owned(),
            is_ours: owner.as_deref() == Some(self.client.as_str()),
            owner,
            device,
            until_ms: (expire > 0).then_some(expire),
            is_over: expire < wall_ms(&*self.runtime),
            hold: Digest::of(bytes).to_string(),
        }
    }

    /// Removes the lock if it still is the one that was shown.
    pub(crate) async fn break_held(&self, seen: &HeldLock) -> Result<()> {
        let found = self.read_lock().await?;
        let shown = found.as_ref().map(|(bytes, _)| self.shown(bytes));
        let Some((_, version)) = found.filter(|_| shown.as_ref().is_some_and(|shown| shown.hold == seen.hold)) else {
            return Err(moved(seen, shown.as_ref()));
        };
        if self.is_locked_for_good().await? {
            return Err(Error::invalid("lock", "this lock says that the vault has gone to another place: it is not broken").about(LOCK));
        }
        let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
        self.drive.delete(path(LOCK)?, condition).await
    }

    /// Whether the lock is one that never ends, because the vault has gone from here.
    pub(crate) async fn is_locked_for_good(&self) -> Result<bool> {
        let found = self.read_lock().await?.and_then(|(bytes, _)| serde_json::from_slice::<LockFile>(&bytes).ok());
        Ok(found.is_some_and(|lock| lock.moved))
    }

    /// Takes the lock and never gives it back, so that no old client writes here again. `name` is shown to whoever waits for it.
    pub(super) async fn lock_for_good(&self, wait: Duration, name: &str) -> Result<()> {
        for _ in 0..ROUNDS {
            if self.is_locked_for_good().await? {
                self.session().lease = None;
                return self.state.write(vec![StateRecord::remove(HELD)]).await;
            }
            self.acquire(wait).await?;
            self.try_lock_for_good(name).await?;
        }
        Err(Error::condition("lock", "the lock was taken by another client"))
    }

    /// Does nothing if the lock that was held is gone, as an old client does that had it before.
    async fn try_lock_for_good(&self, name: &str) -> Result<()> {
        let replace = self.drive.capabilities().replace;
        let Some(lease) = self.session().lease.clone() else { return Ok(()) };
        if !replace && !self.still_locked().await? {
            return Ok(());
        }
        let file = LockFile { expire: FOR_GOOD_MS, device: Some(name.to_owned()), moved: true, ..LockFile::default() };
        let condition = if replace { Condition::Matches(lease.version) } else { Condition::Any };
        match self.drive.put(path(LOCK)?, json(&file)?, condition).await {
            Err(e) if !e.is_condition() => Err(e),
            _ => Ok(()),
        }
    }

    async fn try_acquire(&self, wait: Duration) -> Result<()> {
        let begun = self.runtime.now();
        loop {
            if let Some(lease) = self.try_create().await?
                && self.begins(lease).await?
            {
                return Ok(());
            }
            let Some((bytes, version)) = self.read_lock().await? else { continue };
            let found = serde_json::from_slice::<LockFile>(&bytes).ok();
            if self.is_takeable(found.as_ref(), &bytes).await? {
                self.log.line(Level::Info, || format!("taking over the lock of {}", owner_of(found.as_ref())));
                if let Some(lease) = self.take_over(version).await?
                    && self.begins(lease).await?
                {
                    return Ok(());
                }
                continue;
            }
            let waited = self.runtime.now().saturating_sub(begun);
            if waited >= wait {
                return Err(locked(found.unwrap_or_default()));
            }
            self.runtime.sleep(POLL.min(wait - waited)).await;
        }
    }

    /// Begins to hold the lock that was written. Where the drive may let two write it at the same moment, it is read again
    /// before anything rests on it: who wrote last has it.
    async fn begins(&self, lease: Lease) -> Result<bool> {
        self.session().lease = Some(lease);
        let ours = self.drive.capabilities().exact || self.still_locked().await?;
        if !ours {
            self.session().lease = None;
        }
        Ok(ours)
    }

    fn our_lock(&self) -> Result<(LockFile, String)> {
        let hold = random_id(&*self.runtime)?;
        let lease_ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let expire = wall_ms(&*self.runtime).saturating_add(lease_ms);
        Ok((
            LockFile { expire, owner: Some(self.client.clone()), device: self.device.clone(), hold: Some(hold.clone()), moved: false },
            hold,
        ))
    }

    async fn write_lock(&self, condition: Condition) -> Result<Option<Lease>> {
        let (file, hold) = self.our_lock()?;
        match self.drive.put(path(LOCK)?, json(&file)?, condition).await {
            Ok(version) => Ok(Some(Lease { hold, version })),
            Err(e) if e.is_condition() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Creates the lock if there is none.
    async fn try_create(&self) -> Result<Option<Lease>> {
        if self.drive.capabilities().create {
            return self.write_lock(Condition::Absent).await;
        }
        match self.read_lock().await? {
            None => self.write_lock(Condition::Any).await,
            Some(_) => Ok(None),
        }
    }

    async fn read_lock(&self) -> Result<Option<(Vec<u8>, Version)>> {
        Ok(match self.drive.get(path(LOCK)?, GetOptions::default()).await? {
            Got::File { bytes, version } => Some((bytes, version)),
            Got::Unchanged | Got::Missing => None,
        })
    }

    async fn take_over(&self, version: Version) -> Result<Option<Lease>> {
        let capabilities = self.drive.capabilities();
        if capabilities.replace {
            return self.write_lock(Condition::Matches(version)).await;
        }
        if capabilities.create {
            self.drive.delete(path(LOCK)?, Condition::Any).await?;
            return self.write_lock(Condition::Absent).await;
        }
        self.write_lock(Condition::Any).await
    }

    /// Whether a lock is our own, left by an interrupted sync, or dead.
    async fn is_takeable(&self, found: Option<&LockFile>, bytes: &[u8]) -> Result<bool> {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let now = wall_ms(&*self.runtime);
        if let Some(lock) = found {
            if lock.owner.as_deref() == Some(self.client.as_str()) {
                return Ok(true);
            }
            if now > lock.expire.saturating_add(ms(GRACE)) {
                return Ok(true);
            }
            if lock.owner.is_none() {
                // An old client does not renew: only its own word counts.
                return Ok(false);
            }
        }
        let stored = self.state.read(vec![SEEN.to_owned()]).await?.into_iter().next().flatten();
        match stored.and_then(|stored| serde_json::from_slice::<LockSeen>(&stored).ok()) {
            Some(seen) if seen.bytes == bytes && seen.at_ms <= now => Ok(now - seen.at_ms >= ms(STILL)),
            _ => {
                let seen = LockSeen { bytes: bytes.to_vec(), at_ms: now };
                self.state.write(vec![StateRecord::set(SEEN, json(&seen)?)]).await?;
                Ok(false)
            }
        }
    }

    /// Renews the lock for as long as it is polled.
    pub(super) async fn keep(&self) -> Result<()> {
        let mut renewed = self.runtime.now();
        loop {
            self.runtime.sleep(RENEW).await;
            let begun = self.runtime.now();
            match self.renew().await {
                Ok(true) => renewed = begun,
                Ok(false) => return Err(Error::condition("lock", "the lock was taken by another client")),
                Err(e) if begun.saturating_sub(renewed) + RENEW >= LEASE => return Err(e),
                Err(_) => {}
            }
        }
    }

    async fn renew(&self) -> Result<bool> {
        let Some(lease) = self.session().lease.clone() else { return Ok(false) };
        let condition = if self.drive.capabilities().replace {
            Condition::Matches(lease.version)
        } else if self.still_locked().await? {
            Condition::Any
        } else {
            return Ok(false);
        };
        let renewed = self.write_lock(condition).await?;
        let kept = renewed.is_some();
        self.session().lease = renewed;
        Ok(kept)
    }

    /// Whether writing the log is still ours: asked where the drive has no conditions that would refuse us.
    pub(super) async fn still_locked(&self) -> Result<bool> {
        let lease = self.session().lease.clone();
        let Some(lease) = lease.filter(|_| !self.drive.capabilities().replace) else { return Ok(true) };
        let found = self.read_lock().await?.and_then(|(bytes, _)| serde_json::from_slice::<LockFile>(&bytes).ok());
        Ok(found.and_then(|lock| lock.hold) == Some(lease.hold))
    }

    pub(super) async fn release(&self) -> Result<()> {
        self.delete_own().await?;
        self.state.write(vec![StateRecord::remove(HELD)]).await
    }

    async fn delete_own(&self) -> Result<()> {
        let Some(lease) = self.session().lease.take() else { return Ok(()) };
        let condition = if self.drive.capabilities().replace {
            Condition::Matches(lease.version)
        } else {
            self.session().lease = Some(lease);
            let ours = self.still_locked().await?;
            self.session().lease = None;
            if !ours {
                return Ok(());
            }
            Condition::Any
        };
        match self.drive.delete(path(LOCK)?, condition).await {
            // Somebody took it over: it is theirs to release.
            Err(e) if e.is_condition() => Ok(()),
            result => result,
        }
    }
}

fn any_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    // Old clients write whole milliseconds; a cast of anything else saturates.
    Ok(f64::deserialize(deserializer)? as u64)
}

fn owner_of(lock: Option<&LockFile>) -> String {
    lock.and_then(|l| l.device.clone().or_else(|| l.owner.clone())).unwrap_or_else(|| "a client that does not give its name".to_owned())
}

fn locked(lock: LockFile) -> Error {
    let owner = lock.device.clone().or_else(|| lock.owner.clone());
    let detail = format!("the drive is locked by {}", owner_of(Some(&lock)));
    Error::new(ErrorKind::Locked { owner, until_ms: lock.expire }, "lock", detail).about(LOCK)
}
