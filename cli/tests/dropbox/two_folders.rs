//! Folders of one account, from beginning to end, in both layouts, and how many requests that takes.

use crate::Account;

fn both_ways(layout: &str) {
    let account = Account::new(&["a", "b", "c"]);
    for n in 0..20 {
        account.world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "dropbox:/deep/er é", "--layout", layout]).expect(0);
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
    account.world.kite(&["sync", "c", "--drive", "dropbox:/deep/er%20%C3%A9"]).expect(i32::from(layout == "classic"));
    account.world.kite(&["status", "a"]).expect(0).says(&["dropbox:/deep/er%20%C3%A9"]);
    account.requests();
    account.world.sync("a").expect(0);
    assert_eq!(account.requests(), 1, "nothing was to be done");
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
    let account = Account::new(&["a", "b"]);
    for n in 0..10_000 {
        account.world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let report = account.world.kite(&["sync", "a", "--drive", "dropbox:/notes", "--json"]).expect(0).json();
    let first = account.requests();
    assert_eq!(report["pushed"], 10_000);
    account.world.kite(&["sync", "b", "--drive", "dropbox:/notes"]).expect(0);
    let pull = account.requests();
    account.world.write("b/0/note 0.md", "edited");
    account.world.sync("b").expect(0);
    let edit = account.requests();
    account.world.sync("b").expect(0);
    let idle = account.requests();
    println!("10,000 documents: first push {first} requests, first pull {pull}, one edit {edit}, idle {idle}");
    assert!(first <= 20 && edit <= 3 && idle <= 1, "{first}, {edit} and {idle} requests");
}

#[test]
fn collections_share_an_account_and_do_not_meet() {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/one.md", "1");
    account.world.write("b/two.md", "2");
    account.world.kite(&["sync", "a", "--drive", "dropbox:/", "--collection", "first"]).expect(0);
    account.world.kite(&["sync", "b", "--drive", "dropbox:/?collection=second"]).expect(0);
    assert_eq!((account.world.files("a").len(), account.world.files("b").len()), (1, 1));
}

#[test]
fn a_folder_that_is_gone_is_no_vault_that_was_deleted() {
    let account = Account::new(&["a"]);
    account.world.write("a/note.md", "kept");
    account.world.kite(&["sync", "a", "--drive", "dropbox:/notes", "--dry-run"]).expect(0).says(&["1 file"]);
    account.world.kite(&["sync", "a", "--drive", "dropbox:/notes"]).expect(0);
    account.emulator.remove(account.token, "/notes");
    account.world.write("a/other.md", "new");
    account.world.kite(&["sync", "a"]).expect(1).says(&["no such folder", "was it moved"]);
    assert_eq!(account.world.files("a").len(), 2);
}
