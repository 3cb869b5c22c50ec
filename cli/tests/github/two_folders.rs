//! Folders of one repository, from beginning to end, in both layouts, and how many requests that takes.

use crate::{Account, BRANCH, NAME};

fn both_ways(layout: &str) {
    let account = Account::new(&["a", "b", "c"]);
    for n in 0..20 {
        account.world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "github:ann/notes/deep/er é#main", "--layout", layout]).expect(0);
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
    account.world.kite(&["sync", "c", "--drive", "github:ann/notes/deep/er%20%C3%A9#main"]).expect(i32::from(layout == "classic"));
    account.world.kite(&["status", "a"]).expect(0).says(&["github:ann/notes/deep/er%20%C3%A9#main"]);
    account.requests();
    account.emulator.used();
    account.world.sync("a").expect(0);
    let idle = account.emulator.requests();
    assert_eq!(idle.len(), 1, "nothing was to be done: {idle:?}");
    assert!(account.emulator.branches(NAME) == ["main"], "the branch that was named is the only one");
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
    let report = account.world.kite(&["sync", "a", "--drive", "github:ann/notes", "--json"]).expect(0).json();
    let (first, commits) = (account.requests(), account.emulator.commits(NAME, BRANCH));
    assert_eq!(report["pushed"], 10_000);
    account.world.kite(&["sync", "b", "--drive", "github:ann/notes"]).expect(0);
    let pull = account.requests();
    account.world.write("b/0/note 0.md", "edited");
    account.world.sync("b").expect(0);
    let edit = account.requests();
    account.world.sync("b").expect(0);
    let idle = account.requests();
    println!("10,000 documents: first push {first} requests and {commits} commits, first pull {pull}, one edit {edit}, idle {idle}");
    assert!(first <= 25 && pull <= 20 && edit <= 3 && idle <= 1, "{first}, {pull}, {edit} and {idle} requests");
}

#[test]
fn collections_share_a_branch_and_do_not_meet() {
    let account = Account::new(&["a", "b"]);
    account.world.write("a/one.md", "1");
    account.world.write("b/two.md", "2");
    account.world.kite(&["sync", "a", "--drive", "github:ann/notes", "--collection", "first"]).expect(0);
    account.world.kite(&["sync", "b", "--drive", "github:ann/notes?collection=second"]).expect(0);
    assert_eq!((account.world.files("a").len(), account.world.files("b").len()), (1, 1));
}

#[test]
fn a_branch_that_is_gone_is_no_vault_that_was_deleted() {
    let account = Account::new(&["a"]);
    account.emulator.write(NAME, "main", "README.md", Some(b"x"), "100644");
    account.world.write("a/note.md", "kept");
    account.world.kite(&["sync", "a", "--drive", "github:ann/notes", "--dry-run"]).expect(0).says(&["1 file"]);
    assert_eq!(account.emulator.branches(NAME), ["main"]);
    account.world.kite(&["sync", "a", "--drive", "github:ann/notes"]).expect(0);
    account.emulator.remove_branch(NAME, BRANCH);
    account.world.write("a/other.md", "new");
    account.world.kite(&["sync", "a"]).expect(1).says(&["no branch kitestring", "ann/notes"]);
    assert_eq!(account.world.files("a").len(), 2);
}

#[test]
fn an_address_is_a_repository_with_what_belongs_to_it() {
    let account = Account::new(&["a"]);
    for wrong in
        ["github:", "github:ann", "github:/notes", "github:ann/", "github:ann/notes#", "github:ann/notes#a..b", "github:ann/notes/../x"]
    {
        account.world.kite(&["sync", "a", "--drive", wrong]).expect(1);
    }
    assert_eq!(account.requests(), 0);
}
