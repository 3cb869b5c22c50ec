//! A folder in which ten thousand files of other programs lie.

use crate::Account;

#[test]
fn ten_thousand_foreign_files_are_passed_by_and_left_alone() {
    let account = Account::new(&["a", "b"]);
    for n in 0..10_000 {
        // Beside the vault, and where its records are.
        let folder = ["/notes", "/notes/j", "/notes/photos"][n % 3];
        account.emulator.write(account.token, &format!("{folder}/photo {n}.jpg"), b"a photo");
    }
    account.world.write("a/note.md", "1");
    let report = account.world.kite(&["sync", "a", "--drive", "dropbox:/notes", "--json"]).expect(0).json();
    assert_eq!(report["pushed"], 1);
    let pushed = account.emulator.requests();
    account.world.kite(&["sync", "b", "--drive", "dropbox:/notes"]).expect(0);
    let pulled = account.emulator.requests();
    account.world.sync("b").expect(0);
    let idle = account.requests();
    assert_eq!(account.world.files("b").len(), 1);
    println!("with 10,000 foreign files: {} requests push, {} pull, {idle} idle", pushed.len(), pulled.len());
    // Who sets a folder up lists it twice, 500 files in an answer; afterwards nobody does.
    assert!(pushed.len() <= 26 && pulled.len() <= 22 && idle <= 1, "{pushed:?} {pulled:?} {idle}");
    assert!(!pushed.iter().chain(&pulled).any(|route| route.contains("delete")), "{pushed:?} {pulled:?}");
    account.world.kite(&["compact", "a"]).expect(0);
    assert_eq!(account.emulator.count(account.token, ".jpg"), 10_000);
}
