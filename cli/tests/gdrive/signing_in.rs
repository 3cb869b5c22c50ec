//! Signing in, what is said if that fails, and that nobody is shown how.

use crate::{Place, world::Ran};
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
    silent(place.kite(&["sync", "a", "--drive", "gdrive:appdata", "-v", "--json"]).expect(0));
    silent(place.sync("a"));
    silent(place.kite(&["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal", "gdrive.json"] {
        let kept = fs::read(place.world.at("a/.kite").join(name)).unwrap_or_default();
        assert!(!kept.windows(6).any(|window| window == b"canary"), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_token_is_said_with_what_to_do() {
    for (token, words) in [("expired-canary", "not accepted"), ("readonly-canary", "may not do that")] {
        let place = Place { token, ..Place::new(&["a"]) };
        place.world.write("a/note.md", "x");
        let next = "KITE_GDRIVE_TOKEN=TOKEN kite sync";
        silent(place.kite(&["sync", "a", "--drive", "gdrive:appdata"]).expect(1)).says(&["Google Drive", words, next]);
    }
}

#[test]
fn who_is_signed_in_nowhere_is_told_how() {
    let place = Place { token: "", ..Place::new(&["a"]) };
    place.world.write("a/note.md", "x");
    let ran = place.kite(&["sync", "a", "--drive", "gdrive:appdata"]).expect(1);
    ran.says(&["nobody is signed in to Google Drive here", "kite connect gdrive"]);
    assert!(place.requests().is_empty());
}

#[test]
fn an_emulator_elsewhere_is_sent_no_token() {
    let place = Place::new(&["a"]);
    for elsewhere in ["https://emulator.example/", "http://emulator.example/", "emulator"] {
        let mut command = place.command(&["sync", "a", "--drive", "gdrive:appdata"]);
        silent(Ran::of(command.env("KITE_GDRIVE_EMULATOR", elsewhere)).expect(1));
    }
    assert!(place.requests().is_empty());
}
