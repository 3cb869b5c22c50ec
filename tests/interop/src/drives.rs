//! The drives that the host and old clients meet on.

use kitestring::{Drive, Result};
use kitestring_adapters::{
    Dropbox, NativeRuntime, WebDav,
    drives::fs::FsDrive,
    http::{Credentials, FixedToken, NativeHttp, Secret},
};
use std::sync::Arc;

/// Whose account it is on an emulator.
const TOKEN: &str = "interop";

/// Opens a drive by how tests write it: `webdav+ADDRESS` for a folder on a server, `dropbox+ADDRESS` for an account on an
/// emulator, or a local folder.
///
/// # Errors
/// If there is no such drive.
pub fn open(drive: &str, runtime: Arc<NativeRuntime>) -> Result<Arc<dyn Drive>> {
    Ok(match drive.split_once('+') {
        Some(("webdav", folder)) => {
            Arc::new(WebDav::new(Arc::new(NativeHttp::new()?), runtime, folder, Credentials::None)?.claiming_create())
        }
        Some(("dropbox", service)) => {
            let tokens = Arc::new(FixedToken::new(Secret::new(TOKEN)));
            Arc::new(Dropbox::emulated(service, Arc::new(NativeHttp::new()?), runtime, "/", tokens)?)
        }
        _ => Arc::new(FsDrive::create(drive)?),
    })
}
