//! Sealed vaults: made, joined, opened by what was kept, and never opened without. Nothing of them is told to anybody.

use crate::{
    terminal::on_a_terminal,
    world::{Ran, World},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

pub const PASSPHRASE: &str = "canary passphrase, with spaces";
/// Keys open a vault at once, passphrases take half a second.
pub const KEY: &str = "c0ffee00c0ffee11c0ffee22c0ffee33c0ffee44c0ffee55c0ffee66c0ffee77";
pub const OTHER_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const WITH_KEY: &[&str] = &["--key-file", "key"];

pub fn write_key(w: &World, file: &str, digits: &str) {
    w.write(file, format!("{digits}\n"));
    fs::set_permissions(w.at(file), fs::Permissions::from_mode(0o600)).unwrap();
}

/// Makes folders that share a sealed vault, with one file in it, by the file `key`.
fn sealed(folders: &[&str]) -> World {
    let w = World::new(folders);
    write_key(&w, "key", KEY);
    w.write("a/one", "one");
    for folder in folders {
        w.set_up(folder, WITH_KEY).expect(0);
    }
    w
}

pub fn with_passphrase(w: &World, passphrase: &str, args: &[&str]) -> Ran {
    Ran::of(w.command(args).env("KITE_PASSPHRASE", passphrase))
}

fn code(ran: &Ran) -> Value {
    ran.json()["error"]["code"].clone()
}

/// What is kept, by its file's name.
pub fn kept(w: &World) -> BTreeMap<String, Vec<u8>> {
    if w.at("state").is_dir() { w.files("state").into_iter().filter(|(path, _)| !path.ends_with('/')).collect() } else { BTreeMap::new() }
}

fn keys(w: &World, folder: &str) -> Vec<Value> {
    w.kite(&["key", "list", folder, "--json"]).expect(0).json()["keys"].as_array().unwrap().clone()
}

fn labels(w: &World, folder: &str) -> Vec<String> {
    keys(w, folder).iter().map(|key| key["label"].as_str().unwrap().to_owned()).collect()
}

fn id_of(w: &World, folder: &str, label: &str) -> String {
    keys(w, folder).iter().find(|key| key["label"] == label).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_vault_is_made_and_joined_by_its_passphrase_and_then_opened_by_what_is_kept() {
    let w = World::new(&["a", "b"]);
    w.write("a/one", "one");
    w.write("b/mine", "mine");
    with_passphrase(&w, PASSPHRASE, &["sync", "a", "--drive", "drive", "--encrypt"]).expect(0);
    assert_eq!(kept(&w).len(), 1);
    for (path, mode) in [("state/kite", 0o700), ("state/kite/keys", 0o700)] {
        assert_eq!(fs::metadata(w.at(path)).unwrap().mode() & 0o777, mode, "{path}");
    }
    let file = w.at("state").join(kept(&w).keys().next().unwrap());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);

    // Neither without a passphrase nor with a wrong one is anything written or read.
    let before = w.everything("drive");
    for ran in [
        w.set_up("b", &["--json"]),
        w.set_up("b", &["--json", "--encrypt"]),
        with_passphrase(&w, "canary passphrase", &["sync", "b", "--drive", "drive", "--json"]),
        with_passphrase(&w, "canary passphrase", &["sync", "b", "--drive", "drive", "--json", "--encrypt"]),
    ] {
        let ran = ran.expect(1).says(&["KITE_PASSPHRASE"]);
        assert_eq!((code(&ran), w.everything("drive") == before, kept(&w).len()), (json!("wrong_key"), true, 1));
        assert_eq!(w.files("b"), BTreeMap::from([("mine".to_owned(), b"mine".to_vec())]));
    }

    with_passphrase(&w, PASSPHRASE, &["sync", "b", "--drive", "drive"]).expect(0);
    w.settle("a", "b");
    w.write("b/two", "two");
    w.settle("b", "a");
    assert_eq!(kept(&w).len(), 2);
    assert_eq!(w.kite(&["status", "b", "--json"]).expect(0).json()["sealed"], true);
    w.kite(&["status", "b"]).expect(0).says(&["sealed     yes, and what opens it is kept"]);
    w.kite(&["log", "b", "one"]).expect(0);
    w.kite(&["compact", "b"]).expect(0);

    // What was kept is gone, or opens nothing: it is asked for again.
    fs::remove_dir_all(w.at("state")).unwrap();
    w.sync("a").expect(1).says(&["nobody is here to ask", "kite sync a"]);
    w.kite(&["status", "a"]).expect(0).says(&["asked for"]);
    w.kite(&["log", "a", "one"]).expect(1).says(&["the vault is sealed", "KITE_PASSPHRASE"]);
    with_passphrase(&w, PASSPHRASE, &["sync", "a"]).expect(0);
    write_key(&w, &format!("state/{}", kept(&w).keys().next().unwrap()), OTHER_KEY);
    assert_eq!(code(&w.kite(&["sync", "a", "--json"]).expect(1).says(&["does not open the vault any longer"])), "wrong_key");
}

#[test]
fn a_vault_that_is_not_sealed_stays_so_and_the_folder_joins_it_afterwards() {
    let w = World::synced(&["a"]);
    write_key(&w, "key", KEY);
    w.write("a/one", "one");
    // What the environment has is of no interest to a vault that is not sealed.
    with_passphrase(&w, PASSPHRASE, &["sync", "a"]).expect(0);
    fs::create_dir(w.at("b")).unwrap();
    let before = w.everything("drive");
    for (folder, words) in [("a", "the vault is not sealed, and never will be"), ("b", "the vault was never sealed")] {
        let ran = w.set_up(folder, &["--key-file", "key", "--json"]).expect(1).says(&[words]);
        assert_eq!((code(&ran), w.everything("drive") == before, kept(&w).len()), (json!("invalid_input"), true, 0));
    }
    w.set_up("b", &[]).expect(0);
    w.settle("a", "b");
    let ran = w.kite(&["key", "list", "a", "--json"]).expect(1).says(&["not sealed"]);
    assert_eq!(code(&ran), "invalid_input");

    fs::create_dir(w.at("c")).unwrap();
    let ran = w.kite(&["sync", "c", "--drive", "old", "--layout", "classic", "--key-file", "key", "--json"]).expect(1);
    assert_eq!(code(&ran.says(&["the classic layout cannot be sealed"])), "invalid_input");
    assert!(!w.at("old").exists());
}

#[test]
fn a_vault_that_is_to_be_sealed_is_never_made_without() {
    let w = World::new(&["a"]);
    write_key(&w, "key", KEY);
    w.set_up("a", &["--encrypt"]).expect(1).says(&["nobody is here to ask"]);
    w.set_up("a", WITH_KEY).expect(0);
    // The first push makes the vault, and there was nothing to push.
    assert!(!w.at("drive/vault").exists() && kept(&w).is_empty());
    w.write("a/one", "one");
    let ran = w.kite(&["sync", "a", "--json"]).expect(1);
    assert_eq!(code(&ran), "wrong_key");
    assert!(!w.at("drive/vault").exists());
    w.kite(&["sync", "a", "--key-file", "key"]).expect(0);
    assert!(w.read("drive/vault").contains("sealed"));
    w.sync("a").expect(0);
}

#[test]
fn a_key_file_is_for_its_owner_only_and_holds_a_key() {
    let w = World::new(&["a"]);
    w.write("a/one", "one");
    write_key(&w, "key", KEY);
    let refused = |file: &str, words: &[&str]| {
        let ran = w.set_up("a", &["--key-file", file, "--json"]).expect(1).says(words);
        assert_eq!(code(&ran), "invalid_input");
        assert!(!ran.out.contains("c0ffee") && !ran.err.contains("c0ffee"));
    };
    for mode in [0o644, 0o640, 0o620] {
        fs::set_permissions(w.at("key"), fs::Permissions::from_mode(mode)).unwrap();
        refused("key", &["chmod 600"]);
    }
    write_key(&w, "short", &KEY[2..]);
    write_key(&w, "words", &KEY.replace('c', "x"));
    write_key(&w, "twice", &format!("{KEY}\n{KEY}"));
    for file in ["short", "words", "twice", "a"] {
        refused(file, &["64 hexadecimal digits"]);
    }
    refused("nowhere", &["no such key file"]);
    assert!(!w.at("drive").exists() && kept(&w).is_empty());
}

#[test]
fn ask_keeps_nothing_and_forgets_what_is_kept() {
    let w = sealed(&["a", "b"]);
    assert_eq!(kept(&w).len(), 2);
    w.kite(&["sync", "a", "--ask"]).expect(1).says(&["nobody is here to ask"]);
    w.kite(&["sync", "a", "--ask", "--key-file", "key"]).expect(0);
    assert_eq!(kept(&w).len(), 1);
    // From now on, without being told again.
    w.sync("a").expect(1);
    w.kite(&["sync", "a", "--key-file", "key"]).expect(0);
    w.kite(&["key", "list", "a", "--key-file", "key"]).expect(0);
    w.kite(&["status", "a"]).expect(0).says(&["asked for"]);
    assert_eq!(kept(&w).len(), 1);
    w.kite(&["sync", "a", "--encrypt", "--key-file", "key"]).expect(0);
    assert_eq!(kept(&w).len(), 2);
    w.sync("a").expect(0);
    w.sync("b").expect(0);
}

#[test]
fn a_dry_run_keeps_nothing_and_a_copy_and_an_unlinked_folder_have_their_own() {
    let w = sealed(&["a"]);
    fs::create_dir(w.at("b")).unwrap();
    w.set_up("b", &["--dry-run", "--key-file", "key"]).expect(0).says(&["pull", "1 file"]);
    assert!(!w.at("b/.kite").exists());
    assert_eq!(kept(&w).len(), 1);
    w.set_up("b", &["--key-file", "key"]).expect(0);
    assert!(std::process::Command::new("cp").arg("-a").args([w.at("a"), w.at("c")]).status().unwrap().success());
    w.sync("c").expect(0).says(&["this folder is a copy"]);
    assert_eq!(kept(&w).len(), 3);
    w.kite(&["unlink", "c", "--yes"]).expect(0);
    assert_eq!(kept(&w).len(), 2);
    w.settle("a", "b");
}

#[test]
fn keys_are_added_removed_and_rotated_without_an_upload() {
    let w = sealed(&["a", "b"]);
    assert_eq!(labels(&w, "a"), ["first"]);
    let files = || w.files("drive").into_iter().filter(|(path, _)| !path.starts_with("k/")).collect::<BTreeMap<_, _>>();
    let before = files();
    for (path, why) in [("a/paper", "would be synced"), ("drive/paper", "on the drive"), ("key", "never takes the place")] {
        let ran = w.kite(&["key", "add", "a", "--new-key-file", path, "--json"]).expect(1).says(&[why]);
        assert_eq!(code(&ran), "invalid_input");
    }
    w.kite(&["key", "add", "a", "--new-key-file", "long", "--label", &"x".repeat(65)]).expect(1).says(&["64 bytes"]);
    assert!(!w.at("long").exists(), "a key was left that opens nothing");
    w.kite(&["key", "add", "a"]).expect(1).says(&["KITE_NEW_PASSPHRASE"]);
    let added = w.kite(&["key", "add", "a", "--label", "paper", "--new-key-file", "paper", "--json"]).expect(0).json();
    assert_eq!((&added["kind"], &added["in_use"], &added["key_file"]), (&json!("key"), &json!(false), &json!("paper")));
    assert_eq!((fs::metadata(w.at("paper")).unwrap().mode() & 0o777, w.read("paper").trim_end().len()), (0o600, 64));
    let new = Ran::of(w.command(&["key", "add", "b"]).env("KITE_NEW_PASSPHRASE", "another")).expect(0);
    new.says(&["Added", "passphrase"]);
    assert_eq!(labels(&w, "a"), ["first", "paper", "passphrase"]);
    w.kite(&["key", "list", "b"]).expect(0).says(&["first  in use here", "paper", "passphrase"]);

    // A folder is not left without a key of its own.
    let first = id_of(&w, "b", "first");
    w.kite(&["key", "remove", "b", &first]).expect(1).says(&["opened with that key", "--key-file"]);
    w.kite(&["key", "remove", "b", "ffffffffffffffff"]).expect(1).says(&["kite key list b"]);
    let removed = w.kite(&["key", "remove", "b", &first, "--key-file", "paper", "--json"]).expect(0).json();
    assert_eq!(removed, json!({ "removed": first }));
    assert_eq!(labels(&w, "b"), ["paper", "passphrase"]);
    assert_eq!(files(), before, "something was uploaded again");

    // The other folder goes on, until something is sealed with a key that it does not have.
    w.write("a/two", "two");
    w.settle("a", "b");
    w.kite(&["key", "rotate", "b"]).expect(1).says(&["`passphrase` would not open"]);
    let passphrase = id_of(&w, "b", "passphrase");
    w.kite(&["key", "remove", "b", &passphrase[..8]]).expect(0).says(&["Removed"]);
    let rotated = w.kite(&["key", "rotate", "b", "--key-file", "paper", "--json"]).expect(0).json();
    assert_eq!((&rotated["rotated"], rotated["keys"].as_array().unwrap().len()), (&json!(true), 1));
    w.write("b/three", "three");
    w.sync("b").expect(0);
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&["does not open the vault any longer"]);
    assert_eq!(code(&ran), "wrong_key");
    w.kite(&["sync", "a", "--key-file", "paper"]).expect(0);
    w.settle("a", "b");
    assert_eq!(w.read("a/three"), "three");
    fs::create_dir(w.at("c")).unwrap();
    w.set_up("c", WITH_KEY).expect(1).says(&["this key file does not open"]);
    w.set_up("c", &["--key-file", "paper"]).expect(0);
    w.settle("a", "c");
}

