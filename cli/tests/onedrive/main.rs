//! The real binary, with folders in OneDrive, which is the emulator here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod connected;
#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
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

use kitestring_emulators::OneDriveEmulator;
use world::{Ran, World};

const TOKEN: &str = "KITE_ONEDRIVE_TOKEN";
const EMULATOR: &str = "KITE_ONEDRIVE_EMULATOR";

/// An account of an emulator, and a directory of folders.
struct Account {
    emulator: OneDriveEmulator,
    world: World,
    token: &'static str,
}

impl Account {
    fn new(folders: &[&str]) -> Self {
        Self::of("canary-token", folders)
    }

    fn of(token: &'static str, folders: &[&str]) -> Self {
        let (emulator, mut world) = (OneDriveEmulator::start(), World::in_memory(folders));
        world.set(TOKEN, token);
        world.set(EMULATOR, emulator.address());
        Self { emulator, world, token }
    }

    fn kite(&self, args: &[&str]) -> Ran {
        self.world.kite(args)
    }

    /// Returns what the emulator was asked since the last call.
    fn requests(&self) -> Vec<String> {
        self.emulator.requests()
    }
}
