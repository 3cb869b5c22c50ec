//! Folders of one account, from beginning to end, in both layouts, and how many requests that takes.

use crate::Place;

fn both_ways(layout: &str) {
    let place = Place::new(&["a", "b", "c"]);
    for n in 0..20 {
        place.world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        place.kite(&["sync", folder, "--drive", "dropbox:/deep/er é", "--layout", layout]).expect(0);
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
    place.kite(&["sync", "c", "--drive", "dropbox:/deep/er%20%C3%A9"]).expect(i32::from(layout == "classic"));
    place.kite(&["status", "a"]).expect(0).says(&["dropbox:/deep/er%20%C3%A9"]);
    place.requests();
    place.sync("a");
    assert_eq!(place.requests(), 1, "nothing was to be done");
}

#[test]
fn both_ways_in_the_journal_layout() {
    both_ways("journal");
}

#[test]
fn both_ways_in_the_classic_layout() {
    both_ways("classic");
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let place = Place::new(&["a", "b"]);
    for n in 0..10_000 {
        place.world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let report = place.kite(&["sync", "a", "--drive", "dropbox:/notes", "--json"]).expect(0).json();
    let first = place.requests();
    assert_eq!(report["pushed"], 10_000);
    place.kite(&["sync", "b", "--drive", "dropbox:/notes"]).expect(0);
    let pull = place.requests();
    place.world.write("b/0/note 0.md", "edited");
    place.sync("b");
    let edit = place.requests();
    place.sync("b");
    let idle = place.requests();
    println!("10,000 documents: first push {first} requests, first pull {pull}, one edit {edit}, idle {idle}");
    assert!(first <= 20 && edit <= 3 && idle <= 1, "{first}, {edit} and {idle} requests");
}

#[test]
fn collections_share_an_account_and_do_not_meet() {
    let place = Place::new(&["a", "b"]);
    place.world.write("a/one.md", "1");
    place.world.write("b/two.md", "2");
    place.kite(&["sync", "a", "--drive", "dropbox:/", "--collection", "first"]).expect(0);
    place.kite(&["sync", "b", "--drive", "dropbox:/?collection=second"]).expect(0);
    assert_eq!((place.world.files("a").len(), place.world.files("b").len()), (1, 1));
}

#[test]
fn a_folder_that_is_gone_is_no_vault_that_was_deleted() {
    let place = Place::new(&["a"]);
    place.world.write("a/note.md", "kept");
    place.kite(&["sync", "a", "--drive", "dropbox:/notes", "--dry-run"]).expect(0).says(&["1 file"]);
    place.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(0);
    place.emulator.remove(place.token, "/notes");
    place.world.write("a/other.md", "new");
    place.kite(&["sync", "a"]).expect(1).says(&["no such folder", "was it moved"]);
    assert_eq!(place.world.files("a").len(), 2);
}