/// The drive is put back on purpose: nobody goes on before the user agrees, and then everything is there again.
#[test]
fn a_drive_that_was_put_back_is_carried_on_if_the_user_agrees() {
    let w = sealed(&["a", "b"]);
    let copy = |from: &str, to: &str| {
        let _ = fs::remove_dir_all(w.at(to));
        assert!(std::process::Command::new("cp").arg("-a").args([w.at(from), w.at(to)]).status().unwrap().success());
    };
    w.write("a/two", "two");
    w.settle("a", "b");
    copy("drive", "backup");
    w.write("a/three", "three");
    w.write("a/one", "one, edited");
    w.remove("a/two");
    w.settle("a", "b");
    let now = w.files("a");
    copy("backup", "drive");
    let before = w.everything("drive");
    let ran = w.kite(&["sync", "a", "--json"]).expect(1).says(&["older", "kite sync a --yes rollback"]);
    assert_eq!((code(&ran), w.everything("drive") == before), (json!("rollback"), true));
    assert_eq!(w.files("a"), now);
    w.kite(&["sync", "a", "--yes", "rollback"]).expect(0);
    // What was deleted since is there again: of that nobody knows any longer (journal.md, J76).
    let mut expected = now;
    expected.insert("two".to_owned(), b"two".to_vec());
    assert_eq!(w.files("a"), expected);
    w.write("a/four", "four");
    w.sync("a").expect(0);
    w.kite(&["sync", "b", "--yes", "rollback"]).expect(0);
    w.settle("a", "b");
    fs::create_dir(w.at("c")).unwrap();
    w.set_up("c", WITH_KEY).expect(0);
    w.settle("a", "c");
    expected.insert("four".to_owned(), b"four".to_vec());
    assert_eq!(w.files("c"), expected);
}

