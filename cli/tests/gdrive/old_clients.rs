//! An account that db-to-cloud has used before `kite` came: its files, and its lock.

use crate::Place;

/// A document as another app has written it.
const DOC: &[u8] = br#"{"doc":{"_id":"theirs","_rev":1,"text":"of theirs"},"_rev":1}"#;
/// In milliseconds since 1970, a long time from now.
const LATER: &[u8] = br#"{"expire":9999999999999}"#;

fn of_db_to_cloud() -> Place {
    let place = Place::new(&["a"]);
    for (name, content) in [
        ("lock.json", b"{}".as_slice()),
        ("meta.json", br#"{"lastChange":1}"#),
        ("changes/0.json", br#"[{"_id":"theirs","_rev":1,"action":"put"}]"#),
        ("docs/theirs.json", DOC),
    ] {
        place.emulator.write_as_another(place.token, name, content, false);
    }
    place
}

#[test]
fn whoever_joins_it_is_to_know() {
    let place = of_db_to_cloud();
    place.world.write("a/note.md", "ours");
    place.kite(&["sync", "a", "--drive", "gdrive:appdata"]).expect(1).says(&["classic layout"]);
    place.kite(&["sync", "a", "--drive", "gdrive:appdata", "--layout", "journal"]).expect(1).says(&["classic layout"]);
    place.kite(&["sync", "a", "--drive", "gdrive:appdata", "--layout", "classic", "--dry-run"]).expect(1).says(&["db-to-cloud"]);
    assert_eq!(place.emulator.count(place.token, "/kitestring names"), 0, "nothing was made");
}

#[test]
fn its_lock_is_waited_for_and_its_files_stay_one_of_each() {
    let place = of_db_to_cloud();
    place.world.write("a/note.md", "ours");
    place.emulator.write_as_another(place.token, "lock.json", LATER, true);
    place.kite(&["sync", "a", "--drive", "gdrive:appdata", "--layout", "classic", "--wait", "1"]).expect(1).says(&["locked"]);
    assert_eq!(place.emulator.count(place.token, "docs/note.md.json"), 0);
    place.emulator.remove_revision(place.token, "lock.json", 1);
    let ran = place.kite(&["sync", "a", "--json"]);
    assert_eq!(ran.json()["pushed"], 1, "{ran:#?}");
    for name in ["lock.json", "meta.json", "changes/0.json", "docs/theirs.json"] {
        assert_eq!(place.emulator.count(place.token, name), 1, "{name}");
    }
    assert_eq!(place.emulator.revisions(place.token, "lock.json"), 1, "nobody has the lock");
}
