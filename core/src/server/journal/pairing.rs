//! Pairing codes: what a device tells a new one beside the drive, so that the new one notices if the drive shows it another
//! vault, or an older one (E50 of `spec/sealed.md`).

use super::{
    Journal, Session,
    name::{Hash, Link, VaultId, Writer},
    standing::{Standing, damaged, load_seen},
    wire::{Malformed, Reader, put_number},
};
use crate::{Error, ErrorKind, Level, Result, State, StateRecord, gather::Gather as _, hex};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// What was told, and was not found yet.
const PAIRING: &str = "server/pairing";
/// At most so many writers are named: those that have written last.
const WRITERS: usize = 24;
/// A typing error is noticed by so many bytes of a hash.
const CHECK_BYTES: usize = 2;
/// The digits of a code are shown in groups of so many.
const GROUP: usize = 4;

/// Which vault a device has, and how far it has read. For another device of the same user, beside the drive: as a picture, or
/// typed. It is no secret, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PairingCode {
    vault: VaultId,
    /// The end of a writer, and the number of its last record.
    records: Vec<([u8; 4], u64)>,
}

impl PairingCode {
    fn new(vault: VaultId, vector: &BTreeMap<Writer, Link>) -> Self {
        let mut newest: Vec<(&Writer, &Link)> = vector.iter().collect();
        newest.sort_by_key(|(writer, link)| (std::cmp::Reverse(link.order), **writer));
        newest.truncate(WRITERS);
        Self { vault, records: newest.into_iter().map(|(writer, link)| (end_of(writer), link.seq)).gather() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.vault.0.to_vec();
        for (writer, seq) in &self.records {
            bytes.extend(writer);
            put_number(&mut bytes, *seq);
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let (vault, mut records) = (VaultId(from.array()?), Vec::new());
        while from.left() > 0 {
            records.push((from.array()?, from.number()?));
        }
        if records.len() > WRITERS { Err(Malformed("it is too long")) } else { Ok(Self { vault, records }) }
    }

    /// What a vault lacks that has these records: the number of the record that the code names, and the one that is there.
    fn lacking(&self, vector: &BTreeMap<Writer, Link>) -> Option<(u64, u64)> {
        let found = |end: [u8; 4]| vector.iter().filter(|(writer, _)| end_of(writer) == end).map(|(_, link)| link.seq).max();
        self.records.iter().map(|(end, seq)| (*seq, found(*end).unwrap_or_default())).find(|(named, found)| found < named)
    }
}

fn end_of(writer: &Writer) -> [u8; 4] {
    writer.0.last_chunk().copied().unwrap_or_default()
}

fn check_of(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    Hash::of(bytes).0.first_chunk().copied().unwrap_or_default()
}

impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes();
        let mut digits = String::new();
        hex::push(&bytes, &mut digits);
        hex::push(&check_of(&bytes), &mut digits);
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && n.is_multiple_of(GROUP) {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl FromStr for PairingCode {
    type Err = Error;

    /// Reads a code as it was shown; spaces, hyphens and capitals do not matter.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("open", "this is no pairing code, or a digit of it is wrong: show it again on the other device");
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-').collect();
        let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| hex::read::<1>(&pair.to_ascii_lowercase(), false));
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(|pair| byte(pair).map(|[byte]| byte)).collect();
        let bytes = bytes.ok_or_else(wrong)?;
        let (said, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or_else(wrong)?;
        if check_of(said) != *check {
            return Err(wrong());
        }
        Self::decode(said).map_err(|_| wrong())
    }
}

impl From<PairingCode> for String {
    fn from(code: PairingCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for PairingCode {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// The code of the vault that this client has joined; none if it has joined none.
pub(crate) async fn pairing_code(state: &dyn State) -> Result<Option<PairingCode>> {
    let Some(standing) = Standing::load(state).await? else { return Ok(None) };
    Ok(Some(PairingCode::new(standing.vault, &load_seen(state).await?.0)))
}

impl Journal {
    /// Takes what another device has told of the vault: it is to be found before anything is pushed. Of a vault that was not
    /// joined yet, what an earlier sync was told counts too.
    ///
    /// # Errors
    /// `vault_changed` if this is another vault.
    pub(super) async fn expect(&self, session: &mut Session) -> Result<()> {
        let code = match &self.pairing {
            Some(code) => Some(code.clone()),
            None if session.joining => self.told().await?,
            None => None,
        };
        let Some(code) = code.filter(|_| !session.paired) else { return Ok(()) };
        let standing = self.standing(session)?;
        if standing.vault != code.vault {
            let detail = "the drive does not hold the vault that the pairing code names: nothing is joined";
            return Err(Error::new(ErrorKind::VaultChanged, "sync", detail));
        }
        standing.expects = Some(code.clone());
        session.paired = true;
        self.state.write(vec![StateRecord::set(PAIRING, code.to_string())]).await
    }

    /// Whether there should be a vault: another device has told of it.
    ///
    /// # Errors
    /// `vault_changed` if so.
    pub(super) async fn expect_none(&self) -> Result<()> {
        if self.pairing.is_none() && self.told().await?.is_none() {
            return Ok(());
        }
        let detail = "the drive holds no vault, and the pairing code names one: nothing is made";
        Err(Error::new(ErrorKind::VaultChanged, "sync", detail))
    }

    /// What an earlier sync was told.
    async fn told(&self) -> Result<Option<PairingCode>> {
        let stored = self.state.read(vec![PAIRING.to_owned()]).await?.into_iter().next().flatten();
        let code = |bytes: Vec<u8>| std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok()).ok_or_else(|| damaged(PAIRING));
        stored.map(code).transpose()
    }

    /// Compares what was read with what another device has told.
    ///
    /// # Errors
    /// `rollback` if something is not there, unless the user has agreed to go on.
    pub(super) async fn check_expected(&self, session: &mut Session) -> Result<()> {
        let Some(code) = self.standing(session)?.expects.clone() else { return Ok(()) };
        if let Some((remembered, found)) = code.lacking(&self.seen(session).await?.vector) {
            let detail =
                format!("the vault is older than what the pairing code says: a device had {remembered} records and has {found} here");
            let error = Error::new(ErrorKind::Rollback { remembered, found }, "sync", detail);
            if !self.allow.rollback {
                return Err(error);
            }
            self.log.line(Level::Warn, || format!("going on all the same: {error}"));
        }
        self.standing(session)?.expects = None;
        let records = vec![self.standing(session)?.record()?, StateRecord::remove(PAIRING)];
        // A vault that is just being joined is remembered with its first changes.
        self.state.write(records.into_iter().skip(session.joining.into()).collect()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(writers: u8) -> PairingCode {
        let link = |n: u8| Link { seq: u64::from(n) * 100 + 1, order: u64::from(n), hash: Hash([n; 16]) };
        PairingCode::new(VaultId([7; 16]), &(0..writers).map(|n| (Writer([n; 14]), link(n))).collect())
    }

    #[test]
    fn a_code_comes_back_and_a_wrong_digit_is_noticed() {
        for writers in [0, 1, 3, 30] {
            let code = code(writers);
            let text = code.to_string();
            assert_eq!(text.parse::<PairingCode>().unwrap(), code);
            assert_eq!(text.to_uppercase().replace('-', " ").parse::<PairingCode>().unwrap(), code);
            for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
                let digit = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
                assert_eq!(
                    [&text[..at], digit, &text[at + 1..]].concat().parse::<PairingCode>().unwrap_err().kind,
                    ErrorKind::InvalidInput
                );
            }
        }
        assert!("".parse::<PairingCode>().is_err() && "zz".parse::<PairingCode>().is_err() && "ö".parse::<PairingCode>().is_err());
    }

    #[test]
    fn the_newest_writers_are_compared() {
        let vector = |seq: u64| BTreeMap::from([(Writer([29; 14]), Link { seq, order: 1, hash: Hash([0; 16]) })]);
        assert_eq!(code(30).records.len(), WRITERS);
        assert_eq!(code(30).lacking(&vector(2900)), Some((2901, 2900)));
        assert_eq!(PairingCode { records: vec![([29; 4], 2901)], ..code(0) }.lacking(&vector(2902)), None);
    }
}
