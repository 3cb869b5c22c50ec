//! The vault marker: what this folder is, readable for people and written once.

use super::{
    name::VaultId,
    options::Strategy,
    wire::{Flaw, Malformed},
};
use crate::{hex, seal::MarkerTag};
use serde::{Deserialize, Serialize};

/// The format of the vault that this library reads and writes.
const FORMAT: u64 = 1;
const LAYOUT: &str = "journal";
/// The largest file.
const MAX_MARKER_BYTES: usize = 64 << 10;

/// What a vault says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) vault: VaultId,
    pub(crate) strategy: Strategy,
    pub(crate) epoch: u64,
    /// That the vault is sealed; whoever has its keys can tell that this marker is its own.
    pub(crate) sealed: Option<MarkerTag>,
}

/// What every format has: enough to tell that it is newer.
#[derive(Deserialize)]
struct Opening {
    kitestring: String,
    format: u64,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    kitestring: String,
    format: u64,
    vault: VaultId,
    strategy: Strategy,
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

impl Marker {
    /// Returns the file.
    ///
    /// # Errors
    /// None that is known: it is how the writer of JSON is asked.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let Self { vault, strategy, epoch, sealed } = *self;
        let sealed = sealed.map(|tag| {
            let mut digits = String::new();
            hex::push(&tag, &mut digits);
            digits
        });
        let wire = Wire { kitestring: LAYOUT.to_owned(), format: FORMAT, vault, strategy, epoch, sealed };
        serde_json::to_vec(&wire).map_err(|_| Malformed("it cannot be written as JSON"))
    }

    /// Reads the file. Members that it does not know are ignored.
    pub(crate) fn decode(file: &[u8]) -> Result<Self, Flaw> {
        if file.len() > MAX_MARKER_BYTES {
            return Err(Flaw::Malformed("it has more than 64 KiB"));
        }
        let senseless = |_| Flaw::Malformed("it is not the marker of a vault");
        let opening: Opening = serde_json::from_slice(file).map_err(senseless)?;
        match opening.format {
            _ if opening.kitestring != LAYOUT => Err(Flaw::Malformed("it is the marker of another layout")),
            0 => Err(Flaw::Malformed("its format is 0")),
            FORMAT => {
                let Wire { vault, strategy, epoch, sealed, .. } = serde_json::from_slice(file).map_err(senseless)?;
                let tag = sealed.map(|digits| hex::read(&digits, false).ok_or(Flaw::Malformed("it is not the marker of a vault")));
                Ok(Self { vault, strategy, epoch, sealed: tag.transpose()? })
            }
            _ => Err(Flaw::Newer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"kitestring":"journal","format":1,"vault":"07070707070707070707070707070707","strategy":"compare-and-swap","epoch":0}"#;

    #[test]
    fn a_marker_is_text_and_comes_back() {
        let marker = Marker { vault: VaultId([7; 16]), strategy: Strategy::CompareAndSwap, epoch: 0, sealed: None };
        assert_eq!(String::from_utf8(marker.encode().unwrap()).unwrap(), TEXT);
        for strategy in Strategy::ALL {
            let marker = Marker { strategy, epoch: 9, ..marker };
            assert_eq!(Marker::decode(&marker.encode().unwrap()), Ok(marker));
            let sealed = Marker { sealed: Some([0x5e; 32]), ..marker };
            assert_eq!(Marker::decode(&sealed.encode().unwrap()), Ok(sealed));
        }
        let spaced = TEXT.replace(',', " ,\n ").replacen('{', "{\"more\": 1, ", 1);
        assert_eq!(Marker::decode(spaced.as_bytes()), Ok(marker));
    }

    #[test]
    fn what_makes_no_sense_is_told_from_what_is_newer() {
        for end in 0..TEXT.len() {
            assert!(matches!(Marker::decode(&TEXT.as_bytes()[..end]), Err(Flaw::Malformed(_))), "cut at {end}");
        }
        let with = |from: &str, to: &str| Marker::decode(TEXT.replacen(from, to, 1).as_bytes());
        assert_eq!(with(r#""format":1,"#, r#""format":2,"#), Err(Flaw::Newer));
        assert_eq!(Marker::decode(br#"{"kitestring":"journal","format":7,"vault":[]}"#), Err(Flaw::Newer));
        for (from, to) in [
            ("journal", "classic"),
            (r#""format":1"#, r#""format":0"#),
            (r#""format":1"#, r#""format":"1""#),
            ("compare-and-swap", "hope"),
            ("0707", "07"),
            (r#""epoch":0"#, r#""epoch":-1"#),
            (r#","epoch":0"#, ""),
            (r#""epoch":0"#, r#""epoch":0,"sealed":"5e""#),
            (r#""epoch":0"#, r#""epoch":0,"sealed":true"#),
        ] {
            assert!(matches!(with(from, to), Err(Flaw::Malformed(_))), "{from} as {to}");
        }
        assert!(Marker::decode(&[b' '; MAX_MARKER_BYTES + 1]).is_err());
    }
}
