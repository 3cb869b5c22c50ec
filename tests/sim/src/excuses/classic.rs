//! What is excused in the classic layout.
//!
//! | reason | what is no longer promised |
//! | --- | --- |
//! | [`OVERLAP`] | that no edit of this document is lost |
//! | [`LIED`] | that no edit of this document is lost |
//! | [`LANDED`] | anything about this document but that its content is somebody's |
//! | [`LOG_LANDED`] | anything but that content is somebody's, and that every call ends |
//! | [`ROLLED_BACK`] | edits made before (S78), that deletions last and were made, that conflicts are real, and anything about documents that were in conflict then or not announced yet on the copy |
//! | [`RESTORED`] | edits of this device since its backup, anything about these documents, that deletions last, and that conflicts are real |
//! | [`FORGOTTEN`] | anything about documents edited here since the backup, that deletions last, and that conflicts are real |
//! | [`COPIED`] | that no edit is lost of what either copy has edited, that deletions last, and that conflicts are real |
//! | [`UNANNOUNCED`] | that this one conflict is real, and that this deletion lasts |
//! | [`TWINS`] | anything about this document but that its content is somebody's |
//! | [`OLD_CLIENT`] | what an old client overwrites without looking |

use crate::{
    drive::{Effect, File, Files, Request, SimDrive},
    eye::classic,
    ghost::{Doubt, Ghost},
    world::World,
};
use kitestring::{DocId, drive::Capabilities};
use std::collections::BTreeSet;

/// A drive without `replace`, and two syncs that overlap although there is a lock: one stood still for longer than
/// its lease, or there is no condition at all. The later write of one file wins unseen (`spec/classic.md`, the end).
pub const OVERLAP: &str = "two syncs overlapped on a drive that cannot compare and swap";

/// The drive wrote although the condition did not hold: a broken D41. What it overwrites is gone.
pub const LIED: &str = "the drive ignored a condition that it claims to honour";

/// A request that had failed took effect after somebody else had written or deleted that file (D32, D43): a creation
/// after a deletion, or any write where there is no condition. Nobody announces it.
pub const LANDED: &str = "a late request took effect over what came after it";

/// As [`LANDED`], and the file is the count or a part of the log, on a drive that cannot compare and swap: the log ends
/// before the count says so, or names a push that has been undone. Devices may then disagree.
pub const LOG_LANDED: &str = "a late request took effect over the log or the count";

/// The drive is an older copy of itself. Unedited documents follow it (`spec/classic.md`, the end).
pub const ROLLED_BACK: &str = "the drive was put back to an older copy";

/// The device is an older copy of itself: what it had not pushed is gone with the newer one.
pub const RESTORED: &str = "a device was put back to a backup";

/// The state is older than the host: a document that was deleted elsewhere since looks new.
pub const FORGOTTEN: &str = "a client's state was put back to a backup, and its host was not";

/// Two clients have one state (S22) and one name: each takes what the other does for its own.
pub const COPIED: &str = "a device was copied with its profile";

/// An interrupted push has left a document that nobody announced; a client that listed all documents has it, and goes on
/// from there. For the author of it that is another document until it has announced its own: it may be shown a
/// conflict, or bring back what the other deleted.
pub const UNANNOUNCED: &str = "somebody went on from a document that was not announced yet";

/// Two names that differ only in case, and two devices that did not know of each other's documents: one of them has used
/// the plain name and the other the twin's for one document. Each device goes on with the file that it knows.
pub const TWINS: &str = "a document was written under its plain name and under a twin's";

/// An old client writes without any condition (`spec/classic.md`, H).
pub const OLD_CLIENT: &str = "an old client wrote without looking";

/// A write without condition is about to take place. `ignored`: the drive was given one.
pub fn overwriting(ghost: &Ghost, drive: &SimDrive, seat: usize, path: &str, ignored: bool) {
    let Some(id) = document(path) else { return };
    let there = drive.file(path);
    if there.as_ref().is_some_and(|file| file.seat == seat) {
        return;
    }
    let unannounced = there.and_then(|file| classic::revision(&file.bytes)).is_some_and(|revision| !ghost.is_announced(&revision));
    if unannounced {
        ghost.doubt(&id, Doubt { diverges: false, reason: UNANNOUNCED });
    } else if drive.touched(path) > drive.begun(seat) {
        ghost.doubt(&id, Doubt { diverges: false, reason: if ignored { LIED } else { OVERLAP } });
    }
}

