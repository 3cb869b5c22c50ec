//! What only the journal layout has: old and left versions, devices, strategies.

use super::{
    Parsed,
    from_host::{id as read_id, revision as read_revision},
    read,
    to_host::{id, revision},
    write::{number, object, optional},
};
use kitestring::{KnownDevice, LeftVersion, OldVersion, PairingCode, Strategy, server::Tag};
use wasm_bindgen::prelude::JsValue;

pub(crate) fn old_version(old: &OldVersion) -> JsValue {
    object(&[
        ("id", id(&old.id)),
        ("revision", revision(&old.revision)),
        ("writtenMs", milliseconds(old.written_s)),
        ("replacedMs", milliseconds(old.replaced_s)),
        ("deleted", old.deleted.into()),
        ("size", number(old.size)),
        ("device", old.device.as_str().into()),
    ])
}

/// With what the drive's layout knows of it, so that it can be taken up.
pub(crate) fn left_version(left: &LeftVersion) -> JsValue {
    object(&[
        ("id", id(&left.id)),
        ("revision", revision(&left.revision)),
        ("valid", optional(left.valid.as_ref(), revision)),
        ("deleted", left.deleted.into()),
        ("size", number(left.size)),
        ("device", left.device.as_str().into()),
        ("tag", (&*left.tag.0).into()),
    ])
}

pub(crate) fn read_left_version(value: &JsValue) -> Parsed<LeftVersion> {
    Ok(LeftVersion {
        id: read::required(value, "id", read_id)?,
        revision: read::required(value, "revision", read_revision)?,
        valid: read::optional(value, "valid", read_revision)?,
        deleted: read::required(value, "deleted", read::flag)?,
        size: read::required(value, "size", read::count)?,
        device: read::required(value, "device", read::text)?,
        tag: read::required(value, "tag", |tag| Ok(Tag(read::text(tag)?.into())))?,
    })
}

pub(crate) fn device(device: &KnownDevice) -> JsValue {
    object(&[
        ("id", device.id.as_str().into()),
        ("name", device.name.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
        ("writtenMs", milliseconds(device.written_s)),
        ("isOurs", device.is_ours.into()),
        ("isRevoked", device.is_revoked.into()),
    ])
}

fn milliseconds(seconds: Option<u64>) -> JsValue {
    seconds.map_or(JsValue::UNDEFINED, |seconds| (seconds as f64 * 1000.0).into())
}

pub(crate) fn pairing(value: &JsValue) -> Parsed<PairingCode> {
    read::text(value)?.parse().map_err(|e: kitestring::Error| e.detail().to_owned())
}

pub(crate) fn strategy(value: &JsValue) -> Parsed<Strategy> {
    let text = read::text(value)?;
    Strategy::ALL.into_iter().find(|strategy| strategy.code() == text).ok_or_else(|| format!("is no strategy: {text}"))
}
