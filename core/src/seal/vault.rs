//! Makes, opens and remembers the keyring of a vault (E30, E35, E40, E41).

use super::{
    Closing, Encryption, MarkerTag, VaultKey, file,
    keyring::{self, KEYRINGS, KeyringName, Locked, MAX_BYTES, Open},
    keys::{DataKey, Keys},
    names::Names,
    secret::Secret,
    slot::{Binding, Slot},
    words,
};
use crate::{
    Error, ErrorKind, Level, Log, Result, Runtime, State, StateRecord,
    drive::{Condition, Drive, DrivePath, GetOptions, Got},
    server::journal::{Flaw, Strategy, VaultId, list},
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// That the vault is sealed, and which keyring was opened last ([`Pin`]).
const PIN: &str = "server/sealed";
/// That keyring, as it is on the drive.
const KEYRING: &str = "server/keyring";
/// At most this many keyrings are read to find one of this vault.
const AT_MOST: usize = 16;
/// What people call the slot of a new vault.
const FIRST_LABEL: &str = "first";

/// What a client remembers of a sealed vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pin {
    vault: VaultId,
    keyring: KeyringName,
}

/// Seals what one client writes, for as long as it is open.
pub(crate) struct Sealing {
    encryption: Encryption,
    state: Arc<dyn State>,
    runtime: Arc<dyn Runtime>,
    pub(super) log: Log,
    opened: Mutex<Option<Arc<Opened>>>,
}

/// A keyring that was opened, and what is made of it.
pub(super) struct Opened {
    pub(super) name: KeyringName,
    pub(super) keys: Arc<Keys>,
    names: Arc<Names>,
    pub(super) slots: Vec<Slot>,
    /// The slot with which it was opened, and its secret.
    pub(super) slot: usize,
    pub(super) secret: Secret,
}

impl Opened {
    fn new(name: KeyringName, open: Open) -> Result<Self> {
        let Open { keys, slots, opened: slot, secret } = open;
        Ok(Self { name, names: Arc::new(Names::new(&keys.secret)?), keys: Arc::new(keys), slots, slot, secret })
    }
}

impl Sealing {
    pub(crate) fn new(encryption: Encryption, state: Arc<dyn State>, runtime: Arc<dyn Runtime>, log: Log) -> Self {
        Self { encryption, state, runtime, log, opened: Mutex::default() }
    }

    pub(super) fn runtime(&self) -> &dyn Runtime {
        &*self.runtime
    }

