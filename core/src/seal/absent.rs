//! What stands for sealing in a build without it: types of which there is no value. What would use one is compiled, and is
//! nothing.

use super::{Closing, MarkerTag};
use crate::{
    Drive, Result, State,
    drive::{Capabilities, Condition, DrivePath, GetOptions, Got, Listing, Version},
    server::journal::{KeyringLook, Strategy, VaultId},
};
use macro_rules_attribute::apply;
use std::sync::Arc;

/// What would open a vault.
pub(crate) enum Sealing {}

/// A drive on which everything would be sealed.
#[derive(Clone)]
pub(crate) enum SealedDrive {}

impl Sealing {
    pub(crate) fn closing(&self) -> Option<Closing> {
        match *self {}
    }

    pub(crate) fn has_revoked(&self, _device: &[u8]) -> bool {
        match *self {}
    }

    pub(crate) fn has_opened(&self, _vault: VaultId) -> bool {
        match *self {}
    }

    pub(crate) fn on(&self, _state: Arc<dyn State>) -> Self {
        match *self {}
    }

    pub(crate) fn marker_tag(&self, _epoch: u64, _strategy: Strategy) -> Result<MarkerTag> {
        match *self {}
    }

    pub(crate) async fn recall(&self, _drive: &dyn Drive, _vault: VaultId) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn join(&self, _drive: &dyn Drive, _vault: VaultId) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn create(&self, _drive: &dyn Drive, _vault: VaultId) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn look(&self, _drive: &dyn Drive) -> Result<KeyringLook> {
        match *self {}
    }

    pub(crate) async fn put_back_remembered(&self, _drive: &dyn Drive) -> Result<()> {
        match *self {}
    }

    pub(crate) async fn put_back(&self, _drive: &dyn Drive) -> Result<()> {
        match *self {}
    }
}

impl SealedDrive {
    pub(crate) fn new(_drive: Arc<dyn Drive>, sealing: Arc<Sealing>) -> Self {
        match *sealing {}
    }

    pub(crate) fn for_bodies(&self) -> Self {
        match *self {}
    }

    pub(crate) fn is_closed(&self, _path: &DrivePath) -> bool {
        match *self {}
    }

    pub(crate) fn path_of(&self, _path: &DrivePath) -> Result<DrivePath> {
        match *self {}
    }

    pub(crate) fn name_of(&self, _folder: &str, _name: &str) -> Option<String> {
        match *self {}
    }

    pub(crate) fn open_copy(&self, _path: &DrivePath, _bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        match *self {}
    }

    pub(crate) fn seal_copy(&self, _path: &DrivePath, _bytes: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn lacks_keys(&self) -> bool {
        match *self {}
    }
}

#[apply(port!)]
impl Drive for SealedDrive {
    fn capabilities(&self) -> Capabilities {
        match *self {}
    }

    async fn get(&self, _path: DrivePath, _options: GetOptions) -> Result<Got> {
        match *self {}
    }

    async fn put(&self, _path: DrivePath, _bytes: Vec<u8>, _condition: Condition) -> Result<Version> {
        match *self {}
    }

    async fn delete(&self, _path: DrivePath, _condition: Condition) -> Result<()> {
        match *self {}
    }

    async fn list_dir(&self, _dir: DrivePath, _cursor: Option<String>) -> Result<Listing> {
        match *self {}
    }
}
