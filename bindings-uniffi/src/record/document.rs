//! Documents, and the parts of large ones.

use super::text;
use kitestring::{Digest, DocId, Error, ErrorKind, Revision};

/// The content of a document.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Body {
    /// The bytes themselves.
    Whole {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A body that is passed in parts.
    Parts {
        /// Its size in bytes.
        size: u64,
    },
}

impl From<kitestring::Body> for Body {
    fn from(body: kitestring::Body) -> Self {
        match body {
            kitestring::Body::Whole(bytes) => Self::Whole { bytes },
            kitestring::Body::Parts { size } => Self::Parts { size },
        }
    }
}

impl From<Body> for kitestring::Body {
    fn from(body: Body) -> Self {
        match body {
            Body::Whole { bytes } => Self::Whole(bytes),
            Body::Parts { size } => Self::Parts { size },
        }
    }
}

/// A document of the host.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Document {
    /// Which document.
    pub id: String,
    /// Its revision in the host.
    pub revision: String,
    /// Its content.
    pub body: Body,
}

impl TryFrom<Document> for kitestring::Document {
    type Error = Error;
    fn try_from(document: Document) -> Result<Self, Error> {
        let Document { id, revision, body } = document;
        Ok(Self { id: DocId::new(id)?, revision: Revision::new(revision), body: body.into() })
    }
}

impl From<kitestring::Document> for Document {
    fn from(document: kitestring::Document) -> Self {
        Self { id: document.id.as_str().to_owned(), revision: text(&document.revision), body: document.body.into() }
    }
}

/// A document of the host without its content.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Entry {
    /// Which document.
    pub id: String,
    /// Its revision in the host.
    pub revision: String,
    /// The SHA-256 of its body in 64 hexadecimal digits, if the host knows it cheaply.
    #[uniffi(default = None)]
    pub digest: Option<String>,
    /// The size of its body in bytes, if known.
    #[uniffi(default = None)]
    pub size: Option<u64>,
}

impl TryFrom<Entry> for kitestring::Entry {
    type Error = Error;
    fn try_from(entry: Entry) -> Result<Self, Error> {
        let Entry { id, revision, digest, size } = entry;
        Ok(Self { id: DocId::new(id)?, revision: Revision::new(revision), digest: digest.map(digest_of).transpose()?, size })
    }
}

pub(crate) fn digest_of(hex: String) -> Result<Digest, Error> {
    let wrong = || Error::new(ErrorKind::InvalidInput, "digest", "a digest has 64 hexadecimal digits");
    Digest::from_hex(&hex).ok_or_else(wrong)
}

/// A part of a body that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PartRequest {
    /// Which document.
    pub id: String,
    /// The revision that `get` answered.
    pub revision: String,
    /// The first byte.
    pub offset: u64,
    /// How many bytes at most.
    pub length: u64,
}

impl From<kitestring::PartRequest> for PartRequest {
    fn from(part: kitestring::PartRequest) -> Self {
        Self { id: part.id.as_str().to_owned(), revision: text(&part.revision), offset: part.offset, length: part.length }
    }
}

/// A part of a body that is handed over.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct StagedPart {
    /// Which document.
    pub id: String,
    /// The revision under which `apply` will name it.
    pub revision: String,
    /// The first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl From<kitestring::StagedPart> for StagedPart {
    fn from(part: kitestring::StagedPart) -> Self {
        Self { id: part.id.as_str().to_owned(), revision: text(&part.revision), offset: part.offset, bytes: part.bytes }
    }
}