#[test]
fn a_terminal_is_asked_without_an_echo() {
    let w = World::new(&["a", "b"]);
    w.write("a/one", "one");
    let (new, again, old) = ("A passphrase for the new vault", "The same once more", "The passphrase of the vault");
    let typed = [(new, "canary 1"), (again, "canary 2"), (new, "canary 1"), (again, "canary 1")];
    let (code, shown) = on_a_terminal(&w, &["sync", "a", "--drive", "drive", "--encrypt"], &typed);
    assert!(code == 0 && !shown.contains("canary") && shown.contains("In sync"), "{code} {shown}");
    // Nothing said that this vault is sealed.
    let (code, shown) = on_a_terminal(&w, &["sync", "b", "--drive", "drive"], &[(old, "canary"), (old, "canary 1")]);
    assert!(code == 0 && !shown.contains("canary") && shown.contains("does not open the vault"), "{code} {shown}");
    w.settle("a", "b");
    // What this folder was opened with is removed: another one is asked for first.
    Ran::of(w.command(&["key", "add", "a", "--label", "new"]).env("KITE_NEW_PASSPHRASE", "canary 3")).expect(0);
    let first = id_of(&w, "a", "first");
    let (code, shown) = on_a_terminal(&w, &["key", "remove", "a", &first], &[(old, "canary 3")]);
    assert!(code == 0 && !shown.contains("canary"), "{code} {shown}");
    assert_eq!(labels(&w, "a"), ["new"]);
    w.settle("a", "b");
}