/// A document was written: if it is there under another name too, it is two.
pub fn doubled(ghost: &Ghost, drive: &SimDrive, path: &str) {
    let Some(id) = document(path) else { return };
    if drive.snapshot().keys().any(|other| other != path && document(other).as_ref() == Some(&id)) {
        ghost.doubt(&id, Doubt { diverges: true, reason: TWINS });
    }
}

/// A late request took effect.
pub fn landed(ghost: &Ghost, drive: Capabilities, request: &Request, touched: u64, effect: &Effect) {
    let same = effect.before.as_ref().map(|file| &*file.bytes) == request.bytes.as_deref();
    if touched <= request.sent || same {
        return;
    }
    let path = request.path.as_str();
    if !drive.replace && (path == "meta.json" || path.starts_with("changes/")) {
        ghost.wreck(LOG_LANDED);
    } else if let Some(id) = document(path) {
        ghost.doubt(&id, Doubt { diverges: true, reason: LANDED });
    }
}

/// The drive is about to be put back to `files`; `conflicts` are the documents that are in conflict somewhere. What was
/// written and not announced then, nobody announces; a conflict is settled against a side that is no more.
pub fn rolled_back(world: &World, files: &Files, conflicts: &[DocId]) {
    world.ghost.forgive(|_, _| true, ROLLED_BACK);
    let log = classic::log(|path| files.get(path).map(|file| file.bytes.clone())).unwrap_or_default();
    let announced = |file: &File| {
        let revision = classic::revision(&file.bytes);
        log.iter().any(|(entry, _)| classic::revision(entry.as_bytes()) == revision)
    };
    let unannounced = files.iter().filter(|(_, file)| !announced(file)).filter_map(|(path, _)| document(path));
    for id in unannounced.chain(conflicts.iter().cloned()) {
        world.ghost.doubt(&id, Doubt { diverges: true, reason: ROLLED_BACK });
    }
    world.ghost.allow_repeats(ROLLED_BACK);
    world.ghost.allow_returns(ROLLED_BACK);
}

/// A device is about to be put back, host and state.
pub fn restored(world: &World, seat: usize, made_before: usize) {
    world.ghost.forgive(|no, edit| edit.seat == seat && no >= made_before, RESTORED);
    unannounced(world, seat, made_before, RESTORED);
    world.ghost.allow_repeats(RESTORED);
    world.ghost.allow_returns(RESTORED);
}

/// A state is about to be put back alone.
pub fn forgotten(world: &World, seat: usize, made_before: usize) {
    unannounced(world, seat, made_before, FORGOTTEN);
    world.ghost.allow_returns(FORGOTTEN);
    world.ghost.allow_repeats(FORGOTTEN);
}

/// What a device has written to the drive since its backup and not announced, nobody ever announces (`spec/classic.md`,
/// F).
fn unannounced(world: &World, seat: usize, made_before: usize, reason: &'static str) {
    for (no, edit) in world.ghost.edits().iter().enumerate().filter(|(_, edit)| edit.seat == seat) {
        if no >= made_before || !world.ghost.is_announced(&edit.revision) {
            world.ghost.doubt(&edit.id, Doubt { diverges: true, reason });
        }
    }
}

/// A device was copied.
pub fn copies(ghost: &Ghost) {
    ghost.allow_repeats(COPIED);
    ghost.allow_returns(COPIED);
}

/// A copied device is about to edit a document.
pub fn copied(world: &World, id: &DocId) {
    world.ghost.doubt(id, Doubt { diverges: false, reason: COPIED });
    world.ghost.allow_repeats(COPIED);
}

/// An old client is about to write a document of which it knows the edits `seen`.
pub fn old_client(world: &World, id: &DocId, seen: &BTreeSet<usize>) {
    let there = world.drive.file(&format!("docs/{id}.json")).and_then(|file| classic::revision(&file.bytes));
    let edits = there.map(|revision| world.ghost.edits_of(id, &revision)).unwrap_or_default();
    if edits.into_iter().any(|no| !world.ghost.covers(seen, no)) {
        world.ghost.doubt(id, Doubt { diverges: false, reason: OLD_CLIENT });
    }
}

fn document(path: &str) -> Option<DocId> {
    classic::id_of(path.strip_prefix("docs/")?.strip_suffix(".json")?)
}
