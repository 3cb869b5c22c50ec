//! Noticing changes on the drive.

use crate::{drive_url::DriveUrl, layout::Telltale};
use async_io::Timer;
use kitestring::{Drive, Result, drive::Changed};
use std::{path::Path, sync::Arc, time::Duration};

/// After this time a drive that answered with an error is synced with.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits for changes on a drive.
pub(crate) struct DriveWatch {
    drive: Arc<dyn Drive>,
    telltale: Telltale,
    /// What the drive was like before the last sync; none if it could not say.
    token: Option<String>,
}

impl DriveWatch {
    /// Opens the drive of a folder that has synced; `own` is kite's own folder in it.
    ///
    /// # Errors
    /// As [`DriveUrl::watched`].
    pub(crate) fn open(url: &DriveUrl, telltale: Telltale, own: &Path) -> Result<Self> {
        Ok(Self { drive: url.watched(telltale, own)?, telltale, token: None })
    }

    /// Whether this is what it looks at.
    pub(crate) fn looks_at(&self, telltale: Telltale) -> bool {
        self.telltale == telltale
    }

    /// Remembers what the drive is like: whatever changes from now on, the own changes of the coming sync too, ends
    /// the next wait.
    ///
    /// # Errors
    /// What the drive answers.
    pub(crate) async fn look(&mut self) -> Result<()> {
        self.token = match self.drive.changed_since(None).await? {
            Changed::Yes(token) => Some(token),
            _ => None,
        };
        Ok(())
    }

    /// Waits until something changed on the drive, looking at least once in `every`.
    pub(crate) async fn changed(&self, every: Duration) {
        loop {
            let pause = match self.drive.wait_for_change(self.token.clone(), every).await {
                Ok(Changed::No) => continue,
                Ok(Changed::Yes(_)) => return,
                Ok(Changed::Unknown) => every,
                // The sync says it better.
                Err(_) => PAUSE,
            };
            Timer::after(pause).await;
            return;
        }
    }
}
