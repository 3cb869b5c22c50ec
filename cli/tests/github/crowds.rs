//! Three folders push at once to one branch, and some of them die.

use crate::{
    EMULATOR, TOKEN,
    crowd::{Place, play},
};
use kitestring_emulators::GitHubEmulator;
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(15);

/// Who dies with the lock of the classic layout leaves it, and nobody waits for it here.
fn crowd(layout: &str, sync: &[&str], may_fail: bool) {
    let emulator = GitHubEmulator::start();
    emulator.create("ann/notes");
    play(&Place {
        name: &format!("{layout} in GitHub"),
        drive: "github:ann/notes",
        options: &["--layout", layout],
        lowered: None,
        variables: &[(TOKEN, "crowd"), (EMULATOR, emulator.address())],
        sync,
        may_fail,
        apart: Duration::ZERO,
        enough: ENOUGH,
    });
}

#[test]
fn the_journal_loses_nothing() {
    crowd("journal", &[], false);
}

#[test]
fn the_classic_layout_loses_nothing() {
    crowd("classic", &["--wait", "1"], true);
}
