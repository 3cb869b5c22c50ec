//! The devices that have written to a vault, for people.

use super::{
    contact::device_of,
    fold::Read,
    name::Writer,
    standing::{PAGE, damaged, json, load_seen, parse},
};
use crate::{Result, State, StateRecord, hex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a device, by its id.
const DEVICE: &str = "server/device/";

/// A device that has written to the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its random id: 16 hexadecimal digits.
    pub id: String,
    /// What people call it ([`Options::device`](crate::Options)); none if it has no name, or if this client has read no record
    /// of it.
    pub name: Option<String>,
    /// When it wrote the last record that this client has read, in seconds since the Unix epoch by the device's clock.
    pub written_s: Option<u64>,
    /// Whether it is this one.
    pub is_ours: bool,
    /// Whether it was revoked ([`Client::revoke`](crate::Client::revoke)).
    pub is_revoked: bool,
}

/// What the state remembers of a device.
#[derive(Serialize, Deserialize)]
struct Remembered {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    written_s: u64,
}

/// The record that remembers who has written another one, and when.
pub(super) fn device_record(read: &Read) -> Result<StateRecord> {
    let name = Some(read.record.device.clone()).filter(|name| !name.is_empty());
    let remembered = Remembered { name, written_s: read.record.time };
    Ok(StateRecord::set(format!("{DEVICE}{}", id_of(&read.record.writer)), json(&remembered)?))
}

fn id_of(writer: &Writer) -> String {
    let mut id = String::with_capacity(16);
    hex::push(writer.device(), &mut id);
    id
}

/// Lists the devices, without a request to the drive.
pub(crate) async fn known_devices(state: &dyn State, client: &str, is_revoked: impl Fn(&[u8]) -> bool) -> Result<Vec<KnownDevice>> {
    let (vector, _) = load_seen(state).await?;
    let ours = device_of(client);
    let mut devices = BTreeMap::new();
    for writer in vector.keys() {
        let (id, device) = (id_of(writer), writer.device());
        let (is_ours, is_revoked) = (device == ours, is_revoked(device));
        devices.entry(id.clone()).or_insert(KnownDevice { id, name: None, written_s: None, is_ours, is_revoked });
    }
    let mut after = None;
    loop {
        let page = state.scan(DEVICE.to_owned(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(devices.into_values().collect()) };
        after = Some(last.key.clone());
        for StateRecord { key, value } in page {
            let remembered = value.map(|value| parse::<Remembered>(&key, &value)).transpose()?.ok_or_else(|| damaged(&key))?;
            if let Some(device) = key.strip_prefix(DEVICE).and_then(|id| devices.get_mut(id)) {
                (device.name, device.written_s) = (remembered.name, Some(remembered.written_s));
            }
        }
    }
}

/// Reads the id of a device; none if it is none.
pub(crate) fn device_from(id: &str) -> Option<[u8; 8]> {
    hex::read(id, false)
}
