//! Folders in OneDrive with a sign-in by `kite connect`.

use crate::signed_in::{Cloud, mistake, outlive, play};
use kitestring_emulators::OneDriveEmulator;

fn cloud() -> Cloud {
    let emulator = OneDriveEmulator::start();
    Cloud::new("onedrive", "onedrive:approot", emulator.address(), emulator.sign_in())
}

#[test]
fn a_sign_in_renews_itself_ends_and_begins_again_and_nothing_is_lost() {
    let cloud = cloud();
    play(&cloud);
    assert_eq!(cloud.sign_in.books().reused, 0, "each refresh token was used once");
}

#[test]
fn a_token_that_has_run_out_is_renewed() {
    outlive(&cloud());
}

#[test]
fn another_account_is_no_vault_that_was_deleted() {
    mistake(&cloud());
}
