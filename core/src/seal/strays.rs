//! Keys that the keyring which counts lacks, because two were written at the same moment (E35).

use super::{
    VaultKey,
    keyring::{KEYRINGS, KeyringName, Locked, MAX_BYTES, Open},
    keys::DataKey,
    vault::{Opened, Sealing},
};
use crate::{
    Encryption, Result,
    drive::{Drive, DrivePath, GetOptions, Got},
    server::journal::list,
};

/// At most this many keyrings are read.
const AT_MOST: usize = 16;

impl Sealing {
    /// Takes over the keys of keyrings that are not as great as the one that is known: whoever wrote one may have sealed files
    /// with its key, and not have seen yet that another one counts.
    pub(super) async fn take_strays(&self, drive: &dyn Drive) -> Result<()> {
        let names = list(drive, &DrivePath::new(KEYRINGS)?).await?;
        let names = names.iter().filter_map(|name| KeyringName::parse(name)).take(AT_MOST);
        for name in names {
            let Some(known) = self.opened().filter(|known| name < known.name) else { continue };
            let options = GetOptions { range: Some(0..MAX_BYTES as u64 + 1), unless: None };
            if let Got::File { bytes, .. } = drive.get(name.path()?, options).await?
                && let Some(lacking) = lacking(&known, &name, &bytes)?
            {
                self.join_keys(drive, lacking, &name).await?;
            }
        }
        Ok(())
    }
}

/// The keys of a keyring that are not known, if its slots wrap one of these: nobody can make that who does not open the vault,
/// though they may have had an older key.
fn lacking(known: &Opened, name: &KeyringName, file: &[u8]) -> Result<Option<Vec<DataKey>>> {
    let Some(locked) = Locked::decode(file, name).ok().filter(|locked| locked.vault == known.keys.vault) else { return Ok(None) };
    let Some(Open { keys, .. }) = locked.open(&Encryption::from(VaultKey(known.secret.clone())))? else { return Ok(None) };
    let is_lacking = |key: &DataKey| known.keys.data_key(key.id).is_none();
    if !keys.current().is_some_and(is_lacking) || keys.secret.bytes() != known.keys.secret.bytes() {
        return Ok(None);
    }
    Ok(Some(keys.data.into_iter().filter(is_lacking).collect()))
}
