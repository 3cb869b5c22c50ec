//! The marker of a place into which a vault is being imported. It is a marker of a later format: no client, of whatever
//! version, takes the place for a vault, or makes one there.

use crate::{Digest, Error, ErrorKind, Result, Retry};
use serde::{Deserialize, Serialize};

/// Later than any format that there will be.
pub(super) const FORMAT: u64 = 4_000_000_000;

#[derive(Serialize, Deserialize)]
struct Importing {
    kitestring: String,
    format: u64,
    /// A classic marker has one.
    vault: String,
    /// The digest of what is imported.
    importing: Digest,
}

/// Returns the file.
pub(super) fn marker(layout: &str, importing: Digest) -> Result<Vec<u8>> {
    let marker = Importing { kitestring: layout.to_owned(), format: FORMAT, vault: String::new(), importing };
    serde_json::to_vec(&marker).map_err(|e| Error::internal("import", "a marker could not be made").caused_by(e))
}

/// What is being imported, if a marker says so.
pub(super) fn read(marker: &[u8]) -> Option<Digest> {
    serde_json::from_slice::<Importing>(marker).ok().filter(|marker| marker.format == FORMAT).map(|marker| marker.importing)
}

/// Refuses a place into which a vault is being imported.
pub(crate) fn refuse(marker: &[u8], path: &str) -> Result<()> {
    if read(marker).is_none() {
        return Ok(());
    }
    let detail = "a vault is being imported here, or its import was interrupted: complete it by importing the same once more";
    Err(Error::new(ErrorKind::Unavailable, "sync", detail).with_retry(Retry::Never).about(path))
}
