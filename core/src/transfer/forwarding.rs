//! The marker of a place from which a vault has gone, or is going, to another one. It is a marker of a later format, like that of
//! an import: no client of a version that does not know it takes the place for a vault, or makes one there.
//!
//! The address is text for people and for the program that opens drives. It is never gone to without their word.

use super::importing::FORMAT;
use crate::{Error, Result, server::journal::VaultId};
use serde::{Deserialize, Serialize};

/// The longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 2048;

/// What the marker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forwarding {
    kitestring: String,
    format: u64,
    pub(crate) vault: VaultId,
    /// Whether the vault has arrived; otherwise it is on its way, or the move was interrupted.
    pub(crate) moved: bool,
    /// The address of the other place, where the vault is not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    /// The same as hexadecimal digits of what was sealed, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sealed_to: Option<String>,
    /// The marker of the vault, as text.
    pub(crate) was: String,
}

/// An address, as it lies in the marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Plain(String),
    /// Hexadecimal digits of what was sealed.
    Sealed(String),
}

impl Forwarding {
    pub(crate) fn new(vault: VaultId, address: Address, was: String) -> Self {
        let (to, sealed_to) = match address {
            Address::Plain(to) => (Some(to), None),
            Address::Sealed(to) => (None, Some(to)),
        };
        Self { kitestring: "journal".to_owned(), format: FORMAT, vault, moved: false, to, sealed_to, was }
    }

    /// The same, once the vault has arrived.
    pub(crate) fn arrived(self) -> Self {
        Self { moved: true, ..self }
    }

    /// Reads a marker; none if it is another one, or makes no sense as this one.
    pub(crate) fn read(marker: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(marker).ok().filter(|found| found.format == FORMAT)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| Error::internal("move", "a marker could not be made").caused_by(e))
    }
}

/// Checks an address before it is written, and after it was read: it is one line, and has nothing in it by which somebody signs
/// in.
///
/// # Errors
/// `invalid_input`, without the address: it may hold a password.
pub(crate) fn check_address(address: &str) -> Result<()> {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let detail = match () {
        () if address.trim().is_empty() => "the address of the other place is empty",
        () if address.len() > MAX_ADDRESS_BYTES => "the address of the other place has more than 2048 bytes",
        () if address.chars().any(is_unprintable) => "the address of the other place has characters that cannot be seen",
        () if authority.contains('@') => "the address of the other place names who signs in: everybody with the old drive would read that",
        () => return Ok(()),
    };
    Err(Error::invalid("move", detail))
}

/// What would let a line look like another one.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::journal::{Flaw, Marker};

    #[test]
    fn a_marker_comes_back_and_is_none_of_an_import_or_a_vault() {
        let address = Address::Plain("dropbox:/notes".to_owned());
        let made = Forwarding::new(VaultId([7; 16]), address, "{}".to_owned()).arrived();
        let bytes = made.encode().unwrap();
        assert_eq!(Forwarding::read(&bytes), Some(made));
        assert!(super::super::refuse_importing(&bytes, "vault").is_ok());
        // What a version does that does not know it.
        assert_eq!(Marker::decode(&bytes), Err(Flaw::Newer));
        let importing = super::super::importing::marker("journal", crate::Digest::of(b"x")).unwrap();
        assert_eq!(Forwarding::read(&importing), None);
        assert_eq!(Forwarding::read(br#"{"kitestring":"journal","format":1}"#), None);
    }

    #[test]
    fn an_address_is_one_line_without_a_name_or_a_password() {
        for fine in ["dropbox:/notes", "file:///a/b@c", "webdav+https://cloud.example/a@b", "s3://bucket/x?region=a", "my other disk"] {
            assert!(check_address(fine).is_ok(), "{fine}");
        }
        let long = "x".repeat(MAX_ADDRESS_BYTES + 1);
        for bad in ["", " ", "a\nb", "a\u{1b}[2J", "a\u{202e}b", &long, "webdav+https://ann:canary@cloud.example/", "s3://canary@host?x"] {
            let refused = check_address(bad).unwrap_err();
            assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
        }
    }
}
