//! A token that ends a running call from elsewhere.

use futures::{
    channel::oneshot,
    future::{Either, FutureExt as _, Shared, select},
};
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

/// Ends the calls it was given to. Clones are one token.
///
/// Cancelling is the same as dropping the call's future: it stops at its current await, and the next sync
/// carries on from there.
#[derive(Clone)]
pub struct CancelToken {
    sender: Arc<Mutex<Option<oneshot::Sender<()>>>>,
    cancelled: Shared<oneshot::Receiver<()>>,
}

impl CancelToken {
    /// Makes a token that is not cancelled.
    pub fn new() -> Self {
        let (sender, receiver) = oneshot::channel();
        Self { sender: Arc::new(Mutex::new(Some(sender))), cancelled: receiver.shared() }
    }

    /// Cancels; a second time is harmless.
    pub fn cancel(&self) {
        if let Some(sender) = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The receiver lives in this very token: sending cannot fail while anybody listens.
            let _ = sender.send(());
        }
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Runs `work` until it ends or the token is cancelled; none then.
    pub(crate) async fn guard<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        if self.is_cancelled() {
            return None;
        }
        // Asked first: what cancels from inside of the work ends it, even if the work never waits for anything.
        match select(self.cancelled.clone(), pin!(work)).await {
            Either::Left(_) => None,
            Either::Right((value, _)) => Some(value),
        }
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CancelToken({})", if self.is_cancelled() { "cancelled" } else { "live" })
    }
}
