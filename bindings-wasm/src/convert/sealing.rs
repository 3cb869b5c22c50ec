//! What opens a sealed vault.

use super::{Parsed, read, write::object};
use kitestring::{Encryption, KeySlot, Revocation};
use wasm_bindgen::prelude::JsValue;

/// Reads `{ passphrase }` or `{ key }`, either with `padded`.
pub(crate) fn encryption(value: &JsValue) -> Parsed<Encryption> {
    let passphrase = read::optional(value, "passphrase", read::text)?;
    let key = read::optional(value, "key", read::bytes)?;
    let made = match (passphrase, key) {
        (Some(text), None) => Encryption::passphrase(&text).map_err(|e| e.detail().to_owned())?,
        (None, Some(bytes)) => Encryption::key(bytes.try_into().map_err(|_| "`key` must have 32 bytes")?),
        _ => return Err("must be { passphrase } or { key }".into()),
    };
    Ok(if read::optional(value, "padded", read::flag)?.unwrap_or_default() { made.padded() } else { made })
}

/// Reads `{ label, encryption, device, keep }`.
pub(crate) fn revocation(value: &JsValue) -> Parsed<Revocation> {
    Ok(Revocation {
        device: read::optional(value, "device", read::text)?,
        label: read::required(value, "label", read::text)?,
        encryption: read::required(value, "encryption", encryption)?,
        keep: read::optional(value, "keep", |keep| read::list(keep, encryption))?.unwrap_or_default(),
    })
}

pub(crate) fn slot(slot: &KeySlot) -> JsValue {
    object(&[
        ("id", slot.id.as_str().into()),
        ("label", slot.label.as_str().into()),
        ("isPassphrase", slot.is_passphrase.into()),
        ("isOurs", slot.is_ours.into()),
    ])
}
