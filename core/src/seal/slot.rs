//! A slot: the data key, wrapped for one passphrase or one key (E31 to E33).

use super::{
    encryption::{Encryption, Given, PassphraseCost},
    secret::Secret,
};
use crate::{
    Error, Result, Runtime,
    server::journal::{Malformed, Reader, VaultId, put_number, put_prefixed, text},
};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use zeroize::{Zeroize as _, Zeroizing};

/// The longest name of a slot, in bytes.
pub(super) const MAX_LABEL_BYTES: usize = 64;

/// What a slot is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Passphrase(PassphraseCost),
    Key,
}

/// The data key, wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) id: [u8; 8],
    /// What people call it.
    pub(super) label: String,
    pub(super) kind: Kind,
    salt: [u8; 16],
    commitment: [u8; 32],
    nonce: [u8; 24],
    wrapped: [u8; 48],
}

/// Which keyrings a slot belongs to: what an older key wraps is not taken for a newer one, whoever has that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) vault: VaultId,
    pub(super) epoch: u32,
}

/// The keys that a slot's secret makes.
struct SlotKeys(Zeroizing<[u8; 64]>);

impl SlotKeys {
    fn wrapping(&self) -> &[u8] {
        self.0.get(..32).unwrap_or_default()
    }

    fn commitment(&self) -> &[u8] {
        self.0.get(32..).unwrap_or_default()
    }
}

impl Slot {
    /// Wraps a data key for what a host has given, and returns the secret that opens the slot.
    pub(super) fn make(
        of: Binding,
        data_key: &Secret,
        label: &str,
        encryption: &Encryption,
        runtime: &dyn Runtime,
    ) -> Result<(Self, Secret)> {
        let kind = match encryption.given {
            Given::Passphrase(_) => Kind::Passphrase(encryption.cost),
            Given::Key(_) => Kind::Key,
        };
        let (mut id, mut salt) = ([0; 8], [0; 16]);
        runtime.random(&mut id)?;
        runtime.random(&mut salt)?;
        let slot = Self { id, label: label.to_owned(), kind, salt, commitment: [0; 32], nonce: [0; 24], wrapped: [0; 48] };
        let secret = match &encryption.given {
            Given::Passphrase(passphrase) => slot.stretch(passphrase)?,
            Given::Key(secret) => secret.clone(),
        };
        Ok((slot.wrap(of, data_key, &secret, runtime)?, secret))
    }

    /// The same slot with another data key in it.
    pub(super) fn wrap(mut self, of: Binding, data_key: &Secret, secret: &Secret, runtime: &dyn Runtime) -> Result<Self> {
        runtime.random(&mut self.nonce)?;
        let keys = self.keys(secret)?;
        self.commitment.copy_from_slice(keys.commitment());
        let bound = self.bound(of);
        let cipher = cipher(keys.wrapping())?;
        let wrapped = cipher.encrypt((&self.nonce).into(), Payload { msg: data_key.bytes(), aad: &bound });
        self.wrapped =
            wrapped.ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Error::internal("seal", "a key cannot be wrapped"))?;
        Ok(self)
    }

    /// Opens the slot with what a host has given: a passphrase, the user's key, or a secret that opened it before. Returns
    /// the data key and that secret; none if it is another's.
    pub(super) fn open(&self, of: Binding, given: &Given) -> Result<Option<(Secret, Secret)>> {
        let secret = match given {
            Given::Passphrase(passphrase) if matches!(self.kind, Kind::Passphrase(_)) => self.stretch(passphrase)?,
            Given::Passphrase(_) => return Ok(None),
            Given::Key(secret) => secret.clone(),
        };
        let keys = self.keys(&secret)?;
        // What it is compared with is no secret: whoever reads the drive has it.
        if keys.commitment() != self.commitment {
            return Ok(None);
        }
        let opened = cipher(keys.wrapping())?.decrypt((&self.nonce).into(), Payload { msg: &self.wrapped, aad: &self.bound(of) });
        let Ok(mut bytes) = opened else { return Ok(None) };
        let key: Option<[u8; 32]> = bytes.as_slice().try_into().ok();
        bytes.zeroize();
        Ok(key.map(|key| (Secret::new(key), secret)))
    }

    /// Makes the secret of a passphrase: that is what takes long.
    fn stretch(&self, passphrase: &str) -> Result<Secret> {
        let Kind::Passphrase(cost) = self.kind else { return Err(Error::internal("open", "the slot of a key was given a passphrase")) };
        let odd = |_| Error::internal("open", "Argon2id refuses its parameters");
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(odd)?;
        let mut secret = Zeroizing::new([0; 32]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.as_bytes(), &self.salt, &mut *secret).map_err(odd)?;
        Ok(Secret::new(*secret))
    }

    fn keys(&self, secret: &Secret) -> Result<SlotKeys> {
        secret.derive(&self.salt, &[b"kitestring slot 1"]).map(SlotKeys)
    }

    /// What the wrapped key is bound to.
    fn bound(&self, of: Binding) -> Vec<u8> {
        let mut bound = of.vault.0.to_vec();
        bound.extend(of.epoch.to_be_bytes());
        self.write_fields(&mut bound);
        bound
    }

    fn write_fields(&self, to: &mut Vec<u8>) {
        to.extend(self.id);
        put_prefixed(to, self.label.as_bytes());
        match self.kind {
            Kind::Passphrase(PassphraseCost { memory_kib, passes, lanes }) => {
                to.push(0);
                [memory_kib, passes, lanes].into_iter().for_each(|number| put_number(to, number.into()));
            }
            Kind::Key => to.push(1),
        }
        to.extend(self.salt);
        to.extend(self.commitment);
    }

    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        self.write_fields(to);
        to.extend(self.nonce);
        to.extend(self.wrapped);
    }

    /// Reads a slot. What a passphrase would cost is looked at before anything is computed (E33).
    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let id = from.array()?;
        let label = text(from.prefixed(MAX_LABEL_BYTES, "the name of a slot is too long")?)?.to_owned();
        let kind = match from.byte()? {
            0 => {
                let mut number = || from.up_to(u32::MAX.into(), "a passphrase costs too much").map(|number| number as u32);
                let cost = PassphraseCost { memory_kib: number()?, passes: number()?, lanes: number()? };
                if !cost.is_accepted() {
                    return Err(Malformed("what a passphrase costs is outside of its limits"));
                }
                Kind::Passphrase(cost)
            }
            1 => Kind::Key,
            _ => return Err(Malformed("a slot is of no known kind")),
        };
        Ok(Self { id, label, kind, salt: from.array()?, commitment: from.array()?, nonce: from.array()?, wrapped: from.array()? })
    }
}

/// The cipher for a key of 32 bytes.
pub(super) fn cipher(key: &[u8]) -> Result<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key).map_err(|_| Error::internal("seal", "a key has another length"))
}
