//! `kite break-lock`.

use super::{DONE, agreed};
use crate::{
    args::BreakLock,
    folder::utc_text,
    output::{GOOD, json, line, note, quote::shown, styled},
    sealed::Opening,
    visit::Visit,
};
use kitestring::{Error, ErrorKind, HeldLock, Result};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

/// Shows the lock of a vault, asks, and removes it.
pub(super) async fn run(args: &BreakLock, opening: &Opening) -> Result<u8> {
    let visit = Visit::of(&args.place, opening).await?;
    let Some(held) = visit.client.held_lock().await? else {
        if args.place.json {
            json::print(&json!({ "broken": Value::Null }));
        } else {
            line(format_args!("No lock lies on {}", shown(&visit.shown)));
        }
        return Ok(DONE);
    };
    if !args.yes {
        note(told(&held));
        if !agreed("lock", "Is that device gone, or certainly not at work? Break its lock?")? {
            return Err(Error::new(ErrorKind::InvalidInput, "lock", "nothing was changed"));
        }
    }
    visit.client.break_lock(held.clone()).await?;
    if args.place.json {
        json::print(&json!({ "broken": described(&held) }));
    } else {
        line(format_args!("{} the lock of {}", styled(GOOD, "Broke"), shown(held.holder())));
    }
    Ok(DONE)
}

/// Describes a lock, for programs.
pub(super) fn described(held: &HeldLock) -> Value {
    json!({
        "path": held.path,
        "owner": held.owner,
        "device": held.device,
        "until_ms": held.until_ms,
        "ours": held.is_ours,
        "over": held.is_over,
    })
}

/// Says what a lock says.
pub(super) fn told(held: &HeldLock) -> String {
    let what = if held.path == "lease" { "is putting the vault in order" } else { "holds the lock" };
    let until = held.until_ms.map(|ms| utc_text(UNIX_EPOCH + Duration::from_millis(ms)));
    let until = match (until, held.is_over) {
        (Some(until), true) => format!(" until {until}, which is over"),
        (Some(until), false) => format!(" until {until}"),
        (None, _) => ", and does not say until when".to_owned(),
    };
    let ours = if held.is_ours { ", which is this device" } else { "" };
    format!("{}: {}{ours} {what}{until}", held.path, shown(held.holder()))
}
