//! What is excused in the journal: what no layout can know.
//!
//! | reason | what is no longer promised |
//! | --- | --- |
//! | [`ROLLED_BACK`] | edits made before, that deletions last and were made, and that conflicts are real |
//! | [`RESTORED`] | edits of this device since its backup that were not pushed, and that conflicts are real |
//! | [`FORGOTTEN`] | deletions made here since the backup that were not pushed, and that conflicts are real |
//! | [`COPIED`] | that conflicts are real |
//!
//! None promises less about what the devices have in the end: that is the same everywhere.

use crate::{eye, ghost::Edit, world::World};

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

/// Whether this device made the edit, and no record has it.
fn is_gone(world: &World, seat: usize, edit: &Edit) -> bool {
    edit.seat == seat && !eye::journal::holds(&world.drive, &edit.revision)
}
