//! The drives that the host and old clients meet on.

use kitestring::{Drive, DrivePath, Result};
use kitestring_adapters::{
    Dropbox, GDrive, NativeRuntime, OneDrive, WebDav,
    drives::fs::FsDrive,
    http::{Credentials, FixedToken, NativeHttp, Secret},
};
use std::{sync::Arc, time::Duration};

/// Whose account it is on an emulator.
const TOKEN: &str = "interop";
/// The searches of the emulator know everything at once.
const SETTLES: Duration = Duration::from_millis(20);

/// Opens a drive by how tests write it: `webdav+ADDRESS` for a folder on a server, `dropbox+ADDRESS` for an account on an
/// emulator, `gdrive+ADDRESS` or `onedrive+ADDRESS` for the folder of the app in one, or a local folder.
///
/// # Errors
/// If there is no such drive.
pub async fn open(drive: &str, runtime: Arc<NativeRuntime>) -> Result<Arc<dyn Drive>> {
    Ok(match drive.split_once('+') {
        Some(("webdav", folder)) => {
            Arc::new(WebDav::new(Arc::new(NativeHttp::new()?), runtime, folder, Credentials::None)?.claiming_create())
        }
        Some(("dropbox", service)) => {
            let tokens = Arc::new(FixedToken::new(Secret::new(TOKEN)));
            Arc::new(Dropbox::emulated(service, Arc::new(NativeHttp::new()?), runtime, "/", tokens)?)
        }
        Some(("gdrive", service)) => {
            let tokens = Arc::new(FixedToken::new(Secret::new(TOKEN)));
            let drive = GDrive::emulated(service, Arc::new(NativeHttp::new()?), runtime, None, tokens)?;
            let drive = drive.with_classic_layout_in(&DrivePath::root())?.settling_for(SETTLES);
            drive.make_root().await?;
            Arc::new(drive)
        }
        Some(("onedrive", service)) => {
            let tokens = Arc::new(FixedToken::new(Secret::new(TOKEN)));
            Arc::new(OneDrive::emulated(service, Arc::new(NativeHttp::new()?), runtime, None, tokens)?)
        }
        _ => Arc::new(FsDrive::create(drive)?),
    })
}