/// A folder whose device is called so.
fn set_up_as(w: &World, folder: &str, device: &str) {
    w.set_up(folder, &["--key-file", "key", "--device", device]).expect(0);
}

#[test]
fn a_lost_device_is_revoked_and_the_others_ask_for_the_new_key() {
    let w = World::new(&["a", "b", "lost"]);
    write_key(&w, "key", KEY);
    for (folder, device) in [("a", "laptop"), ("b", "desk"), ("lost", "phone")] {
        w.write(&format!("{folder}/of {folder}"), folder);
        set_up_as(&w, folder, device);
    }
    w.kite(&["sync", "a"]).expect(0);
    let listed = w.kite(&["key", "list", "a", "--json"]).expect(0).json();
    let names: Vec<_> = listed["devices"].as_array().unwrap().iter().map(|device| device["name"].as_str().unwrap()).collect();
    assert_eq!(BTreeSet::from_iter(names), BTreeSet::from(["laptop", "desk", "phone"]));
    for wrong in ["laptop", "tablet", ""] {
        let code = code(&w.kite(&["key", "revoke", "a", wrong, "--new-key-file", "new", "--json"]).expect(1));
        assert_eq!(code, "not_found", "{wrong}");
        assert!(!w.at("new").exists());
    }
    let said = w.kite(&["key", "revoke", "a", "phone", "--new-key-file", "new"]).expect(0);
    assert!(said.out.contains("Revoked phone"), "{}", said.out);
    assert!(w.kite(&["key", "list", "a"]).expect(0).out.lines().any(|line| line.contains("phone") && line.contains("revoked")));
    // What the lost device still has opens nothing any longer.
    w.write("lost/planted", "x");
    assert_eq!(code(&w.kite(&["sync", "lost", "--json"]).expect(1)), "wrong_key");
    assert_eq!(code(&w.kite(&["sync", "b", "--json"]).expect(1)), "wrong_key");
    w.write("b/later", "later");
    w.kite(&["sync", "b", "--key-file", "new"]).expect(0);
    w.kite(&["sync", "b"]).expect(0);
    w.kite(&["sync", "a"]).expect(0);
    assert_eq!(w.read("a/later"), "later");
    assert!(!w.at("a/planted").exists());
}

