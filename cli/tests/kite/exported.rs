//! `kite export` and `kite import`: a vault in one file.

use crate::world::{CLASSIC, World};
use serde_json::Value;
use std::fs;

fn world(layout: &[&str]) -> World {
    let w = World::new(&["a"]);
    w.set_up("a", layout).expect(0);
    for n in 0..3 {
        w.write(&format!("a/{n}"), format!("content {n}"));
        w.sync("a").expect(0);
    }
    w
}

#[test]
fn a_vault_goes_into_a_file_and_out_of_it() {
    for layout in [&[], CLASSIC] {
        let w = world(layout);
        let done = w.kite(&["export", "a", "vault.tar", "--json"]).expect(0).json();
        let again = w.kite(&["export", "drive", "by address.tar"]).expect(0).says(&["Exported", "by address.tar"]);
        assert!(!again.out.is_empty());
        assert_eq!(fs::read(w.at("vault.tar")).unwrap(), fs::read(w.at("by address.tar")).unwrap(), "the same vault is the same file");
        let put = w.kite(&["import", "vault.tar", "elsewhere", "--json"]).expect(0).json();
        assert_eq!((&put["vault"], &put["files"], &put["resumed"]), (&done["vault"], &done["files"], &0.into()));
        let files = |folder: &str| -> Vec<_> { w.files(folder).into_iter().filter(|(path, _)| !path.starts_with(".kite")).collect() };
        assert_eq!(files("elsewhere"), files("drive"));
        fs::create_dir(w.at("b")).unwrap();
        w.kite(&[&["sync", "b", "--drive", "elsewhere"], layout].concat()).expect(0);
        assert_eq!(w.files("b"), w.files("a"));
    }
}

#[test]
fn nothing_is_written_over_and_what_is_damaged_is_refused() {
    let w = world(&[]);
    w.kite(&["export", "a", "vault.tar"]).expect(0);
    let code = |ran: crate::world::Ran| ran.expect(1).json()["error"]["code"].as_str().unwrap().to_owned();
    assert_eq!(code(w.kite(&["export", "a", "vault.tar", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["import", "vault.tar", "drive", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["import", "nowhere.tar", "elsewhere", "--json"])), "not_found");
    let whole = fs::read(w.at("vault.tar")).unwrap();
    for (name, bytes) in [
        ("cut.tar", whole[..whole.len() / 2].to_vec()),
        ("none.tar", b"hello".to_vec()),
        ("flipped.tar", {
            let mut flipped = whole.clone();
            flipped[520] ^= 1;
            flipped
        }),
    ] {
        w.write(name, bytes);
        assert_eq!(code(w.kite(&["import", name, "elsewhere", "--json"])), "corrupt", "{name}");
    }
    assert!(!w.at("elsewhere").join("vault").exists());
    let left: Vec<String> = fs::read_dir(w.at("")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.starts_with(".kite-export")), "{left:?}");
}

#[test]
fn a_sealed_vault_needs_no_key_and_stays_sealed() {
    let mut w = World::new(&["a", "b"]);
    w.set("KITE_PASSPHRASE", "horse battery");
    w.write("a/x", "x");
    w.set_up("a", &["--encrypt"]).expect(0);
    for args in [["export", "drive", "vault.tar"], ["import", "vault.tar", "elsewhere"]] {
        let mut blind = w.command(&args);
        crate::world::Ran::of(blind.env_remove("KITE_PASSPHRASE")).expect(0);
    }
    w.kite(&["sync", "b", "--drive", "elsewhere", "--encrypt"]).expect(0);
    assert_eq!(w.files("b"), w.files("a"));
}

/// What an import has left that was killed is no vault, and the same import goes on.
#[test]
fn an_import_that_was_interrupted_goes_on() {
    let w = world(&[]);
    w.kite(&["export", "a", "vault.tar"]).expect(0);
    w.kite(&["import", "vault.tar", "whole"]).expect(0);
    let list =
        std::process::Command::new("tar").args(["-xOf", "vault.tar", "kitestring-export.json"]).current_dir(w.at("")).output().unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["layout"], "journal");
    // A drive on which nothing more can be written ends it half-way; here half of it is taken away again.
    fs::rename(w.at("whole"), w.at("half")).unwrap();
    let marker = {
        use sha2::Digest as _;
        let bytes = std::process::Command::new("tar")
            .args(["-xOf", "vault.tar", "kitestring-export.json"])
            .current_dir(w.at(""))
            .output()
            .unwrap()
            .stdout;
        let digest: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        format!(r#"{{"kitestring":"journal","format":4000000000,"vault":"","importing":"{digest}"}}"#)
    };
    w.write("half/vault", marker);
    w.remove("half/head");
    fs::create_dir(w.at("b")).unwrap();
    w.write("b/mine", "mine");
    w.kite(&["sync", "b", "--drive", "half"]).expect(1).says(&["being imported"]);
    w.kite(&["doctor", "half"]).expect(2).says(&["importing"]);
    let put = w.kite(&["import", "vault.tar", "half", "--json"]).expect(0).json();
    assert!(put["resumed"].as_u64().unwrap() > 3, "{put:#}");
    w.sync("b").expect(0);
    assert_eq!(w.read("b/0"), "content 0");
}
