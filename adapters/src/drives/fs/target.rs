//! What stands where a file is to be written or deleted.

use super::{
    fault::Call,
    folder::{Folder, Kind},
    read::version_of,
};
use kitestring::{Error, ErrorKind, Result, drive::Version};

/// Whether there is a file of this name; anything else of this name but a folder to delete is refused.
pub(super) fn target(call: &Call<'_>, folder: &Folder, name: &str) -> Result<bool> {
    if name.is_empty() {
        return if call.operation == "delete" { Ok(false) } else { Err(call.invalid("this is the drive's root, not a file")) };
    }
    match folder.kind(name).map_err(|e| call.fault(e))? {
        None => Ok(false),
        Some(Kind::File { .. }) => Ok(true),
        Some(Kind::Folder) if call.operation == "delete" => Ok(false),
        Some(Kind::Folder) => Err(call.invalid("there is a folder of that name")),
        Some(Kind::Symlink) => Err(call.symlink()),
        Some(Kind::Other) => Err(call.invalid("what has this name on the disk is no file: a device, a pipe or a socket")),
    }
}

/// Makes sure that the file has this version; under the drive's lock it keeps it.
pub(super) fn matches(call: &Call<'_>, folder: &Folder, name: &str, wanted: &Version) -> Result<()> {
    let found = version_of(folder, name).map_err(|e| call.fault(e))?;
    if found.as_ref() == Some(wanted) { Ok(()) } else { Err(call.refused()) }
}

/// The answer to a call that nobody waits for any more.
pub(super) fn ended(operation: &'static str) -> Error {
    Error::new(ErrorKind::Cancelled, operation, "the call was dropped before it took effect")
}
