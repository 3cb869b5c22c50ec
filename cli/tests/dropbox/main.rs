//! The real binary, with folders in Dropbox, which is the emulator here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod connected;
#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
mod foreign;
#[path = "../kite/signed_in.rs"]
mod signed_in;
mod signing_in;
mod two_folders;
#[path = "../kite/waiting.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod waiting;
mod watch;
#[path = "../kite/watching.rs"]
mod watching;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod world;

use kitestring_emulators::DropboxEmulator;
use world::World;

const TOKEN: &str = "KITE_DROPBOX_TOKEN";
const EMULATOR: &str = "KITE_DROPBOX_EMULATOR";

/// An account of an emulator, and a directory of folders.
struct Account {
    emulator: DropboxEmulator,
    world: World,
    token: &'static str,
}

impl Account {
    fn new(folders: &[&str]) -> Self {
        Self::of("canary-token", folders)
    }

    fn of(token: &'static str, folders: &[&str]) -> Self {
        let (emulator, mut world) = (DropboxEmulator::start(), World::in_memory(folders));
        world.set(TOKEN, token);
        world.set(EMULATOR, emulator.address());
        Self { emulator, world, token }
    }

    /// Returns how many requests the emulator was sent since the last call.
    fn requests(&self) -> usize {
        self.emulator.requests().len()
    }
}
