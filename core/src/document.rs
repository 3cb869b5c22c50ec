//! A document, and what can be said of one without its content.

use crate::{DocId, Revision, hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The SHA-256 of a body: tells equal from changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Computes the digest of a whole body.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// Returns a digest under construction, for a body that comes in parts.
    pub fn builder() -> DigestBuilder {
        DigestBuilder(Sha256::new())
    }

    /// Takes 32 bytes that are already a SHA-256.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::read(text, true).map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The first half of a digest: tells, without a transfer, that two contents are equal. It is never what is agreed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Short(pub [u8; 16]);

impl Short {
    /// Takes the first half of a digest.
    pub fn of(digest: &Digest) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Self(half)
    }

    /// Returns a digest that begins so and equals none that was computed.
    pub(crate) fn stand_in(self) -> Digest {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        Digest(bytes)
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(32);
        hex::push(&self.0, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        hex::read(&text, false).map(Self).ok_or_else(|| de::Error::custom("half a digest has 32 hexadecimal digits"))
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        hex::push(&self.0, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| de::Error::custom("a digest has 64 hexadecimal digits"))
    }
}

/// A digest under construction.
#[derive(Clone)]
pub struct DigestBuilder(Sha256);

impl DigestBuilder {
    /// Adds the next part of the body.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// Returns the digest of all parts.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for DigestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestBuilder")
    }
}

/// The content of a document.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// The bytes themselves.
    Whole(Vec<u8>),
    /// A body that is passed in parts: read with `Application::read_part`, or already handed over with
    /// `Application::stage_part`.
    Parts {
        /// Its size in bytes.
        size: u64,
    },
}

impl Body {
    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Parts { size } => *size,
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(bytes)
    }
}

impl fmt::Debug for Body {
    /// Shows the size only: content does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.size())
    }
}

/// A document of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which document.
    pub id: DocId,
    /// Its revision in the host.
    pub revision: Revision,
    /// Its content.
    pub body: Body,
}

/// A document of the host without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which document.
    pub id: DocId,
    /// Its revision in the host.
    pub revision: Revision,
    /// The SHA-256 of its body, if the host knows it cheaply. Without it `reconcile` reads the body.
    pub digest: Option<Digest>,
    /// The size of its body in bytes, if known: it bounds the batches in which bodies are asked for.
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_a_text_form() {
        let digest = Digest::of(b"abc");
        assert!(digest.to_string().starts_with("ba7816bf8f01cfea"));
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::from_hex("zz"), None);
        assert_eq!(Digest::from_hex(&"+1".repeat(32)), None);
        let mut parts = Digest::builder();
        parts.update(b"a");
        parts.update(b"bc");
        assert_eq!(parts.finish(), digest);
    }
}
