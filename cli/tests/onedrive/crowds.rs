//! Three folders push at once to one account, and some of them die.

use crate::{
    EMULATOR, TOKEN,
    crowd::{Place, play},
};
use kitestring_emulators::OneDriveEmulator;
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(15);

/// Tags move, and new files are not found at once. Who dies with the lock of the classic layout leaves it, and nobody waits for
/// it here.
fn crowd(layout: &str, sync: &[&str], may_fail: bool) {
    let emulator = OneDriveEmulator::start();
    emulator.move_tags(1);
    emulator.lag(Duration::from_millis(10));
    play(&Place {
        name: &format!("{layout} in OneDrive"),
        drive: "onedrive:approot",
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
