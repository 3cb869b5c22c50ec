//! What is excused in the journal: what no layout can know.
//!
//! | reason | what is no longer promised |
//! | --- | --- |
//! | [`ROLLED_BACK`] | edits made before, that deletions last and were made, and that conflicts are real |
//! | [`RESTORED`] | edits of this device since its backup that were not pushed, and that conflicts are real |
//! | [`FORGOTTEN`] | deletions made here since the backup that were not pushed, or of what the state no longer knows, and that conflicts are real |
//! | [`COPIED`] | that conflicts are real |
//! | [`NEVER_PUSHED`] | this deletion |
//! | [`LEFT`] | that the author of this version is asked about it |
//! | [`EXPIRED`] | that deletions of this document that were made before last |
//! | [`UNTOLD`] | this deletion |
//! | [`HISTORY_UNSEEN`] | that old versions are listed |
//! | [`COVER_UNSEEN`] | that it does not call the drive older than it was |
//! | [`NUMBER_AGAIN`], [`TWO_STRATEGIES`], [`TWO_VAULTS`], [`NO_VAULT`], [`DELETED_BEHIND`] | anything but that content is somebody's, and that every call ends |
//!
//! None but these last promises less about what the devices have in the end: that is the same everywhere.

use crate::{
    eye,
    ghost::{Edit, EditNo, Ghost},
    world::World,
};
use kitestring::{DocId, LeftVersion};
use std::collections::BTreeSet;

/// The drive is an older copy of itself, the clients have said so (`Rollback`), and the users have agreed to go on from
/// there.
pub const ROLLED_BACK: &str = "the drive was put back to an older copy, and the users went on from it";

/// The device is an older copy of itself: what it had not pushed is gone with the newer one. What it had pushed may meet
/// what it has now.
pub const RESTORED: &str = "a device was put back to a backup of its own";

/// The state is older than the host: a deletion of what came later has left no trace, and what was pushed since may meet
/// what was made on top of it.
pub const FORGOTTEN: &str = "a client's state was put back to a backup, and its host lives on";

/// Two devices have the same edits to push: the one may go on from them before the other has seen that they are the same.
pub const COPIED: &str = "a device was copied, and both live on";

/// A document was edited, the device was copied before it was ever pushed, and somebody deletes it before both copies have
/// agreed about it with the drive. For a copy that has not, it was never anywhere: its own deletion says nothing, and what it has
/// comes after the other's deletion like any new document.
pub const NEVER_PUSHED: &str = "a document was deleted that a copy of a device had made and never pushed";

/// A version lost against one that was made at the same time, and its author is no more: it was put back to a time before
/// it made it, or goes on from an older vault. Any device can list what was left, and take it up.
pub const LEFT: &str = "a version lost whose author does not remember it: it is listed";

/// Heads are numbered, the drive was put back, and went on to the very number that this device has read last. It notices
/// with the next number; what it writes before names records that are no more.
pub const NUMBER_AGAIN: &str = "a drive that was put back has reached the number again that another device knows";

/// Two devices that can do different things on one drive create the vault at the same moment, and the one that cannot only
/// create writes its marker over the other's: each finds records in its own way.
pub const TWO_STRATEGIES: &str = "a marker was written over one that says another strategy";

/// Two devices create a sealed vault at the same moment on a drive that cannot keep them apart: it has one id (J70), and who
/// is in the other one is told so (`vault_changed`).
pub const TWO_VAULTS: &str = "a marker of a sealed vault was written over another one";

/// The drive was put back to a time before the vault while a sync was under way, and no head tells: the record is there
/// alone, and its author does not look at the marker.
pub const NO_VAULT: &str = "a record was written where a drive that was put back has no vault";

/// A record has withdrawn a deletion of this document, which was older than deletions are kept, known to a checkpoint and
/// alone, or `Expiry` is broken: an edit that comes later than that brings the document back without asking (0007).
pub const EXPIRED: &str = "a deletion was forgotten when it was old enough";

/// A record withdraws a deletion of this document.
pub fn expired(ghost: &Ghost, id: &DocId) {
    ghost.forgive(|_, edit| edit.body.is_none() && edit.id == *id, EXPIRED);
}

/// Where there is no head, a device does not see the checkpoint which covers its own last record, and with which that was
/// deleted: to it, the drive is older than it was. It says so until the listing shows the checkpoint.
pub const COVER_UNSEEN: &str = "a device does not see the checkpoint that its own last record is in";

