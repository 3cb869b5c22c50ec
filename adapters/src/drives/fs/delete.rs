//! Deleting.

use super::{
    alive::Alive,
    root::Root,
    target::{ended, matches, target},
};
use kitestring::{Result, drive::Condition};
use std::io;

/// Deletes a file.
pub(super) fn delete(root: &Root, path: &str, condition: &Condition, alive: &Alive) -> Result<()> {
    let call = root.call("delete", path);
    let missing = || if matches!(condition, Condition::Matches(_)) { Err(call.refused()) } else { Ok(()) };
    let Some(place) = root.place(&call)? else { return missing() };
    if !target(&call, place.folder(), place.name)? {
        return missing();
    }
    let _held = root.lock(place.root()).map_err(|e| call.fault(e))?;
    if alive.ended() {
        return Err(ended("delete"));
    }
    match condition {
        Condition::Any => {}
        Condition::Absent => return if target(&call, place.folder(), place.name)? { Err(call.refused()) } else { Ok(()) },
        Condition::Matches(wanted) => matches(&call, place.folder(), place.name, wanted)?,
    }
    match place.folder().remove(place.name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed.map_err(|e| call.fault(e))?,
    }
    place.folder().sync().map_err(|e| call.fault(e))
}
