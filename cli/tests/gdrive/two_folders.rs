//! Folders of one account, from beginning to end, in both layouts, and how many requests that takes.

use crate::Place;

fn both_ways(drive: &str, layout: &str) {
    let place = Place::new(&["a", "b"]);
    for n in 0..20 {
        place.world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        place.kite(&["sync", folder, "--drive", drive, "--layout", layout]).expect(0);
    }
    assert_eq!((place.world.files("a"), place.world.files("b").len()), (place.world.files("b"), 23));
    place.world.write("b/folder 1/note 1 & é.md", "edited");
    place.world.remove("a/folder 2/note 2 & é.md");
    for _ in 0..2 {
        place.sync("a");
        place.sync("b");
    }
    place.sync("a");
    assert_eq!(place.world.read("a/folder 1/note 1 & é.md"), "edited");
    assert_eq!(place.world.files("b").len(), 22);
    place.kite(&["status", "a"]).expect(0).says(&[drive]);
    place.requests();
    place.sync("a");
    assert_eq!(place.requests().len(), 1, "nothing was to be done");
}

#[test]
fn both_ways_in_the_journal_layout() {
    both_ways("gdrive:appdata", "journal");
}

#[test]
fn both_ways_in_the_classic_layout_in_a_folder() {
    both_ways("gdrive:/my%20notes", "classic");
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let place = Place::new(&["a", "b"]);
    for n in 0..10_000 {
        place.world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let report = place.kite(&["sync", "a", "--drive", "gdrive:appdata", "--json"]).expect(0).json();
    let first = place.requests();
    assert_eq!(report["pushed"], 10_000);
    place.kite(&["sync", "b", "--drive", "gdrive:appdata"]).expect(0);
    let pull = place.requests();
    place.world.write("b/0/note 0.md", "edited");
    place.sync("b");
    let edit = place.requests();
    place.sync("b");
    let idle = place.requests();
    let counts = [first.len(), pull.len(), edit.len(), idle.len()];
    println!("10,000 documents: first push, first pull, one edit and idle take {counts:?} requests");
    assert!(first.len() <= 20 && pull.len() <= 20, "{first:#?} {pull:#?}");
    assert!(edit.len() <= 3 && idle.len() <= 1, "{edit:#?} {idle:#?}");
}

#[test]
fn a_drive_that_is_gone_is_no_vault_that_was_deleted() {
    let place = Place::new(&["a"]);
    place.world.write("a/note.md", "kept");
    place.kite(&["sync", "a", "--drive", "gdrive:appdata", "--dry-run"]).expect(0).says(&["1 file"]);
    place.kite(&["sync", "a", "--drive", "gdrive:appdata"]).expect(0);
    place.emulator.clear(place.token);
    place.world.write("a/other.md", "new");
    place.kite(&["sync", "a"]).expect(1).says(&["no such drive", "was its folder moved"]);
    assert_eq!(place.world.files("a").len(), 2);
}
