//! Signing in, what is said if that fails, and that nobody is shown how.

use crate::{Account, EMULATOR, world::Ran};
use kitestring_emulators::OneDriveFailure as Failure;
use std::fs;

/// Makes sure that a run has not said the token, nor the address of a content.
fn silent(ran: Ran) -> Ran {
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:#?}");
    ran
}

#[test]
fn a_token_signs_in_and_is_written_nowhere() {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/note.md", "x");
    for folder in ["a", "b"] {
        silent(account.kite(&["sync", folder, "--drive", "onedrive:/notes", "-v", "--json"]).expect(0));
        silent(account.kite(&["status", folder]).expect(0));
        for name in ["config.json", "state.db", "state.db-wal"] {
            let kept = fs::read(account.world.at(folder).join(".kite").join(name)).unwrap_or_default();
            assert!(!kept.windows(6).any(|window| window == b"canary"), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_token_is_said_with_what_to_do() {
    for (token, drive, words) in [
        ("expired-canary", "onedrive:approot", "the token is not accepted"),
        ("readonly-canary", "onedrive:approot", "what the app may do"),
        ("app-canary", "onedrive:/notes", "what the app may do"),
    ] {
        let account = Account::of(token, &["a"]);
        account.world.write("a/note.md", "x");
        let next = "KITE_ONEDRIVE_TOKEN=TOKEN kite sync";
        silent(account.kite(&["sync", "a", "--drive", drive]).expect(1)).says(&["OneDrive", words, next]);
    }
}

#[test]
fn who_is_signed_in_nowhere_is_told_how() {
    let account = Account::of("", &["a"]);
    account.world.write("a/note.md", "x");
    let ran = account.kite(&["sync", "a", "--drive", "onedrive:approot"]).expect(1);
    ran.says(&["nobody is signed in to OneDrive here", "kite connect onedrive"]);
    assert!(account.requests().is_empty());
}

#[test]
fn a_full_account_and_one_that_is_too_busy_are_said_to_be() {
    let account = Account::of("full", &["a"]);
    for n in 0..200 {
        account.world.write(&format!("a/{n}.md"), format!("{n} of many"));
    }
    account.kite(&["sync", "a", "--drive", "onedrive:approot"]).expect(1).says(&["no space left", "when there is room again"]);
    let account = Account::of("busy", &["a"]);
    account.kite(&["sync", "a", "--drive", "onedrive:approot"]).expect(1).says(&["too many requests"]);
    let account = Account::new(&["a"]);
    account.world.write("a/note.md", "x");
    account.emulator.fail("PUT content", &[Failure::TooManyRequests, Failure::Taken]);
    account.kite(&["sync", "a", "--drive", "onedrive:approot"]).expect(0);
}

#[test]
fn contents_that_cannot_be_had_give_no_address_away() {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/note.md", "x");
    account.kite(&["sync", "a", "--drive", "onedrive:approot"]).expect(0);
    account.emulator.fail("GET download", &[Failure::CarriedOut; 8]);
    silent(account.kite(&["sync", "b", "--drive", "onedrive:approot", "-v"]).expect(1));
}

#[test]
fn an_emulator_elsewhere_is_sent_no_token() {
    let account = Account::new(&["a"]);
    for elsewhere in ["https://emulator.example/", "http://emulator.example/", "emulator"] {
        let mut command = account.world.command(&["sync", "a", "--drive", "onedrive:approot"]);
        silent(Ran::of(command.env(EMULATOR, elsewhere)).expect(1));
    }
    assert!(account.requests().is_empty());
}
