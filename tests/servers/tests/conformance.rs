//! The WebDAV drive through every clause of the specification, on every server.

use kitestring::Result;
use kitestring_conformance::{Storage, conformance};
use kitestring_servers::{Kind, delete_folder, drive};

conformance! {
    webdav_on_wsgidav => || async { storage(Kind::WsgiDav) }, |folder: &str| drive(folder);
    webdav_on_apache => || async { storage(Kind::Apache) }, |folder: &str| drive(folder);
    webdav_on_nginx => || async { storage(Kind::Nginx) }, |folder: &str| drive(folder);
    webdav_on_rclone => || async { storage(Kind::Rclone) }, |folder: &str| drive(folder);
}

/// A folder of its own on the shared server, which other clients and processes can reach, and which can be deleted.
fn storage(kind: Kind) -> Result<Storage> {
    let folder = kind.empty_folder()?;
    let (again, gone) = (folder.clone(), folder.clone());
    let storage = Storage::new(drive(&folder)?).shared_by(move || drive(&again)).at(folder);
    Ok(storage.unmounted_by(move || delete_folder(&gone)))
}
