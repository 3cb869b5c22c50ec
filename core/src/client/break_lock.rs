//! The lock that somebody has left behind: shown, and broken if people say so.

use super::{Client, Inner, Layout, SyncOptions, sync};
use crate::{CancelToken, Error, HeldLock, Result};
use std::sync::Arc;

impl Client {
    /// Looks at the lock on the drive: in the classic layout that of whoever pushes, in the journal layout the lease of
    /// whoever puts the vault in order. None if there is none.
    ///
    /// # Errors
    /// Those of the drive; `wrong_key` if the vault is sealed and does not open.
    pub async fn held_lock(&self) -> Result<Option<HeldLock>> {
        self.in_turn("lock", &CancelToken::new(), Box::pin(held(&self.inner))).await
    }

    /// Removes a lock as it was shown. It ends by itself; this is for who cannot wait, and knows that its owner is gone.
    ///
    /// # Errors
    /// `condition` if there is another one by now: look again. `not_found` if there is none any longer; `invalid_input` if it is
    /// there because the vault was brought to the journal layout.
    ///
    /// # Cancel safety
    /// Dropped, the lock is there or is not.
    pub async fn break_lock(&self, seen: HeldLock) -> Result<()> {
        self.in_turn("lock", &CancelToken::new(), Box::pin(break_seen(&self.inner, seen))).await
    }
}

async fn held(inner: &Arc<Inner>) -> Result<Option<HeldLock>> {
    let drive = Arc::new(sync::metered(inner, true).await?);
    match &inner.options.layout {
        #[cfg(feature = "classic")]
        Layout::Classic(layout) => sync::classic(inner, drive, layout, &SyncOptions::default()).held().await,
        #[cfg(feature = "journal")]
        Layout::Journal(layout) => sync::journal(inner, drive, layout, Default::default()).held_lease().await,
    }
}

async fn break_seen(inner: &Arc<Inner>, seen: HeldLock) -> Result<()> {
    let drive = Arc::new(sync::metered(inner, true).await?);
    match &inner.options.layout {
        #[cfg(feature = "classic")]
        Layout::Classic(layout) => sync::classic(inner, drive, layout, &SyncOptions::default()).break_held(&seen).await,
        #[cfg(feature = "journal")]
        Layout::Journal(layout) => sync::journal(inner, drive, layout, Default::default()).break_lease(&seen).await,
    }
}

/// The error for a lock that is another one than was shown, or gone.
pub(crate) fn moved(seen: &HeldLock, found: Option<&HeldLock>) -> Error {
    match found {
        Some(_) => Error::condition("lock", "the lock is another one by now: look at it again").about(&*seen.path),
        None => Error::new(crate::ErrorKind::NotFound, "lock", "the lock is gone already").about(&*seen.path),
    }
}
