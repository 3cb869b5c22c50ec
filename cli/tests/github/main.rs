//! The real binary, with folders in repositories of GitHub, which is the emulator here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
mod signing_in;
mod squashed;
mod two_folders;
mod watch;
#[path = "../kite/watching.rs"]
mod watching;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod world;

use kitestring_emulators::GitHubEmulator;
use world::World;

const TOKEN: &str = "KITE_GITHUB_TOKEN";
const EMULATOR: &str = "KITE_GITHUB_EMULATOR";
const NAME: &str = "ann/notes";
const BRANCH: &str = "kitestring";

/// An emulator with an empty repository, and a directory of folders.
struct Account {
    emulator: GitHubEmulator,
    world: World,
}

impl Account {
    fn new(folders: &[&str]) -> Self {
        Self::of("canary-token", folders)
    }

    fn of(token: &str, folders: &[&str]) -> Self {
        let (emulator, mut world) = (GitHubEmulator::start(), World::in_memory(folders));
        emulator.create(NAME);
        world.set(TOKEN, token);
        world.set("GITHUB_TOKEN", "");
        world.set(EMULATOR, emulator.address());
        Self { emulator, world }
    }

    /// Returns how many requests the emulator was sent since the last call.
    fn requests(&self) -> usize {
        self.emulator.requests().len()
    }
}
