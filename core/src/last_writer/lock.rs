//! The lock: `lock.json {expire}`, and in it a hold that old clients ignore, so that only the own lock is taken back or
//! removed.

use super::{LastWriter, files::json, files::path};
use crate::{
    Error, ErrorKind, Result,
    drive::Condition,
    last_writer::files::Read,
    runtime::{random_id, wall_ms},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `lock.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LockFile {
    /// When it ends, in milliseconds since the Unix epoch by its owner's clock.
    #[serde(default)]
    expire: Option<f64>,
    /// A random id of this hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    /// Whether it never ends, because the vault has gone from here.
    #[serde(default, skip_serializing)]
    moved: bool,
}

/// The lock, while this client believes that it has it.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    hold: String,
    lasts: Duration,
    /// When it was written last, by the runtime's clock.
    since: Duration,
}

impl LastWriter {
    /// Returns a new name for a hold, to be remembered before the lock is taken.
    ///
    /// # Errors
    /// `unavailable` if there is no randomness.
    pub fn new_hold(&self) -> Result<String> {
        random_id(&*self.runtime)
    }

    /// Takes the lock for `lasts` under the name `hold`. One that has ended, or whose hold is `left`, is taken over.
    ///
    /// # Errors
    /// `locked` if another client has it; `moved` or `unavailable` if the vault has gone to the journal layout; what the drive answers.
    pub async fn acquire(&self, lasts: Duration, hold: String, left: Option<String>) -> Result<()> {
        let since = self.runtime.now();
        if !self.create(lasts, &hold).await? {
            let found = match self.read::<LockFile>(&path("lock.json")?).await? {
                Read::Parsed(lock) => lock,
                // It is gone by now, or holds nothing that anybody could wait for.
                Read::Missing | Read::Senseless(_) => LockFile { expire: Some(0.0), ..LockFile::default() },
            };
            let ours = found.hold.is_some() && found.hold == left;
            let ended = found.expire.is_some_and(|expire| wall_ms(&*self.runtime) as f64 > expire);
            if found.moved {
                self.refuse_gone().await?;
            }
            if !ours && !ended {
                return Err(locked(&found));
            }
            self.drive.delete(path("lock.json")?, Condition::Any).await?;
            if !self.create(lasts, &hold).await? {
                return Err(locked(&found));
            }
        }
        self.session().lease = Some(Lease { hold, lasts, since });
        Ok(())
    }

    /// Releases the lock, if it is still this client's.
    ///
    /// # Errors
    /// What the drive answers.
    pub async fn release(&self) -> Result<()> {
        let Some(lease) = self.session().lease.take() else { return Ok(()) };
        if self.is_worn(&lease) && !self.is_held(&lease).await? {
            return Ok(());
        }
        self.drive.delete(path("lock.json")?, Condition::Any).await
    }

    /// Makes sure of the lock, and renews it when half of its time has passed. A lock that the host takes by itself is its
    /// own business.
    pub(super) async fn keep(&self) -> Result<()> {
        let Some(lease) = self.session().lease.clone() else { return Ok(()) };
        if !self.is_worn(&lease) {
            return Ok(());
        }
        if !self.is_held(&lease).await? {
            self.session().lease = None;
            let detail = "the lock was taken by another client while this one stood still; nothing was logged, try again";
            return Err(Error::new(ErrorKind::Locked { owner: None, until_ms: wall_ms(&*self.runtime) }, "lock", detail));
        }
        let since = self.runtime.now();
        self.put(path("lock.json")?, self.lock_file(lease.lasts, &lease.hold)?).await?;
        self.session().lease = Some(Lease { since, ..lease });
        Ok(())
    }

    fn is_worn(&self, lease: &Lease) -> bool {
        self.runtime.now().saturating_sub(lease.since) >= lease.lasts / 2
    }

    async fn is_held(&self, lease: &Lease) -> Result<bool> {
        let found = self.read::<LockFile>(&path("lock.json")?).await?;
        Ok(matches!(found, Read::Parsed(lock) if lock.hold.as_ref() == Some(&lease.hold)))
    }

    /// Answers false if there is a lock already.
    async fn create(&self, lasts: Duration, hold: &str) -> Result<bool> {
        match self.drive.put(path("lock.json")?, self.lock_file(lasts, hold)?, Condition::Absent).await {
            Ok(_) => Ok(true),
            Err(e) if e.is_condition() => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn lock_file(&self, lasts: Duration, hold: &str) -> Result<Vec<u8>> {
        let expire = wall_ms(&*self.runtime).saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
        #[derive(Serialize)]
        struct Written<'a> {
            expire: u64,
            hold: &'a str,
        }
        json(&Written { expire, hold })
    }
}

fn locked(lock: &LockFile) -> Error {
    let until_ms = lock.expire.unwrap_or_default() as u64;
    Error::new(ErrorKind::Locked { owner: None, until_ms }, "lock", "another client has locked the drive").about("lock.json")
}
