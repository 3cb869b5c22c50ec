//! Who wrote a record, which one, and what its file is called.

use crate::{Digest, drive::DrivePath, hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The folder of the records.
pub(crate) const RECORDS: &str = "j";
/// The largest order that a name can hold.
pub(crate) const MAX_ORDER: u64 = (1 << 40) - 1;
/// The largest number that a record of one writer can have.
pub(crate) const MAX_SEQ: u64 = (1 << 24) - 1;

/// Bytes that are written in lower-case hexadecimal.
macro_rules! hex_type {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) [u8; $len]);

        impl $name {
            /// Reads the hexadecimal form; upper-case digits are refused, so that every name has one spelling.
            pub(crate) fn from_hex(text: &str) -> Option<Self> {
                hex::read(text, false).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex::write(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_hex(&text).ok_or_else(|| de::Error::custom("not the expected number of lower-case hexadecimal digits"))
            }
        }
    };
}

hex_type! {
    /// The id of a vault: random.
    VaultId, 16
}
hex_type! {
    /// Who writes: the first 8 bytes are the device, the other 6 its incarnation.
    Writer, 14
}
hex_type! {
    /// The first 16 bytes of a SHA-256.
    Hash, 16
}

impl Writer {
    /// Returns the device, without its incarnation.
    pub(crate) fn device(&self) -> &[u8] {
        self.0.get(..8).unwrap_or_default()
    }
}

impl Hash {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::from(&Digest::of(bytes))
    }
}

impl From<&Digest> for Hash {
    fn from(digest: &Digest) -> Self {
        let mut hash = [0; 16];
        hash.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }
}

/// Names one record, and in it at most one version of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Dot {
    pub(crate) writer: Writer,
    pub(crate) seq: u64,
}

/// A record as the next one of its writer, or a head, refers to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) order: u64,
    pub(crate) hash: Hash,
}

/// The name of a record's file: `<order>-<writer>-<seq>-<hash>` in hexadecimal of fixed width, so that names sort by
/// order. The hash is the first half of the link's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RecordName {
    pub(crate) order: u64,
    pub(crate) writer: Writer,
    pub(crate) seq: u64,
    hash: [u8; 8],
}

impl RecordName {
    pub(crate) fn new(writer: Writer, link: &Link) -> Self {
        let mut hash = [0; 8];
        hash.iter_mut().zip(link.hash.0).for_each(|(to, from)| *to = from);
        Self { order: link.order, writer, seq: link.seq, hash }
    }

    pub(crate) fn from_parts(order: u64, writer: Writer, seq: u64, hash: [u8; 8]) -> Self {
        Self { order, writer, seq, hash }
    }

    /// Returns the part of the hash that the name holds.
    pub(crate) fn hash_part(&self) -> [u8; 8] {
        self.hash
    }

    /// Whether a record with this link may have this name.
    pub(crate) fn fits(&self, writer: Writer, link: &Link) -> bool {
        *self == Self::new(writer, link)
    }

    pub(crate) fn dot(&self) -> Dot {
        Dot { writer: self.writer, seq: self.seq }
    }

    /// Reads a name as a listing gives it; none if it is no record's.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (order, writer, seq, hash) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || order.len() != 10 || seq.len() != 6 || hash.len() != 16 {
            return None;
        }
        let number = |text| u64::from_str_radix(text, 16).ok();
        let name = Self { order: number(order)?, writer: Writer::from_hex(writer)?, seq: number(seq)?, hash: number(hash)?.to_be_bytes() };
        // One spelling for each name.
        (name.to_string() == text && name.seq > 0).then_some(name)
    }

    /// Returns the path of the record's file.
    pub(crate) fn path(&self) -> DrivePath {
        // Hexadecimal digits and hyphens are a path; the root is what is left if they ever were not.
        DrivePath::new(format!("{RECORDS}/{self}")).unwrap_or_else(|_| DrivePath::root())
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010x}-{}-{:06x}-{:016x}", self.order, self.writer, self.seq, u64::from_be_bytes(self.hash))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn names_sort_by_order_and_have_one_spelling() {
        let link = |order, seq| Link { seq, order, hash: Hash([0xab; 16]) };
        let (early, late) = (RecordName::new(Writer([9; 14]), &link(9, 70)), RecordName::new(Writer([1; 14]), &link(16, 2)));
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().len(), 63);
        assert_eq!(RecordName::parse(&early.to_string()), Some(early));
        assert_eq!(RecordName::parse(&early.to_string().to_uppercase()), None);
        assert_eq!(RecordName::parse(&format!("{early}.tmp")), None);
        assert_eq!(RecordName::parse(&format!("{early} (conflicted copy)")), None);
        assert_eq!(RecordName::parse(&early.to_string().replacen("0", "+", 1)), None);
        assert!(early.fits(Writer([9; 14]), &link(9, 70)) && !early.fits(Writer([9; 14]), &link(9, 71)));
        assert_eq!(early.path().as_str(), format!("j/{early}"));
    }
}
