//! Tokens that are always fresh, with one refresh for everybody who asks.
//!
//! Some services give each refresh token once, and take a second use for theft: they end the whole sign-in. So a refresh
//! happens in a turn of the store, which keeps other tasks and processes out; whoever gets the turn reads first what the one
//! before has kept. What comes is kept before it is used. It is only lost if the process dies between the answer and the
//! disk.

use super::{Endpoint, Grant, Spawn, TokenStore, Turn, endpoint::Failure};
use crate::http::{Secret, TokenSource};
use async_lock::Mutex as AsyncMutex;
use futures::channel::oneshot;
use kitestring::{Error, ErrorKind, Result, Runtime, apply, port};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A token is renewed at this part of its life, and up to [`JITTER`] earlier or later, so that programs that got one together
/// do not all come at once.
const RENEWED_AT: f64 = 0.8;
const JITTER: f64 = 0.05;
/// How long a token that is due and cannot be renewed is used without another attempt.
const QUIET: Duration = Duration::from_secs(30);

/// The [`TokenSource`] of a sign-in that a [`TokenStore`] keeps.
#[derive(Clone)]
pub struct RefreshingTokens(Arc<Shared>);

struct Shared {
    endpoint: Endpoint,
    store: Arc<dyn TokenStore>,
    runtime: Arc<dyn Runtime>,
    spawn: Spawn,
    way_out: String,
    turn: AsyncMutex<()>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// What the store had when it was last looked at, and when the device's clock says that it is to be renewed.
    known: Option<(Grant, Option<Duration>)>,
    /// What the service has given and the store has not taken.
    unkept: Option<Unkept>,
    /// Until then a token that is due is used as it is.
    quiet_until: Duration,
}

struct Unkept {
    old: Grant,
    new: Grant,
    turn: Option<Turn>,
}

impl RefreshingTokens {
    /// Takes the service, the store, and a sentence that says how to sign in, such as "run `kite connect dropbox`".
    pub fn new(
        endpoint: Endpoint,
        store: Arc<dyn TokenStore>,
        runtime: Arc<dyn Runtime>,
        spawn: Spawn,
        way_out: impl Into<String>,
    ) -> Self {
        let (way_out, turn, memory) = (way_out.into(), AsyncMutex::default(), Mutex::default());
        Self(Arc::new(Shared { endpoint, store, runtime, spawn, way_out, turn, memory }))
    }
}

#[apply(port!)]
impl TokenSource for RefreshingTokens {
    /// # Cancel safety
    /// A refresh goes on without the caller.
    async fn token(&self, refused: Option<Secret>) -> Result<Secret> {
        let shared = &self.0;
        if let Some(token) = shared.at_hand(refused.as_ref()) {
            return Ok(token);
        }
        let _turn = shared.turn.lock().await;
        if let Some(token) = shared.at_hand(refused.as_ref()) {
            return Ok(token);
        }
        let (tell, told) = oneshot::channel();
        let work = shared.clone();
        (shared.spawn)(Box::pin(async move {
            // Nobody may be waiting any longer.
            let _ = tell.send(work.renewed(refused.as_ref()).await);
        }));
        told.await.map_err(|_| Error::new(ErrorKind::Unavailable, "sign-in", "the tokens were not renewed: the program is ending"))?
    }
}

impl Shared {
    /// Returns the token that is known, if it will do.
    fn at_hand(&self, refused: Option<&Secret>) -> Option<Secret> {
        let memory = self.memory();
        let (grant, due) = memory.known.as_ref().filter(|(grant, _)| refused != Some(&grant.access))?;
        let wall = self.runtime.wall();
        let is_due = due.is_some_and(|due| wall >= due);
        let may_wait = self.runtime.now() < memory.quiet_until && !grant.is_over(wall);
        (!is_due || may_wait).then(|| grant.access.clone())
    }

