//! Any files on the drive: a container of paths and bytes.

use crate::{
    check::{Settings, syncs},
    container::parts,
};
use std::collections::BTreeMap;

pub(crate) fn run(input: &[u8]) {
    let mut settings = Settings::default();
    let files: BTreeMap<String, Vec<u8>> = parts(input).into_iter().filter(|(name, _)| !settings.take(name)).collect();
    syncs(files, settings);
}