/// A compaction was under way when the drive was put back, and has then deleted a file that may be needed again. One that
/// deletes nothing, or nothing any longer, is no excuse.
pub const DELETED_BEHIND: &str = "the drive was put back while a compaction deleted files";

/// A host that keeps no flag has deleted a document, and no queue has it. The client does not remember that it had brought
/// the document: to it, nothing was ever here.
pub const UNTOLD: &str = "a deletion that nobody was told of, of a document that the client does not know to be here";

/// A change was made without a word, or its author was killed before it was queued. One case is beyond any comparison of
/// the host (S84): the deletion of what an interrupted apply had brought, where nothing was agreed on before.
pub fn untold(world: &World, seat: usize, id: &DocId) {
    let known = ["base/", "queue/"].iter().any(|prefix| eye::state_has(world, seat, prefix, id));
    if !world.config.is_journal() || known || world.host(seat).is_uncommitted(id) {
        return;
    }
    let seen = world.host(seat).seen(id);
    world.ghost.forgive(|no, edit| seen.contains(&no) && edit.seat == seat && edit.excused && edit.body.is_none(), UNTOLD);
}

/// Where there is no head, a compactor did not see files of others: a version that it cannot read is left out of its history,
/// though a checkpoint that it does not see may have it.
pub const HISTORY_UNSEEN: &str = "history may lack what whoever compacted did not see";

/// The drive is about to be put back.
pub(super) fn rolled_back(world: &World) {
    world.ghost.forgive(|_, _| true, ROLLED_BACK);
    world.ghost.allow_repeats(ROLLED_BACK);
    world.ghost.allow_returns(ROLLED_BACK);
}

/// A device is about to be put back, host and state.
pub(super) fn restored(world: &World, seat: usize, made_before: usize) {
    world.ghost.forgive(|no, edit| no >= made_before && is_gone(world, seat, edit), RESTORED);
    world.ghost.allow_repeats(RESTORED);
}

/// A state is about to be put back alone.
pub(super) fn forgotten(world: &World, seat: usize, made_before: usize) {
    world.ghost.forgive(|no, edit| no >= made_before && edit.body.is_none() && is_gone(world, seat, edit), FORGOTTEN);
    world.ghost.allow_repeats(FORGOTTEN);
}

/// A device has deleted a document of which its state, or that of a copy of it, knows nothing: with it goes what it had
/// made of it and never pushed.
pub(super) fn deleted_unknown(world: &World, seat: usize, id: &DocId, reason: &'static str) {
    let edits = world.ghost.edits();
    let last = edits.len().saturating_sub(1);
    if edits.last().is_none_or(|edit| edit.body.is_some()) {
        return;
    }
    let gone = |(no, edit): &(EditNo, &Edit)| {
        let own = edit.seat == seat && edit.id == *id && world.ghost.covers(&BTreeSet::from([last]), *no);
        *no == last || own && !eye::journal::holds(&world.drive, &edit.revision)
    };
    let gone: BTreeSet<EditNo> = edits.iter().enumerate().filter(gone).map(|(no, _)| no).collect();
    world.ghost.forgive(|no, _| gone.contains(&no), reason);
}

/// Whether a device has this document from before its state was copied or put back, and that knows nothing of it.
pub(super) fn is_unknown(world: &World, seat: usize, id: &DocId, copied_before: EditNo) -> bool {
    !eye::state_has(world, seat, "base/", id) && world.host(seat).seen(id).iter().any(|no| *no < copied_before)
}

/// A state was put back alone: what it knows nothing of and its host has looks new, also where it was deleted elsewhere.
pub(super) fn forgot(world: &World, seat: usize) {
    let ids: BTreeSet<DocId> = world.host(seat).documents().into_keys().filter(|id| is_unknown(world, seat, id, EditNo::MAX)).collect();
    world.ghost.forgive(|_, edit| edit.body.is_none() && ids.contains(&edit.id), FORGOTTEN);
}

/// Everything is quiet, and a newcomer lists what was left.
pub fn left(world: &World, left: &[LeftVersion]) {
    if world.ghost.may_repeat_all() {
        let is_left = |edit: &Edit| left.iter().any(|left| left.id == edit.id && left.revision == edit.revision);
        world.ghost.forgive(|_, edit| is_left(edit), LEFT);
    }
}

/// Whether this device made the edit, and no record has it.
fn is_gone(world: &World, seat: usize, edit: &Edit) -> bool {
    edit.seat == seat && !eye::journal::holds(&world.drive, &edit.revision)
}
