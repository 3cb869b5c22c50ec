//! The real binary, with folders in Dropbox, which is the emulator here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod signing_in;
mod two_folders;
mod watch;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod world;

use kitestring_emulators::DropboxEmulator;
use std::process::Command;
use world::{Ran, World};

/// An account of an emulator, and a directory of folders.
struct Place {
    emulator: DropboxEmulator,
    world: World,
    token: &'static str,
}

impl Place {
    fn new(folders: &[&str]) -> Self {
        Self { emulator: DropboxEmulator::start(), world: World::in_memory(folders), token: "canary-token" }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command.env("KITE_DROPBOX_TOKEN", self.token).env("KITE_DROPBOX_EMULATOR", self.emulator.address());
        command
    }

    fn kite(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    fn sync(&self, folder: &str) -> Ran {
        self.kite(&["sync", folder]).expect(0)
    }

    /// Returns how many requests the emulator was sent since the last call.
    fn requests(&self) -> usize {
        self.emulator.requests().len()
    }
}
