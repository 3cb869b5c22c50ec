//! Where a sign-in is kept.

use super::Grant;
use async_lock::{Mutex, MutexGuardArc};
use kitestring::{MaybeSend, MaybeSync, Result, apply, port};
use std::{fmt, sync::Arc};

/// The right to refresh, until it is dropped.
pub struct Turn(#[allow(dead_code, reason = "dropping it gives the turn back")] Option<Box<dyn Held>>);

trait Held: MaybeSend + MaybeSync {}
impl<T: MaybeSend + MaybeSync> Held for T {}

impl Turn {
    /// Takes what gives the turn back when it is dropped.
    pub fn held(by: impl MaybeSend + MaybeSync + 'static) -> Self {
        Self(Some(Box::new(by)))
    }

    /// A turn that keeps nobody out: for a store that one [`super::RefreshingTokens`] uses alone.
    pub fn alone() -> Self {
        Self(None)
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

/// Keeps the tokens of one account, for every program of the device that uses it.
#[apply(port!)]
pub trait TokenStore: MaybeSend + MaybeSync {
    /// Returns what is kept; none if nobody is signed in.
    ///
    /// # Errors
    /// `state` if it cannot be read.
    async fn load(&self) -> Result<Option<Grant>>;

    /// Keeps `new` in the place of `known`, durably and all of it or nothing, if that is still what is kept; otherwise
    /// answers `false`. None stands for nothing kept.
    ///
    /// # Errors
    /// `state` if it cannot be written.
    async fn replace(&self, known: Option<Grant>, new: Option<Grant>) -> Result<bool>;

    /// Waits for the right to refresh. It keeps out everybody who takes a turn at the same tokens, in this process and in
    /// others, and ends with its holder, in whatever way that ends. Where two hold it all the same, a service that gives each
    /// refresh token once may end the sign-in.
    ///
    /// # Errors
    /// `unavailable` if somebody else does not give it back; `state` if the store cannot tell.
    async fn turn(&self) -> Result<Turn>;
}

/// A [`TokenStore`] in memory: for tests, and for programs that sign in each time.
#[derive(Debug, Default)]
pub struct MemoryTokens {
    kept: Mutex<Option<Grant>>,
    turn: Arc<Mutex<()>>,
}

impl MemoryTokens {
    /// Takes what it keeps at first.
    pub fn new(kept: Option<Grant>) -> Self {
        Self { kept: Mutex::new(kept), turn: Arc::default() }
    }
}

#[apply(port!)]
impl TokenStore for MemoryTokens {
    async fn load(&self) -> Result<Option<Grant>> {
        Ok(self.kept.lock().await.clone())
    }

    async fn replace(&self, known: Option<Grant>, new: Option<Grant>) -> Result<bool> {
        let mut kept = self.kept.lock().await;
        let is_known = *kept == known;
        if is_known {
            *kept = new;
        }
        Ok(is_known)
    }

    async fn turn(&self) -> Result<Turn> {
        let guard: MutexGuardArc<()> = self.turn.lock_arc().await;
        Ok(Turn::held(guard))
    }
}
