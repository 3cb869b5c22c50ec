//! What a device must find again in a journal, and what it must be refused.

use crate::{eye::journal, run::Run, world::World};
use kitestring::{Error, ErrorKind, SyncOptions, server::journal::Strategy};
use std::collections::BTreeMap;

/// The last record of each device that a sync of its own has ended well with.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<usize, String>);

impl Known {
    /// A sync of a device has ended well: its own last record must still have been there, unless the user has `agreed` to
    /// go on without. What it has written by now must be found again from now on.
    pub(super) fn synced(&mut self, world: &World, seat: usize, agreed: bool) {
        if !world.config.is_journal() {
            return;
        }
        let lost = self.0.get(&seat).filter(|path| journal::is_lost(&world.drive, path));
        if let Some(path) = lost.filter(|_| !agreed) {
            world.ghost.violated(format!("Rollback: c{} does not notice that {path} is gone, which it has written itself", seat + 1));
        }
        match journal::newest_of(&world.drive, seat) {
            Some(path) => self.0.insert(seat, path),
            None => self.0.remove(&seat),
        };
    }

    /// A device was put back: it knows less.
    pub(super) fn forget(&mut self, seat: usize) {
        self.0.remove(&seat);
    }

    /// Lets every device that can do too little for the vault try once more, which must change nothing, and then gives it
    /// the drive as it is.
    pub(super) fn upgrade(&self, world: &mut World) {
        for seat in 0..world.seats.len() {
            if is_capable(world, seat) != Some(false) {
                continue;
            }
            let (before, writes) = (world.host(seat).documents(), world.drive.writes());
            let opened = if world.is_open(seat) { None } else { Some(world.open(seat)) };
            let run = world.sync(seat, SyncOptions::default());
            let refused = matches!(&run, Run::Done(Err(e)) if e.kind == ErrorKind::Unsupported);
            if !refused {
                let (word, opened) = (run.word(), opened.map(|run| run.word()));
                world.ghost.violated(format!("Tier: c{} can do too little, and its sync ends with {word} ({opened:?})", seat + 1));
            }
            if world.host(seat).documents() != before || world.drive.writes() != writes {
                world.ghost.violated(format!("Tier: c{} can do too little, and its sync changes something", seat + 1));
            }
        }
        for seat in 0..world.seats.len() {
            if world.drive.claimed(seat) != world.drive.capabilities() {
                world.kill(seat);
                world.drive.claim(seat, None);
            }
        }
    }
}

/// Whether a device calls the vault older than it was because of a record of its own which a checkpoint covers that it does
/// not see: there is no head that would name it.
pub(super) fn is_cover_unseen(world: &World, error: &Error) -> bool {
    let listing = journal::marker(&world.drive).is_some_and(|marker| marker.strategy == Strategy::Listing);
    listing && error.subject().is_some_and(|path| !journal::is_lost(&world.drive, path))
}

/// Whether the drive of a device can do what the vault needs, or what a vault needs that the device would make; none if
/// that does not depend on the device.
pub(super) fn is_capable(world: &World, seat: usize) -> Option<bool> {
    if !world.config.is_journal() {
        return None;
    }
    let strategy = match journal::marker(&world.drive) {
        Some(marker) => marker.strategy,
        None => world.config.strategy_of(seat)?,
    };
    Some(strategy.is_met_by(&world.drive.claimed(seat)))
}
