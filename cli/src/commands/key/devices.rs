//! The devices of a vault, as people see them.

use crate::{
    folder::utc_text,
    output::{FAINT, NOTICE, line, quote::shown, styled},
};
use kitestring::{Error, ErrorKind, KnownDevice, Result};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

/// Picks the other device whose name, or the beginning of whose id, was typed.
pub(super) fn wanted(all: &[KnownDevice], typed: &str, list: &str) -> Result<KnownDevice> {
    let others = || all.iter().filter(|device| !device.is_ours && !typed.is_empty());
    let mut found: Vec<&KnownDevice> = others().filter(|device| device.name.as_deref() == Some(typed)).collect();
    if found.is_empty() {
        found = others().filter(|device| device.id.starts_with(typed)).collect();
    }
    if let [device] = found.as_slice() {
        return Ok((*device).clone());
    }
    let (kind, detail) = if found.is_empty() {
        (ErrorKind::NotFound, format!("no other device of the vault has this name or id; {list} lists them"))
    } else {
        (ErrorKind::InvalidInput, format!("{} devices of the vault are called so: type an id; {list} lists them", found.len()))
    };
    Err(Error::new(kind, "key", detail).about(typed))
}

/// What people call it.
pub(super) fn name(device: &KnownDevice) -> String {
    device.name.as_deref().map_or_else(|| device.id.clone(), shown)
}

/// Tells of a device in a line.
pub(super) fn tell(device: &KnownDevice) {
    let what = match (device.is_ours, device.is_revoked) {
        (true, _) => styled(NOTICE, "  this device"),
        (_, true) => styled(NOTICE, "  revoked"),
        (false, false) => String::new(),
    };
    let name = device.name.as_deref().map_or_else(|| "(no name)".to_owned(), shown);
    let wrote = device.written_s.map(|s| format!("  wrote at {}", utc_text(UNIX_EPOCH + Duration::from_secs(s)))).unwrap_or_default();
    line(format_args!("{}  {:<10}  {name}{what}{}", device.id, "device", styled(FAINT, wrote)));
}

/// Tells of a device in JSON.
pub(super) fn describe(device: &KnownDevice) -> Value {
    json!({
        "id": device.id,
        "name": device.name,
        "written_ms": device.written_s.map(|s| s.saturating_mul(1000)),
        "this": device.is_ours,
        "revoked": device.is_revoked,
    })
}
