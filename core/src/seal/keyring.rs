//! The keyring: the keys of a vault, in a file that only a passphrase or a key opens (E31 to E36).

use super::{
    encryption::Encryption,
    keys::{Closed, DataKey, KeyId, Keys},
    secret::Secret,
    slot::{Slot, cipher},
};
use crate::{
    Error, Result, Runtime,
    drive::DrivePath,
    hex,
    server::journal::{Flaw, Malformed, Reader, VaultId, Writer, opening, put_number},
};
use chacha20poly1305::aead::{Aead as _, Payload};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use zeroize::Zeroizing;

/// The folder of the keyrings.
pub(super) const KEYRINGS: &str = "k";
/// The largest file.
pub(super) const MAX_BYTES: usize = 1 << 20;
const MAX_SLOTS: usize = 64;
const MAX_KEYS: usize = 4096;
/// The kind of the file.
const KIND: u8 = b'k';

/// Which keyring: a later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct KeyringName {
    /// How many data keys there were.
    pub(super) epoch: u32,
    /// How many keyrings there were with that data key.
    pub(super) revision: u32,
    id: [u8; 8],
}

impl KeyringName {
    pub(super) fn new(epoch: u32, revision: u32, runtime: &dyn Runtime) -> Result<Self> {
        let mut id = [0; 8];
        runtime.random(&mut id)?;
        Ok(Self { epoch, revision, id })
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = || parts.next().and_then(|digits| hex::read(digits, false)).map(u32::from_be_bytes);
        let (epoch, revision) = (number()?, number()?);
        let id = hex::read(parts.next()?, false)?;
        (parts.next().is_none() && epoch > 0 && revision > 0).then_some(Self { epoch, revision, id })
    }

    pub(super) fn path(&self) -> Result<DrivePath> {
        DrivePath::new(format!("{KEYRINGS}/{self}"))
    }
}

impl fmt::Display for KeyringName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:08x}-", self.epoch, self.revision)?;
        hex::write(&self.id, f)
    }
}

/// A keyring as it lies on the drive: what can be read without a key.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    pub(super) vault: VaultId,
    key: KeyId,
    pub(super) slots: Vec<Slot>,
    /// All bytes before the nonce of the body.
    front: Vec<u8>,
    nonce: [u8; 24],
    body: Vec<u8>,
}

/// A keyring that was opened.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) keys: Keys,
    pub(super) slots: Vec<Slot>,
    /// The slot that was opened, and the secret that did it.
    pub(super) opened: usize,
    pub(super) secret: Secret,
}

impl Locked {
    /// Whose it is; none if it makes no sense.
    pub(super) fn vault_of(file: &[u8]) -> Option<VaultId> {
        let mut from = Reader::new(file);
        from.opening(KIND).ok()?;
        from.array().ok().map(VaultId)
    }

    /// Reads the file with this name.
    pub(super) fn decode(file: &[u8], name: &KeyringName) -> Result<Self, Flaw> {
        let mut from = Reader::new(file);
        from.opening(KIND)?;
        if file.len() > MAX_BYTES {
            return Err(Flaw::Malformed("it has more than 1 MiB"));
        }
        let vault = VaultId(from.array()?);
        let mut number = || from.up_to(u32::MAX.into(), "a number of a keyring is too large").map(|number| number as u32);
        let (epoch, revision) = (number()?, number()?);
        if (epoch, revision) != (name.epoch, name.revision) {
            return Err(Flaw::Malformed("it is not what its name says"));
        }
        let key = KeyId(from.array()?);
        let count = from.count(MAX_SLOTS, 1, "it has more than 64 slots")?;
        let slots = (0..count).map(|_| Slot::decode(&mut from)).collect::<Result<Vec<_>, _>>()?;
        if slots.is_empty() {
            return Err(Flaw::Malformed("it has no slot"));
        }
        let front = file.get(..file.len() - from.left()).unwrap_or_default().to_vec();
        let nonce = from.array()?;
        let body = from.bytes(from.left())?.to_vec();
        Ok(Self { vault, key, slots, front, nonce, body })
    }