/// Puts the drive back to what it held before.
fn put_back(w: &World, files: &BTreeMap<String, Vec<u8>>) {
    fs::remove_dir_all(w.at("drive")).unwrap();
    fs::create_dir(w.at("drive")).unwrap();
    for (path, bytes) in files {
        match path.ends_with('/') {
            true => fs::create_dir_all(w.at("drive").join(path)).unwrap(),
            false => w.write(&format!("drive/{path}"), bytes),
        }
    }
}

#[test]
fn a_code_tells_a_new_device_what_the_drive_could_hide() {
    let w = sealed(&["a"]);
    let older = w.files("drive");
    w.write("a/two", "two");
    w.kite(&["sync", "a"]).expect(0);
    let shown = w.kite(&["key", "code", "a"]).expect(0);
    let pairing = shown.out.trim().to_owned();
    assert_eq!(w.kite(&["key", "code", "a", "--json"]).expect(0).json()["code"], json!(pairing));
    let now = w.files("drive");
    put_back(&w, &older);
    fs::create_dir(w.at("b")).unwrap();
    w.write("b/mine", "mine");
    let join = ["sync", "b", "--drive", "drive", "--key-file", "key", "--json", "--pairing"];
    let typed = pairing.replacen(pairing.chars().next().unwrap(), "z", 1);
    w.kite(&[&join[..], &[&typed]].concat()).expect(1).says(&["pairing code"]);
    assert_eq!(code(&w.kite(&[&join[..], &[&pairing]].concat()).expect(1)), "rollback");
    let again = ["sync", "b", "--json", "--key-file", "key"];
    assert_eq!(code(&w.kite(&again).expect(1)), "rollback");
    put_back(&w, &now);
    w.kite(&again).expect(0);
    assert_eq!(w.read("b/two"), "two");
}
