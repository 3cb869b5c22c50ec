//! Ids and revisions: text, with a hidden note of whether JSON spelled it as a number.
//!
//! Two names are equal when their text is: on a drive, 42 and "42" are one file. The spelling only rides
//! along, so that a JavaScript host that stored `42` sees `42` again.

use crate::{Digest, Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{cmp::Ordering, fmt, hash, sync::Arc};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            text: Arc<str>,
            number: bool,
        }

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.text
            }

            /// Whether JSON spells this as a number.
            pub fn is_number(&self) -> bool {
                self.number
            }

            /// Spells it as a number if the text is a number's canonical form, as text otherwise.
            #[must_use]
            pub fn spelled_as_number(mut self, number: bool) -> Self {
                self.number = number && canonical_number(&self.text).is_some();
                self
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.text.cmp(&other.text)
            }
        }
        impl hash::Hash for $name {
            fn hash<H: hash::Hasher>(&self, state: &mut H) {
                self.text.hash(state);
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.number {
                    f.write_str(&self.text)
                } else {
                    fmt::Debug::fmt(&self.text, f)
                }
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                match self.number.then(|| canonical_number(&self.text)).flatten() {
                    Some(number) => number.serialize(serializer),
                    None => serializer.serialize_str(&self.text),
                }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let (text, number) = deserializer.deserialize_any(TextOrNumber)?;
                Self::checked(text, number).map_err(de::Error::custom)
            }
        }
    };
}

name_type! {
    /// The id of a document: any UTF-8 string of 1 to 1024 bytes.
    DocId
}

name_type! {
    /// A revision: a string that the host gives and the core only compares for equality.
    Revision
}

impl DocId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a text as an id.
    ///
    /// # Errors
    /// `invalid_input` if it is empty or longer than 1024 bytes.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self> {
        Self::checked(text.into(), false)
    }

    /// Takes the name of a document on a drive, which may be longer than an id because of its encoding.
    pub(crate) fn on_drive(text: &str, number: bool) -> Self {
        Self { text: text.into(), number: false }.spelled_as_number(number)
    }

    fn checked(text: Arc<str>, number: bool) -> Result<Self> {
        match text.len() {
            0 => Err(Error::invalid("id", "a document id must not be empty")),
            1..=Self::MAX_BYTES => Ok(Self { text, number }),
            n => {
                let shown: String = text.chars().take(40).collect();
                Err(Error::invalid("id", format!("a document id has at most 1024 bytes, this one has {n}")).about(format!("{shown}…")))
            }
        }
    }
}

impl Revision {
    /// Takes a text as a revision.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), number: false }
    }

    /// Takes a number as a revision, spelled as a number in JSON.
    pub fn number(value: u64) -> Self {
        Self { text: value.to_string().into(), number: true }
    }

    /// Derives a revision from a body, for hosts that keep none.
    pub fn of(body: &[u8]) -> Self {
        Self::from(Digest::of(body))
    }

    fn checked(text: Arc<str>, number: bool) -> Result<Self> {
        Ok(Self { text, number })
    }
}

impl From<Digest> for Revision {
    /// Takes the first 16 bytes of a digest, in hexadecimal.
    fn from(digest: Digest) -> Self {
        let mut text = digest.to_string();
        text.truncate(32);
        Self::new(text)
    }
}

/// Returns the JSON number whose canonical text this is.
fn canonical_number(text: &str) -> Option<serde_json::Number> {
    if let Some(whole) = canonical_whole(text) {
        return Some(whole.into());
    }
    let number: serde_json::Number = text.parse().ok()?;
    // 1.0 would be read again as 1.
    let whole = number.is_f64() && number.as_f64().is_some_and(is_whole);
    (!whole && number.to_string() == text).then_some(number)
}

/// Returns a whole number of at most 18 digits: most are, and need no comparison with their own text.
fn canonical_whole(text: &str) -> Option<u64> {
    let plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// Whether JavaScript writes this number without a fraction.
fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0
}

struct TextOrNumber;

impl de::Visitor<'_> for TextOrNumber {
    type Value = (Arc<str>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }
    fn visit_str<E: de::Error>(self, v: &str) -> std::result::Result<Self::Value, E> {
        Ok((v.into(), false))
    }
    fn visit_string<E: de::Error>(self, v: String) -> std::result::Result<Self::Value, E> {
        Ok((v.into(), false))
    }
    fn visit_u64<E: de::Error>(self, v: u64) -> std::result::Result<Self::Value, E> {
        Ok((v.to_string().into(), true))
    }
    fn visit_i64<E: de::Error>(self, v: i64) -> std::result::Result<Self::Value, E> {
        Ok((v.to_string().into(), true))
    }
    fn visit_f64<E: de::Error>(self, v: f64) -> std::result::Result<Self::Value, E> {
        // JavaScript writes 1.0 as 1 and -0 as 0; so does the file name it makes of such an id.
        let text = if is_whole(v) {
            format!("{:.0}", v + 0.0)
        } else {
            serde_json::Number::from_f64(v).map(|n| n.to_string()).unwrap_or_default()
        };
        Ok((text.into(), true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_a_number_and_equals_its_text() {
        let id: DocId = serde_json::from_str("42").unwrap();
        assert_eq!(id, DocId::new("42").unwrap());
        assert_eq!(serde_json::to_string(&id).unwrap(), "42");
        assert_eq!(serde_json::to_string(&DocId::new("42").unwrap()).unwrap(), "\"42\"");
    }

    #[test]
    fn every_spelling_of_a_number_round_trips() {
        for token in ["0", "-7", "1.5", "1700000000000", "9007199254740993", "0.8444218515250481", "1.0109909089999999e+108"] {
            let rev: Revision = serde_json::from_str(token).unwrap();
            assert_eq!(serde_json::to_string(&rev).unwrap(), token);
        }
        for (token, text) in [("3.0", "3"), ("-0", "0"), ("-0.0", "0")] {
            let whole: Revision = serde_json::from_str(token).unwrap();
            assert_eq!((whole.as_str(), serde_json::to_string(&whole).unwrap().as_str()), (text, text));
        }
    }

    #[test]
    fn a_text_that_is_no_canonical_number_is_not_spelled_as_one() {
        for text in ["007", "1e3", " 1", "", "abc", "1.0", "0.0", "-0", "-0.0"] {
            assert!(!Revision::new(text).spelled_as_number(true).is_number(), "{text}");
        }
        assert!(Revision::new("7").spelled_as_number(true).is_number());
    }

    #[test]
    fn ids_have_1_to_1024_bytes() {
        assert!(DocId::new("").is_err());
        assert!(DocId::new("é".repeat(512)).is_ok());
        assert!(DocId::new("é".repeat(513)).is_err());
    }
}
