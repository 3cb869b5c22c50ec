//! What is excused, each with its reason, for each layout: the one place. Everything else must hold, whatever happens.
//!
//! An excuse is as narrow as it can be told: a document, or an edit, and only from the moment on in which the thing
//! took place that the documents do not rule out. It is asked for by the schedules that can bring it about
//! ([`Config::lenient`](crate::Config::lenient)); the exhaustive ones get none.
//!
//! One excuse is the same in every layout, and is in the ghost history ([`crate::ghost::Edit::excused`]): an edit made on
//! top of an apply that the client did not live to remember may be shown as a conflict (S84).

pub mod classic;
pub mod journal;

use crate::{drive::Files, world::World};
use kitestring::DocId;

/// The drive is about to be put back to `files`; `conflicts` are the documents that are in conflict somewhere.
pub fn rolled_back(world: &World, files: &Files, conflicts: &[DocId]) {
    if world.config.is_journal() {
        journal::rolled_back(world);
    } else {
        classic::rolled_back(world, files, conflicts);
    }
}

/// A device is about to be put back, host and state.
pub fn restored(world: &World, seat: usize, made_before: usize) {
    if world.config.is_journal() {
        journal::restored(world, seat, made_before);
    } else {
        classic::restored(world, seat, made_before);
    }
}

/// A state is about to be put back alone.
pub fn forgotten(world: &World, seat: usize, made_before: usize) {
    if world.config.is_journal() {
        journal::forgotten(world, seat, made_before);
    } else {
        classic::forgotten(world, seat, made_before);
    }
}

/// A state was put back alone.
pub fn forgot(world: &World, seat: usize) {
    if world.config.is_journal() {
        journal::forgot(world, seat);
    }
}

/// A device was copied.
pub fn copies(world: &World) {
    if world.config.is_journal() {
        world.ghost.allow_repeats(journal::COPIED);
    } else {
        classic::copies(&world.ghost);
    }
}

/// Whether a device has this document from before its state was copied or put back, and that knows nothing of it.
pub fn is_unknown(world: &World, seat: usize, id: &DocId, copied_before: usize) -> bool {
    world.config.is_journal() && journal::is_unknown(world, seat, id, copied_before)
}

/// A device has edited a document that [`is_unknown`].
pub fn edited_unknown(world: &World, seat: usize, id: &DocId, reason: &'static str) {
    journal::deleted_unknown(world, seat, id, reason);
}

/// A copied device is about to edit a document.
pub fn copied(world: &World, id: &DocId) {
    if !world.config.is_journal() {
        classic::copied(world, id);
    }
}
