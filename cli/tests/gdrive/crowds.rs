//! Three folders push at once to one account, and some of them die.

use crate::crowd::{Place, play};
use kitestring_emulators::GDriveEmulator;
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(15);

/// Searches lag behind, and tags move. Who dies with the lock of the classic layout leaves it, and nobody waits for it here.
fn crowd(layout: &str, sync: &[&str], may_fail: bool) {
    let emulator = GDriveEmulator::start();
    emulator.move_tags(1);
    emulator.lag(Duration::from_millis(10));
    play(&Place {
        name: &format!("{layout} in Google Drive"),
        drive: "gdrive:appdata",
        options: &["--layout", layout],
        lowered: None,
        variables: &[("KITE_GDRIVE_TOKEN", "crowd"), ("KITE_GDRIVE_EMULATOR", emulator.address())],
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
