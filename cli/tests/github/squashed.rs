//! Letting go of the history, while others go on.

use crate::{Account, BRANCH, NAME};

#[test]
fn the_history_goes_and_every_folder_goes_on() {
    let account = Account::new(&["a", "b"]);
    for folder in ["a", "b"] {
        account.world.kite(&["sync", folder, "--drive", "github:ann/notes"]).expect(0);
    }
    for n in 0..5 {
        account.world.write("a/note.md", format!("version {n}"));
        account.world.sync("a").expect(0);
    }
    assert!(account.emulator.commits(NAME, BRANCH) > 10);
    let told = account.world.kite(&["compact", "a", "--squash", "--json"]).expect(0).json();
    assert!(told["squashed"].as_u64().is_some_and(|commits| commits > 10), "{told}");
    assert_eq!(account.emulator.commits(NAME, BRANCH), 1);
    account.world.write("b/other.md", "new");
    for folder in ["b", "a", "b"] {
        account.world.sync(folder).expect(0);
    }
    assert_eq!(account.world.files("a"), account.world.files("b"));
    assert_eq!((account.world.read("b/note.md"), account.world.read("a/other.md")), ("version 4".to_owned(), "new".to_owned()));
}

#[test]
fn other_drives_have_no_history() {
    let account = Account::new(&["a"]);
    let drive = account.world.at("drive");
    account.world.kite(&["sync", "a", "--drive", drive.to_str().unwrap()]).expect(0);
    account.world.kite(&["compact", "a", "--squash"]).expect(1).says(&["only a drive in GitHub"]);
}