    pub(super) fn opened(&self) -> Option<Arc<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, opened: Opened) {
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(opened));
    }

    pub(super) fn keys(&self) -> Option<(Arc<Keys>, Arc<Names>)> {
        self.opened().map(|opened| (opened.keys.clone(), opened.names.clone()))
    }

    pub(super) fn seal(&self, keys: &Keys, path: &str, content: &[u8]) -> Result<Vec<u8>> {
        file::seal(keys, path, content, self.encryption.padded, &*self.runtime)
    }

    /// What opens this vault without its passphrase; none before it was opened.
    pub(crate) fn vault_key(&self) -> Option<VaultKey> {
        self.opened().map(|opened| VaultKey(opened.secret.clone()))
    }

    /// That keys of this vault were closed; none if they never were.
    pub(crate) fn closing(&self) -> Option<Closing> {
        let opened = self.opened()?;
        let number = opened.name.closings();
        (number > 0).then_some(Closing { number, root: opened.keys.root })
    }

    /// Whether a device was revoked, by the device part of its writers.
    pub(crate) fn has_revoked(&self, device: &[u8]) -> bool {
        self.opened().is_some_and(|opened| opened.keys.revoked.iter().any(|revoked| revoked == device))
    }

    /// Whether the keyring of this vault is open.
    pub(crate) fn has_opened(&self, vault: VaultId) -> bool {
        self.opened().is_some_and(|opened| opened.keys.vault == vault)
    }

    /// The same over another state, for a dry run.
    pub(crate) fn on(&self, state: Arc<dyn State>) -> Self {
        let opened = Mutex::new(self.opened());
        Self { encryption: self.encryption.clone(), state, runtime: self.runtime.clone(), log: self.log.clone(), opened }
    }

    /// Opens the keyring of the vault that this client has joined: from its state, without asking the drive. If it does not
    /// open, the passphrase may have been changed: then the drive is asked.
    pub(crate) async fn recall(&self, drive: &dyn Drive, vault: VaultId) -> Result<()> {
        if self.has_opened(vault) {
            return Ok(());
        }
        let mut stored = self.state.read(vec![PIN.to_owned(), KEYRING.to_owned()]).await?.into_iter();
        let (Some(Some(pin)), Some(Some(keyring))) = (stored.next(), stored.next()) else {
            return Err(damaged(PIN));
        };
        let pin: Pin = serde_json::from_slice(&pin).map_err(|e| damaged(PIN).caused_by(e))?;
        if pin.vault != vault {
            return Err(damaged(PIN));
        }
        let locked = Locked::decode(&keyring, &pin.keyring).map_err(|_| damaged(KEYRING))?;
        if let Some(open) = locked.open(&self.encryption)? {
            self.set(Opened::new(pin.keyring, open)?);
            return Ok(());
        }
        let (name, file) = self.newest_of(drive, vault).await?.filter(|(name, _)| *name > pin.keyring).ok_or_else(words::does_not_open)?;
        let open = self.open_file(&file, &name)?;
        self.remember(vault, name, file, open).await
    }

    /// Opens the keyring of a vault that is met for the first time.
    pub(crate) async fn join(&self, drive: &dyn Drive, vault: VaultId) -> Result<()> {
        if self.has_opened(vault) {
            return Ok(());
        }
        // It may have opened the keyring, even replaced it, and not have come to the end of a sync.
        if self.remembers(vault).await? {
            return self.recall(drive, vault).await;
        }
        let Some((name, file)) = self.newest_of(drive, vault).await? else {
            let detail = "the vault is sealed, and its keyring is not there: wait until the drive has it, or restore it";
            return Err(Error::new(ErrorKind::Unavailable, "sync", detail).about(KEYRINGS));
        };
        let open = self.open_file(&file, &name)?;
        self.remember(vault, name, file, open).await
    }

    /// Whether the state has a keyring of this vault.
    async fn remembers(&self, vault: VaultId) -> Result<bool> {
        let Some(pin) = self.state.read(vec![PIN.to_owned()]).await?.into_iter().next().flatten() else { return Ok(false) };
        Ok(serde_json::from_slice::<Pin>(&pin).is_ok_and(|pin| pin.vault == vault))
    }

    /// Makes the keyring of a new vault.
    pub(crate) async fn create(&self, drive: &dyn Drive, vault: VaultId) -> Result<()> {
        let secret = Secret::random(&*self.runtime)?;
        let data_key = DataKey::new(Secret::random(&*self.runtime)?)?;
        let (slot, opens) = Slot::make(Binding { vault, epoch: 1 }, &data_key.secret, FIRST_LABEL, &self.encryption, &*self.runtime)?;
        let keys = Keys { vault, secret, data: vec![data_key], revoked: Default::default(), closed: 0, root: None };
        let name = KeyringName::new(1, 1, &*self.runtime)?;
        let slots = vec![slot];
        let file = keyring::encode(&name, &keys, &slots, &*self.runtime)?;
        drive.put(name.path()?, file.clone(), Condition::Any).await?;
        self.remember(vault, name, file, Open { keys, slots, opened: 0, secret: opens }).await
    }

    /// Looks for a newer keyring: a file names a key that this one lacks.
    ///
    /// # Errors
    /// `wrong_key` if there is one, and it does not open.
    pub(crate) async fn look_for_keys(&self, drive: &dyn Drive) -> Result<()> {
        let Some(known) = self.opened() else { return Ok(()) };
        let vault = known.keys.vault;
        let Some((name, file)) = self.newest_of(drive, vault).await?.filter(|(name, _)| *name > known.name) else {
            return self.take_strays(drive).await;
        };
        let open = self.open_file(&file, &name)?;
        // What names are made of never changes.
        if open.keys.secret.bytes() != known.keys.secret.bytes() {
            return Err(words::does_not_open());
        }
        let lost: Vec<DataKey> = known.keys.data.iter().filter(|key| open.keys.data_key(key.id).is_none()).cloned().collect();
        self.remember(vault, name, file, open).await?;
        if !lost.is_empty() {
            self.join_keys(drive, lost, &known.name).await?;
        }
        self.take_strays(drive).await
    }

    /// Reads the greatest keyring that a listing shows and that is this vault's: where two have made the vault at the same
    /// moment, there are two.
    async fn newest_of(&self, drive: &dyn Drive, vault: VaultId) -> Result<Option<(KeyringName, Vec<u8>)>> {
        let names = list(drive, &DrivePath::new(KEYRINGS)?).await?;
        let mut names: Vec<KeyringName> = names.iter().filter_map(|name| KeyringName::parse(name)).collect();
        names.sort_unstable();
        for name in names.into_iter().rev().take(AT_MOST) {
            let options = GetOptions { range: Some(0..MAX_BYTES as u64 + 1), unless: None };
            if let Got::File { bytes, .. } = drive.get(name.path()?, options).await?
                && Locked::vault_of(&bytes).is_none_or(|of| of == vault)
            {
                return Ok(Some((name, bytes)));
            }
        }
        Ok(None)
    }

    /// Puts the keyring back that this client remembers, if it is gone from the drive: others could not join.
    pub(crate) async fn put_back(&self, drive: &dyn Drive) -> Result<()> {
        let Some(known) = self.opened() else { return Ok(()) };
        let names = list(drive, &DrivePath::new(KEYRINGS)?).await?;
        let names: Vec<KeyringName> = names.iter().filter_map(|name| KeyringName::parse(name)).collect();
        let is_there = names.contains(&known.name);
        // A greater one may be another vault's.
        let is_newer =
            || async { Ok::<_, Error>(self.newest_of(drive, known.keys.vault).await?.is_some_and(|(name, _)| name > known.name)) };
        if is_there || names.iter().any(|name| *name > known.name) && is_newer().await? {
            return Ok(());
        }
        let stored = self.state.read(vec![KEYRING.to_owned()]).await?.into_iter().next().flatten();
        let file = stored.ok_or_else(|| damaged(KEYRING))?;
        self.log.line(Level::Warn, || "the keyring of the vault is gone from the drive: it is put back".to_owned());
        drive.put(known.name.path()?, file, Condition::Any).await?;
        Ok(())
    }

    /// The keyring that the state has, as it is on the drive.
    pub(super) async fn remembered(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.state.read(vec![KEYRING.to_owned()]).await?.into_iter().next().flatten())
    }

    fn open_file(&self, file: &[u8], name: &KeyringName) -> Result<Open> {
        let locked = Locked::decode(file, name).map_err(|flaw| match flaw {
            Flaw::Newer => {
                let detail = "the vault was sealed by a newer version of this library: update it";
                Error::new(ErrorKind::NeedsNewerVersion, "sync", detail)
            }
            Flaw::Malformed(why) => Error::corrupt("sync", format!("the keyring of the vault makes no sense: {why}")).about(KEYRINGS),
        })?;
        // What opened it before costs nothing to try, and may be newer than what the host gave: it has changed it then.
        if let Some(known) = self.opened()
            && let Some(open) = locked.clone().open(&VaultKey(known.secret.clone()).into())?
        {
            return Ok(open);
        }
        locked.open(&self.encryption)?.ok_or_else(words::does_not_open)
    }

    /// Remembers a keyring: from now on this vault is sealed, and no older keyring is its own.
    pub(super) async fn remember(&self, vault: VaultId, name: KeyringName, file: Vec<u8>, open: Open) -> Result<()> {
        let pin = serde_json::to_vec(&Pin { vault, keyring: name });
        let pin = pin.map_err(|e| Error::internal("write", "a record of the state could not be made").caused_by(e))?;
        if let Err(e) = self.state.write(vec![StateRecord::set(PIN, pin), StateRecord::set(KEYRING, file)]).await {
            // It may be remembered all the same: whatever is to be used next is what the state has.
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Err(e);
        }
        self.log.line(Level::Debug, || format!("opened keyring {name}"));
        self.set(Opened::new(name, open)?);
        Ok(())
    }

    /// What the marker of this vault says (E30).
    pub(crate) fn marker_tag(&self, epoch: u64, strategy: Strategy) -> Result<MarkerTag> {
        let (keys, _) = self.keys().ok_or_else(|| Error::internal("sync", "a sealed vault was used before its keyring was opened"))?;
        keys.marker_tag(epoch, &strategy.to_string())
    }
}

fn damaged(key: &str) -> Error {
    let detail = "the client's state is damaged; open the client with a fresh state: nothing of the host's is lost";
    Error::new(ErrorKind::State, "read", detail).about(key)
}
