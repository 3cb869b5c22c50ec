//! Looks at the keyring of a vault on the drive, and puts the remembered one back.

use super::{
    keyring::{KEYRINGS, KeyringName, MAX_BYTES},
    vault::Sealing,
};
use crate::{
    Result,
    drive::{Condition, Drive, DrivePath, GetOptions, Got},
    server::journal::{KeyringLook, list},
};

impl Sealing {
    /// How the keyring that is open lies on the drive. A greater one is not looked at: whoever needs it opens it.
    pub(crate) async fn look(&self, drive: &dyn Drive) -> Result<KeyringLook> {
        let Some(known) = self.opened() else { return Ok(KeyringLook::Fine) };
        let names = list(drive, &DrivePath::new(KEYRINGS)?).await?;
        let names: Vec<KeyringName> = names.iter().filter_map(|name| KeyringName::parse(name)).collect();
        if names.iter().any(|name| *name > known.name) {
            return Ok(KeyringLook::Fine);
        }
        let path = known.name.path()?;
        let options = GetOptions { range: Some(0..MAX_BYTES as u64 + 1), unless: None };
        let Got::File { bytes, .. } = drive.get(path.clone(), options).await? else {
            return Ok(KeyringLook::Missing(path));
        };
        let is_same = self.remembered().await?.is_none_or(|remembered| remembered == bytes);
        Ok(if is_same { KeyringLook::Fine } else { KeyringLook::Damaged(path) })
    }

    /// Puts the remembered keyring where it belongs. It is never changed, so what lies there is no other one.
    pub(crate) async fn put_back_remembered(&self, drive: &dyn Drive) -> Result<()> {
        let (Some(known), Some(file)) = (self.opened(), self.remembered().await?) else { return Ok(()) };
        drive.put(known.name.path()?, file, Condition::Any).await.map(drop)
    }
}
