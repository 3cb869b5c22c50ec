//! Folders of one account, from beginning to end, in both layouts, and how many requests that takes.

use crate::Account;

fn both_ways(drive: &str, layout: &str) {
    let account = Account::new(&["a", "b"]);
    for n in 0..20 {
        account.world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        account.kite(&["sync", folder, "--drive", drive, "--layout", layout]).expect(0);
    }
    assert_eq!((account.world.files("a"), account.world.files("b").len()), (account.world.files("b"), 23));
    account.world.write("b/folder 1/note 1 & é.md", "edited");
    account.world.remove("a/folder 2/note 2 & é.md");
    for _ in 0..2 {
        account.world.sync("a").expect(0);
        account.world.sync("b").expect(0);
    }
    account.world.sync("a").expect(0);
    assert_eq!(account.world.read("a/folder 1/note 1 & é.md"), "edited");
    assert_eq!(account.world.files("b").len(), 22);
    account.kite(&["status", "a"]).expect(0).says(&[drive]);
    account.requests();
    account.world.sync("a").expect(0);
    assert_eq!(account.requests(), ["GET item"], "nothing was to be done");
}

#[test]
fn both_ways_in_the_journal_layout() {
    both_ways("onedrive:approot", "journal");
}

#[test]
fn both_ways_in_the_journal_layout_in_a_folder() {
    both_ways("onedrive:/deep/er%20%C3%A9", "journal");
}

#[test]
fn both_ways_in_the_classic_layout() {
    both_ways("onedrive:approot", "classic");
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let account = Account::new(&["a", "b"]);
    for n in 0..10_000 {
        account.world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let report = account.kite(&["sync", "a", "--drive", "onedrive:approot", "--json"]).expect(0).json();
    let first = account.requests();
    assert_eq!(report["pushed"], 10_000);
    account.kite(&["sync", "b", "--drive", "onedrive:approot"]).expect(0);
    let pull = account.requests();
    account.world.write("b/0/note 0.md", "edited");
    account.world.sync("b").expect(0);
    let edit = account.requests();
    account.world.sync("b").expect(0);
    let idle = account.requests();
    let counts = [first.len(), pull.len(), edit.len(), idle.len()];
    println!("10,000 documents: first push, first pull, one edit and idle take {counts:?} requests");
    assert!(first.len() <= 30 && pull.len() <= 40, "{first:#?} {pull:#?}");
    assert!(edit.len() <= 4 && idle.len() <= 1, "{edit:#?} {idle:#?}");
}

#[test]
fn collections_share_an_account_and_do_not_meet() {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/one.md", "1");
    account.world.write("b/two.md", "2");
    account.kite(&["sync", "a", "--drive", "onedrive:approot", "--collection", "first"]).expect(0);
    account.kite(&["sync", "b", "--drive", "onedrive:approot?collection=second"]).expect(0);
    assert_eq!((account.world.files("a").len(), account.world.files("b").len()), (1, 1));
}

#[test]
fn a_folder_that_is_gone_is_no_vault_that_was_deleted() {
    let account = Account::new(&["a"]);
    account.world.write("a/note.md", "kept");
    account.kite(&["sync", "a", "--drive", "onedrive:/notes", "--dry-run"]).expect(0).says(&["1 file"]);
    account.kite(&["sync", "a", "--drive", "onedrive:/notes"]).expect(0);
    account.emulator.remove(account.token, "notes");
    account.world.write("a/other.md", "new");
    account.kite(&["sync", "a"]).expect(1).says(&["no such folder", "was it moved"]);
    assert_eq!(account.world.files("a").len(), 2);
}