    /// Renews the token. One that is due and cannot be renewed now is used a while longer.
    async fn renewed(&self, refused: Option<&Secret>) -> Result<Secret> {
        match self.looked_up(refused).await {
            Err(e) if e.kind != ErrorKind::Unauthorized => {
                self.memory().quiet_until = self.runtime.now() + QUIET;
                self.at_hand(refused).ok_or(e)
            }
            other => other,
        }
    }

    /// Looks what the store has, and renews it if that will not do.
    async fn looked_up(&self, refused: Option<&Secret>) -> Result<Secret> {
        let unkept = self.memory().unkept.take();
        let (turn, late) = match unkept {
            Some(Unkept { old, new, turn: Some(turn) }) => (turn, Some((old, new))),
            Some(Unkept { old, new, turn: None }) => (self.store.turn().await?, Some((old, new))),
            None => (self.store.turn().await?, None),
        };
        if let Some((old, new)) = late {
            return self.keep(turn, old, new).await;
        }
        let Some(grant) = self.store.load().await? else { return Err(self.nobody()) };
        self.learn(&grant)?;
        match self.at_hand(refused) {
            Some(token) => Ok(token),
            None => self.renew(turn, grant, refused).await,
        }
    }

    async fn renew(&self, turn: Turn, mut grant: Grant, refused: Option<&Secret>) -> Result<Secret> {
        let mut again = true;
        loop {
            let error = match self.endpoint.refresh(&grant).await {
                Ok(new) => return self.keep(turn, grant, new).await,
                Err(Failure::Other(e)) => return Err(e),
                Err(Failure::Grant(e)) => e,
            };
            // Somebody may have signed in anew, or renewed it in spite of the turn.
            match self.store.load().await? {
                Some(other) if again && other.refresh != grant.refresh => grant = other,
                _ => return Err(self.signed_out(error)),
            }
            self.learn(&grant)?;
            if let Some(token) = self.at_hand(refused) {
                return Ok(token);
            }
            again = false;
        }
    }

    /// Keeps new tokens, and then lets them be used. If that fails, the next call tries to keep them first: to ask for them once
    /// more might end the sign-in. For the same reason nobody else gets a turn before that, if the old refresh token is used up.
    async fn keep(&self, turn: Turn, old: Grant, new: Grant) -> Result<Secret> {
        let grant = match self.store.replace(Some(old.clone()), Some(new.clone())).await {
            Ok(true) => new,
            // Somebody has signed in anew.
            Ok(false) => self.store.load().await?.ok_or_else(|| self.nobody())?,
            Err(e) => {
                let turn = Some(turn).filter(|_| old.refresh != new.refresh);
                self.memory().unkept = Some(Unkept { old, new, turn });
                return Err(e);
            }
        };
        self.learn(&grant)?;
        Ok(grant.access)
    }

    /// Remembers what the store has, and chooses when it is to be renewed.
    fn learn(&self, grant: &Grant) -> Result<()> {
        if self.memory().known.as_ref().is_some_and(|(known, _)| known == grant) {
            return Ok(());
        }
        let mut random = [0; 4];
        self.runtime.random(&mut random)?;
        let spread = (f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)).mul_add(2.0, -1.0);
        let due = grant.life.map(|life| grant.issued.saturating_add(life.mul_f64(RENEWED_AT + JITTER * spread)));
        self.memory().known = Some((grant.clone(), due));
        Ok(())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nobody(&self) -> Error {
        let detail = format!("nobody is signed in to {} here: {}", self.endpoint.provider().service, self.way_out);
        Error::new(ErrorKind::Unauthorized, "sign-in", detail)
    }

    fn signed_out(&self, error: Error) -> Error {
        let detail = format!("{}: {}", error.detail(), self.way_out);
        Error::new(ErrorKind::Unauthorized, "sign-in", detail).caused_by(error)
    }
}

impl fmt::Debug for RefreshingTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingTokens").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}