    /// Opens it; none if that is not the key, or if the file is not what was made.
    pub(super) fn open(self, encryption: &Encryption) -> Result<Option<Open>> {
        for (opened, slot) in self.slots.iter().enumerate() {
            let Some((key, secret)) = slot.open(self.vault, &encryption.given)? else { continue };
            let key = DataKey::new(key)?;
            let payload = Payload { msg: &self.body, aad: &self.front };
            let body = cipher(&*body_key(&key)?)?.decrypt((&self.nonce).into(), payload).map(Zeroizing::new);
            let keys = body.ok().and_then(|body| decode_body(self.vault, &body).ok());
            let keys = keys.filter(|keys| self.key == key.id && keys.current().map(|last| last.id) == Some(key.id));
            return Ok(keys.map(|keys| Open { keys, slots: self.slots, opened, secret }));
        }
        Ok(None)
    }
}

/// Makes the file.
pub(super) fn encode(name: &KeyringName, keys: &Keys, slots: &[Slot], runtime: &dyn Runtime) -> Result<Vec<u8>> {
    let current = keys.current().ok_or_else(|| Error::internal("seal", "there is no key"))?;
    if slots.is_empty() || slots.len() > MAX_SLOTS || keys.data.len() > MAX_KEYS {
        return Err(Error::invalid("key", "a vault has 1 to 64 passphrases and keys"));
    }
    let mut file = opening(KIND).to_vec();
    file.extend(keys.vault.0);
    put_number(&mut file, name.epoch.into());
    put_number(&mut file, name.revision.into());
    file.extend(current.id.0);
    put_number(&mut file, slots.len() as u64);
    slots.iter().for_each(|slot| slot.encode(&mut file));
    let mut body = Zeroizing::new(keys.secret.bytes().to_vec());
    put_number(&mut body, keys.data.len() as u64);
    keys.data.iter().for_each(|key| body.extend(key.secret.bytes()));
    encode_revoked(keys, &mut body);
    let mut nonce = [0; 24];
    runtime.random(&mut nonce)?;
    let sealed = cipher(&*body_key(current)?)?.encrypt((&nonce).into(), Payload { msg: &body, aad: &file });
    file.extend(nonce);
    file.extend(sealed.map_err(|_| Error::internal("seal", "a keyring could not be sealed"))?);
    Ok(file)
}

fn body_key(key: &DataKey) -> Result<Zeroizing<[u8; 32]>> {
    key.secret.derive(&[], &[b"kitestring keyring 1"])
}

fn decode_body(vault: VaultId, body: &[u8]) -> Result<Keys> {
    let senseless = |_: Malformed| Error::internal("open", "a keyring of ours makes no sense");
    let mut from = Reader::new(body);
    let secret = Secret::new(from.array().map_err(senseless)?);
    let count = from.count(MAX_KEYS, 32, "it has more than 4096 keys").map_err(senseless)?;
    let mut data = Vec::with_capacity(count);
    for _ in 0..count {
        data.push(DataKey::new(Secret::new(from.array().map_err(senseless)?))?);
    }
    let (revoked, closed) = decode_revoked(&mut from).map_err(senseless)?;
    from.end().map_err(senseless)?;
    Ok(Keys { vault, secret, data, revoked, closed })
}

fn encode_revoked(keys: &Keys, to: &mut Vec<u8>) {
    put_number(to, keys.revoked.len() as u64);
    keys.revoked.iter().for_each(|device| to.extend(device));
    put_number(to, keys.closed.len() as u64);
    for (id, closed) in &keys.closed {
        to.extend(id.0);
        put_number(to, closed.generation);
        put_number(to, closed.records.len() as u64);
        for (writer, seq) in &closed.records {
            to.extend(writer.0);
            put_number(to, *seq);
        }
    }
}

type Revoked = (BTreeSet<[u8; 8]>, BTreeMap<KeyId, Closed>);

fn decode_revoked(from: &mut Reader<'_>) -> Result<Revoked, Malformed> {
    let count = from.count(MAX_BYTES, 8, "it has too many revoked devices")?;
    let revoked = (0..count).map(|_| from.array()).collect::<Result<_, _>>()?;
    let mut closed = BTreeMap::new();
    for _ in 0..from.count(MAX_KEYS, 10, "it has too many closed keys")? {
        let id = KeyId(from.array()?);
        let generation = from.number()?;
        let writers = from.count(MAX_BYTES, 15, "it has too many writers")?;
        let records = (0..writers).map(|_| Ok((Writer(from.array()?), from.number()?))).collect::<Result<_, Malformed>>()?;
        closed.insert(id, Closed { generation, records });
    }
    Ok((revoked, closed))
}
