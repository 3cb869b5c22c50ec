//! The last file of an export: what all the others are.

use super::{VaultFile, listing::Kind};
use crate::{Digest, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form that this library writes and reads.
const FORMAT: u64 = 1;
const WHAT: &str = "export";

/// What an export says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    kitestring: String,
    format: u64,
    layout: String,
    pub(super) vault: Option<String>,
    /// The files, by their paths.
    pub(super) files: BTreeMap<String, Told>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) size: u64,
    pub(super) sha256: Digest,
}

impl Told {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, sha256: Digest::of(bytes) }
    }
}

impl Manifest {
    pub(super) fn new(kind: Kind, vault: Option<String>, files: BTreeMap<String, Told>) -> Self {
        Self { kitestring: WHAT.to_owned(), format: FORMAT, layout: kind.name().to_owned(), vault, files }
    }

    pub(super) fn encode(&self) -> Result<VaultFile> {
        let bytes = serde_json::to_vec(self).map_err(|e| Error::internal("export", "the list of files could not be made").caused_by(e))?;
        Ok(VaultFile { path: VaultFile::MANIFEST.to_owned(), bytes })
    }

    /// Reads the file; says also which layout it is.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, Kind)> {
        #[derive(Deserialize)]
        struct Opening {
            kitestring: String,
            format: u64,
        }
        let senseless =
            |why: String| Error::corrupt("import", format!("the list of files makes no sense: {why}")).about(VaultFile::MANIFEST);
        let opening: Opening = serde_json::from_slice(bytes).map_err(|e| senseless(e.to_string()))?;
        if opening.kitestring != WHAT {
            return Err(senseless("it is no export".to_owned()));
        }
        if opening.format > FORMAT {
            let detail = "a newer version of this library has exported this: update this one";
            return Err(Error::new(ErrorKind::NeedsNewerVersion, "import", detail));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| senseless(e.to_string()))?;
        let kind = Kind::of(&manifest.layout).ok_or_else(|| senseless("there is no such layout".to_owned()))?;
        match manifest.files.keys().find(|path| !kind.has(path)) {
            Some(path) => Err(senseless(format!("no vault has a file {path}"))),
            None => Ok((manifest, kind)),
        }
    }

    /// Names this very export.
    pub(super) fn digest(&self) -> Result<Digest> {
        self.encode().map(|file| Digest::of(&file.bytes))
    }
}
