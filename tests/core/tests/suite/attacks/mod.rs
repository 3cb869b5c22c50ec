//! What a drive can do to a sealed vault beyond changing single files (`damage/sealed.rs`, `bits.rs`). The letters and
//! numbers are those of the list of attacks in `spec/assurance.md`, where each has its tests.

mod accepted;
mod ids;
mod keyrings;
mod leaks;
mod leases;
mod liars;
mod records;
mod salts;
mod sizes;
mod states;
mod vaults;

use crate::common::Device;
use kitestring::*;
use std::{collections::BTreeMap, sync::Arc};

/// What lies on a drive.
type Files = BTreeMap<String, Vec<u8>>;

/// The same device after its process died.
async fn restarted(device: Device, drive: &Arc<MemoryDrive>, encryption: Encryption) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    let options = Options { encryption: Some(encryption), ..Options::new(runtime.clone()) };
    Device::with(notes, state, drive.clone(), runtime, options).await
}
