//! The real binary, with folders in Google Drive, which is the emulator here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod connected;
#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
mod old_clients;
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

use kitestring_emulators::GDriveEmulator;
use std::process::Command;
use world::{Ran, World};

/// An account of an emulator, and a directory of folders.
struct Place {
    emulator: GDriveEmulator,
    world: World,
    token: &'static str,
}

impl Place {
    fn new(folders: &[&str]) -> Self {
        Self { emulator: GDriveEmulator::start(), world: World::in_memory(folders), token: "canary-token" }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command.env("KITE_GDRIVE_TOKEN", self.token).env("KITE_GDRIVE_EMULATOR", self.emulator.address());
        command
    }

    fn kite(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    fn sync(&self, folder: &str) -> Ran {
        self.kite(&["sync", folder]).expect(0)
    }

    /// Returns what the emulator was asked since the last call.
    fn requests(&self) -> Vec<String> {
        self.emulator.requests()
    }
}
