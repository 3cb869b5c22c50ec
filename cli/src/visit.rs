//! A look at a vault, through a folder that syncs with it or by the drive's own address: for commands that care for the vault
//! rather than for a folder. Without a folder the client knows nothing but what is on the drive, and remembers nothing.

use crate::{
    args::Place,
    config::Config,
    drive_url::DriveUrl,
    layout::Layout,
    output,
    sealed::Opening,
    session::{self, Session},
};
use kitestring::{Client, Drive, DrivePath, Error, ErrorKind, Log, MemoryApplication, MemoryState, Result};
use std::sync::Arc;

/// A client of a vault.
pub(crate) struct Visit {
    /// The client.
    pub client: Client,
    /// How the vault is laid out.
    pub layout: Layout,
    /// What people call the place.
    pub shown: String,
    /// The folder's own session, if the place is a folder.
    pub session: Option<Session>,
}

impl Visit {
    /// Opens a place that was typed: a synced folder, or the address of a drive.
    ///
    /// # Errors
    /// `not_found` if there is no vault; those of opening a folder, or a drive.
    pub(crate) async fn of(place: &Place, opening: &Opening) -> Result<Self> {
        if Config::read(&place.place)?.is_none() {
            return Self::by_address(place, opening).await;
        }
        let session = Session::for_local_work(&place.place, opening).await?;
        let (client, config) = (session.client.clone(), &session.config);
        let (layout, shown) = (config.layout, config.drive.shown_dataset());
        Ok(Self { client, layout, shown, session: Some(session) })
    }

    async fn by_address(place: &Place, opening: &Opening) -> Result<Self> {
        let url = DriveUrl::parse(place.place.as_os_str())?.with_collection(place.collection.as_deref())?;
        let shown = url.shown_dataset();
        let (drive, layout) = open(&url).await?;
        let config = Config::new(url, layout, "kite".to_owned());
        let mut options = session::options(&config);
        options.encryption = opening.for_local_work(&config)?;
        if opening.verbose {
            options.log = Log::new(|level, line| output::note(output::styled(output::FAINT, format_args!("{level:?}: {line}"))));
        }
        let client = Client::open(Arc::new(MemoryApplication::new()), Arc::new(MemoryState::new()), drive, options).await?;
        Ok(Self { client, layout, shown, session: None })
    }
}

/// Opens a drive that must hold something of a vault, even if that has lost its marker.
async fn open(url: &DriveUrl) -> Result<(Arc<dyn Drive>, Layout)> {
    if let Some(layout) = url.layout()? {
        return Ok((url.open(false, layout, None)?, layout));
    }
    let drive = url.open(false, Layout::Journal, None)?;
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = drive.list_dir(DrivePath::root(), cursor).await?;
        names.extend(page.entries.into_iter().map(|entry| entry.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    match (has(&["j", "v", "h", "k", "head"]), has(&["docs", "changes"])) {
        (true, _) => Ok((drive, Layout::Journal)),
        (false, true) => Ok((url.open(false, Layout::Classic, None)?, Layout::Classic)),
        (false, false) => {
            let detail = "there is no vault, nor anything that one leaves: check the address";
            Err(Error::new(ErrorKind::NotFound, "open", detail).about(url.shown_dataset()))
        }
    }
}
