//! Signing in, what is said if that fails, and that nobody is shown how.

use crate::{Place, world::Ran};
use kitestring_emulators::Failure;
use std::fs;

/// Makes sure that a run has not said the token.
fn silent(ran: Ran) -> Ran {
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:#?}");
    ran
}

#[test]
fn a_token_signs_in_and_is_written_nowhere() {
    let place = Place::new(&["a"]);
    place.world.write("a/note.md", "x");
    silent(place.kite(&["sync", "a", "--drive", "dropbox:/notes", "-v", "--json"]).expect(0));
    silent(place.kite(&["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal"] {
        let kept = fs::read(place.world.at("a/.kite").join(name)).unwrap_or_default();
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
        ("", "KITE_DROPBOX_TOKEN is not set"),
    ] {
        let place = Place { token, ..Place::new(&["a"]) };
        place.world.write("a/note.md", "x");
        let next = "KITE_DROPBOX_TOKEN=TOKEN kite sync";
        silent(place.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1)).says(&["Dropbox", words, next]);
    }
}

#[test]
fn a_full_account_and_one_that_is_too_busy_are_said_to_be() {
    let place = Place { token: "full", ..Place::new(&["a"]) };
    place.world.write("a/note.md", "uncompressible? ".repeat(9));
    for n in 0..200 {
        place.world.write(&format!("a/{n}.md"), format!("{n} of many"));
    }
    place.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1).says(&["no space left", "when there is room again"]);
    let place = Place { token: "busy-text", ..Place::new(&["a"]) };
    place.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(1).says(&["too many requests"]);
    let place = Place::new(&["a"]);
    place.emulator.fail("upload", &[Failure::TooManyWrites, Failure::TooManyRequests]);
    place.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(0);
}

#[test]
fn an_emulator_elsewhere_is_sent_no_token() {
    let place = Place::new(&["a"]);
    for elsewhere in ["https://emulator.example/", "http://emulator.example/", "emulator"] {
        let mut command = place.command(&["sync", "a", "--drive", "dropbox:/notes"]);
        silent(Ran::of(command.env("KITE_DROPBOX_EMULATOR", elsewhere)).expect(1));
    }
    assert_eq!(place.requests(), 0);
}
