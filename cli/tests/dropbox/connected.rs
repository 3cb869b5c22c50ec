//! Folders in Dropbox with a sign-in by `kite connect`.

use crate::signed_in::{Cloud, mistake, outlive, play};
use kitestring_emulators::DropboxEmulator;

fn cloud() -> Cloud {
    let emulator = DropboxEmulator::start();
    Cloud::new("dropbox", "dropbox:/notes", emulator.address(), emulator.sign_in())
}

#[test]
fn a_sign_in_renews_itself_ends_and_begins_again_and_nothing_is_lost() {
    play(&cloud());
}

#[test]
fn a_token_that_has_run_out_is_renewed() {
    outlive(&cloud());
}

#[test]
fn another_account_is_no_vault_that_was_deleted() {
    mistake(&cloud());
}
