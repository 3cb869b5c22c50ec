//! Signing in, what is said if that fails, and that nobody is shown how.

use crate::{Account, EMULATOR, world::Ran};
use kitestring_emulators::Failure;
use std::fs;

/// Makes sure that a run has not said the token.
fn silent(ran: Ran) -> Ran {
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:#?}");
    ran
}

#[test]
fn a_token_signs_in_and_is_written_nowhere() {
    let account = Account::new(&["a"]);
    account.world.write("a/note.md", "x");
    silent(account.world.kite(&["sync", "a", "--drive", "dropbox:/notes", "-v", "--json"]).expect(0));
    silent(account.world.kite(&["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal"] {
        let kept = fs::read(account.world.at("a/.kite").join(name)).unwrap_or_default();
        assert!(!kept.windows(6).any(|window| window == b"canary"), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_token_is_said_with_what_to_do() {
    for (token, words) in [
        ("expired-canary", "the token has expired"),
        ("revoked-canary", "access was withdrawn"),
        ("malformed-canary", "is none"),
        ("readonly-canary", "files.content.write"),
    ] {
        let account = Account::of(token, &["a"]);
        account.world.write("a/note.md", "x");
        let next = "KITE_DROPBOX_TOKEN=TOKEN kite sync";
        silent(account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1)).says(&["Dropbox", words, next]);
    }
}

#[test]
fn who_is_signed_in_nowhere_is_told_how() {
    let account = Account::of("", &["a"]);
    account.world.write("a/note.md", "x");
    let ran = account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1);
    ran.says(&["nobody is signed in to Dropbox here", "kite connect dropbox"]);
    assert_eq!(account.requests(), 0);
}

#[test]
fn a_full_account_and_one_that_is_too_busy_are_said_to_be() {
    let account = Account::of("full", &["a"]);
    account.world.write("a/note.md", "uncompressible? ".repeat(9));
    for n in 0..200 {
        account.world.write(&format!("a/{n}.md"), format!("{n} of many"));
    }
    account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1).says(&["no space left", "when there is room again"]);
    let account = Account::of("busy-text", &["a"]);
    account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1).says(&["too many requests"]);
    let account = Account::new(&["a"]);
    account.emulator.fail("upload", &[Failure::TooManyWrites, Failure::TooManyRequests]);
    account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(0);
}

#[test]
fn an_emulator_elsewhere_is_sent_no_token() {
    let account = Account::new(&["a"]);
    for elsewhere in ["https://emulator.example/", "http://emulator.example/", "emulator"] {
        let mut command = account.world.command(&["sync", "a", "--drive", "dropbox:/notes"]);
        silent(Ran::of(command.env(EMULATOR, elsewhere)).expect(1));
    }
    assert_eq!(account.requests(), 0);
}
