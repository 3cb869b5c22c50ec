//! What opens a sealed vault.

use super::{Parsed, read};
use kitestring::Encryption;
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
