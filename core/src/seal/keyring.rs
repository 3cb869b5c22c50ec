//! The keyring: the keys of a vault, in a file that only a passphrase or a key opens (E31 to E36).

use super::{
    encryption::Encryption,
    keys::{DataKey, KeyId, Keys},
    secret::Secret,
    slot::{Binding, Slot, cipher},
};
use crate::{
    Error, Result, Runtime,
    drive::DrivePath,
    hex,
    server::journal::{Flaw, Malformed, PieceName, Reader, VaultId, opening, put_number},
};
use chacha20poly1305::aead::{Aead as _, Payload};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};
use zeroize::Zeroizing;

/// The folder of the keyrings.
pub(super) const KEYRINGS: &str = "k";
/// The largest file.
pub(super) const MAX_BYTES: usize = 1 << 20;
const MAX_SLOTS: usize = 64;
const MAX_KEYS: usize = 4096;
/// So many data keys there may be between two that close those before: whoever does not know of it cannot outdo it.
pub(super) const CLOSING: u32 = 1 << 16;
/// The kind of the file.
const KIND: u8 = b'k';

/// Which keyring: a later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct KeyringName {
    /// One more with each data key; with each that closes those before, the next multiple of [`CLOSING`].
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

    /// How many times keys were closed.
    pub(super) fn closings(&self) -> u32 {
        self.epoch / CLOSING
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
    epoch: u32,
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
        Ok(Self { vault, epoch, key, slots, front, nonce, body })
    }

    /// Opens it; none if that is not the key, or if the file is not what was made.
    pub(super) fn open(self, encryption: &Encryption) -> Result<Option<Open>> {
        for (opened, slot) in self.slots.iter().enumerate() {
            let Some((key, secret)) = slot.open(Binding { vault: self.vault, epoch: self.epoch }, &encryption.given)? else { continue };
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

pub(super) fn decode_body(vault: VaultId, body: &[u8]) -> Result<Keys> {
    let senseless = |_: Malformed| Error::internal("open", "a keyring of ours makes no sense");
    let mut from = Reader::new(body);
    let secret = Secret::new(from.array().map_err(senseless)?);
    let count = from.count(MAX_KEYS, 32, "it has more than 4096 keys").map_err(senseless)?;
    let mut data = Vec::with_capacity(count);
    for _ in 0..count {
        data.push(DataKey::new(Secret::new(from.array().map_err(senseless)?))?);
    }
    let (revoked, closed, root) = decode_revoked(&mut from, count).map_err(senseless)?;
    from.end().map_err(senseless)?;
    Ok(Keys { vault, secret, data, revoked, closed, root })
}

fn encode_revoked(keys: &Keys, to: &mut Vec<u8>) {
    put_number(to, keys.revoked.len() as u64);
    keys.revoked.iter().for_each(|device| to.extend(device));
    put_number(to, keys.closed as u64);
    if keys.closed > 0 {
        to.push(keys.root.is_some().into());
        keys.root.iter().for_each(|root| root.encode(to));
    }
}

type Revoked = (BTreeSet<[u8; 8]>, usize, Option<PieceName>);

/// Reads who was revoked, and which keys are closed: never the last of them.
fn decode_revoked(from: &mut Reader<'_>, keys: usize) -> Result<Revoked, Malformed> {
    let count = from.count(MAX_BYTES, 8, "it has too many revoked devices")?;
    let revoked = (0..count).map(|_| from.array()).collect::<Result<_, _>>()?;
    let closed = from.up_to(keys.saturating_sub(1) as u64, "it closes keys that it does not have")? as usize;
    let root = match if closed > 0 { from.byte()? } else { 0 } {
        0 => None,
        1 => Some(PieceName::decode(from)?),
        _ => return Err(Malformed("it makes no sense which checkpoint counts")),
    };
    if root.is_some_and(|root| !root.is_root()) {
        return Err(Malformed("what counts of closed keys is no checkpoint"));
    }
    Ok((revoked, closed, root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{PassphraseCost, encryption::Given, slot::Kind, testing::Counting};
    use std::collections::BTreeSet;

    const VAULT: VaultId = VaultId([7; 16]);

    fn keys(runtime: &Counting) -> Keys {
        let key = || DataKey::new(Secret::random(runtime).unwrap()).unwrap();
        let (secret, data) = (Secret::random(runtime).unwrap(), vec![key(), key()]);
        let root = PieceName::parse_root("c-00000003-0011223344556677-8899aabbccddeeff");
        Keys { vault: VAULT, secret, data, revoked: BTreeSet::from([[2; 8]]), closed: 1, root }
    }

    /// A keyring that this key opens, and a passphrase of the least cost.
    fn keyring() -> (KeyringName, Vec<u8>, Encryption) {
        let runtime = Counting::default();
        let (keys, name) = (keys(&runtime), KeyringName::new(2, 1, &runtime).unwrap());
        let key = Encryption::key([9; 32]);
        let passphrase = Encryption::passphrase("horse").unwrap().with_cost(PassphraseCost::LEAST).unwrap();
        let current = keys.current().unwrap().secret.clone();
        let slot = |label: &str, encryption: &Encryption| {
            Slot::make(Binding { vault: VAULT, epoch: 2 }, &current, label, encryption, &runtime).unwrap().0
        };
        let slots = [slot("word", &passphrase), slot("key", &key)];
        let file = encode(&name, &keys, &slots, &runtime).unwrap();
        (name, file, key)
    }

    #[test]
    fn a_keyring_comes_back() {
        let (name, file, key) = keyring();
        let open = Locked::decode(&file, &name).unwrap().open(&key).unwrap().unwrap();
        let expected = keys(&Counting::default());
        assert_eq!(open.opened, 1);
        assert_eq!(open.keys.data.iter().map(|key| key.id).collect::<Vec<_>>(), expected.data.iter().map(|key| key.id).collect::<Vec<_>>());
        assert_eq!(
            (open.keys.secret.bytes(), &open.keys.revoked, open.keys.closed, open.keys.root),
            (expected.secret.bytes(), &expected.revoked, expected.closed, expected.root)
        );
        assert_eq!(KeyringName::parse(&name.to_string()), Some(name));
        for text in
            ["", "1-1-1", "00000000-00000001-0011223344556677", "00000001-00000001-0011223344556677-", "00000001-00000001-001122334455667G"]
        {
            assert_eq!(KeyringName::parse(text), None, "{text}");
        }
    }

    /// A1, A2, A13: no bit of it can be changed, and nothing left out, whoever opens it.
    #[test]
    fn no_changed_bit_and_no_cut_is_opened() {
        let (name, file, key) = keyring();
        let opens = |file: &[u8]| Locked::decode(file, &name).ok().and_then(|locked| locked.open(&key).unwrap()).is_some();
        assert!(opens(&file));
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&changed), "bit {bit}");
        }
        for end in 0..file.len() {
            assert!(!opens(&file[..end]), "cut at {end}");
        }
        assert!(!opens(&[&file[..], &[0]].concat()));
    }

    /// A14: what a passphrase costs is looked at before anything is computed.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "that nothing is computed is measured in real time")]
    fn a_cost_outside_of_its_limits_is_refused_at_once() {
        let (name, file, _) = keyring();
        let cost = PassphraseCost::LEAST;
        let at = {
            let mut bytes = Vec::new();
            [cost.memory_kib, cost.passes, cost.lanes].into_iter().for_each(|number| put_number(&mut bytes, number.into()));
            let at = file.windows(bytes.len()).position(|window| window == bytes).unwrap();
            at..at + bytes.len()
        };
        let with = |memory: u64, passes: u64, lanes: u64| {
            let mut changed = file[..at.start].to_vec();
            [memory, passes, lanes].into_iter().for_each(|number| put_number(&mut changed, number));
            changed.extend(&file[at.end..]);
            let begun = std::time::Instant::now();
            let refused = Locked::decode(&changed, &name).is_err();
            assert!(begun.elapsed() < std::time::Duration::from_millis(10));
            refused
        };
        let (memory, passes, lanes) = (u64::from(cost.memory_kib), u64::from(cost.passes), u64::from(cost.lanes));
        assert!(!with(memory, passes, lanes));
        for bad in [0, 1, memory - 1, (1 << 20) + 1, u64::from(u32::MAX), u64::MAX] {
            assert!(with(bad, passes, lanes), "{bad} KiB");
        }
        for bad in [0, 1, 65, u64::from(u32::MAX), u64::MAX] {
            assert!(with(memory, bad, lanes), "{bad} passes");
        }
        for bad in [0, 17, u64::from(u32::MAX), u64::MAX] {
            assert!(with(memory, passes, bad), "{bad} lanes");
        }
    }

    /// A18: a slot has one key only. A15: no salt is used twice.
    #[test]
    fn a_slot_is_bound_to_one_secret_one_vault_and_one_key() {
        const OF: Binding = Binding { vault: VAULT, epoch: 2 };
        let runtime = Counting::default();
        let data = Secret::random(&runtime).unwrap();
        let (one, secret) = Slot::make(OF, &data, "one", &Encryption::key([1; 32]), &runtime).unwrap();
        let (other, _) = Slot::make(OF, &data, "one", &Encryption::key([1; 32]), &runtime).unwrap();
        assert_ne!(one, other);
        let opens = |slot: &Slot, of: Binding, secret: &Secret| slot.open(of, &Given::Key(secret.clone())).unwrap().is_some();
        assert!(opens(&one, OF, &secret));
        assert!(!opens(&one, Binding { vault: VaultId([8; 16]), ..OF }, &secret));
        assert!(!opens(&one, Binding { epoch: 3, ..OF }, &secret));
        assert!(!opens(&one, OF, &Secret::new([2; 32])));
        let changes: [fn(&mut Slot); 3] =
            [|slot| slot.label = "two".to_owned(), |slot| slot.id = [0; 8], |slot| slot.kind = Kind::Passphrase(PassphraseCost::LEAST)];
        for change in changes {
            let mut changed = one.clone();
            change(&mut changed);
            assert!(!opens(&changed, OF, &secret), "{changed:?}");
        }
    }
}
