//! `kite move`: a vault goes to another drive, and the folders follow it.

use crate::world::{CLASSIC, World};

#[test]
fn a_vault_moves_and_the_other_folder_follows_with_its_edits() {
    for options in [&[] as &[&str], &["--shared-folder"]] {
        let w = World::new(&["a", "b"]);
        w.write("a/x", "x");
        w.set_up("a", options).expect(0);
        w.set_up("b", options).expect(0);
        w.write("b/unsent", "from b");
        w.write("a/late", "from a");
        let moved = w.kite(&["move", "a", "elsewhere", "--json"]).expect(0).json();
        let address = format!("file://{}", w.at("elsewhere").display());
        assert_eq!((&moved["moved"], moved["resumed"].as_u64()), (&address.as_str().into(), Some(0)));
        assert!(moved["files"].as_u64().unwrap() > 1, "{moved:#}");
        w.write("a/later", "from a");
        w.sync("a").expect(0);

        let told = w.kite(&["sync", "b", "--json"]).expect(1).says(&["was moved to", "kite move b --follow"]).json();
        assert_eq!((&told["error"]["code"], &told["error"]["to"]), (&"moved".into(), &address.as_str().into()));
        w.kite(&["doctor", "drive"]).expect(2).says(&["moved", "elsewhere"]);
        // Nobody is there to ask.
        w.kite(&["move", "b", "--follow"]).expect(1).says(&["--yes"]);
        w.kite(&["sync", "b"]).expect(1);
        let followed = w.kite(&["move", "b", "--follow", "--yes", "--json"]).expect(0).json();
        assert_eq!(followed["followed"], address.as_str());
        w.settle("a", "b");
        assert_eq!((w.read("a/unsent"), w.read("b/later"), w.files("a").len()), ("from b".to_owned(), "from a".to_owned(), 4));
        // A folder that is set up with the old drive is told, too.
        std::fs::create_dir(w.at("c")).unwrap();
        w.kite(&["sync", "c", "--drive", "drive"]).expect(1).says(&["was moved to"]);
        w.kite(&["move", "c", "elsewhere", "--follow", "--yes"]).expect(0);
        w.sync("c").expect(0);
        assert_eq!(w.files("c"), w.files("a"));
    }
}

#[test]
fn what_cannot_be_moved_stays_where_it_is() {
    let w = World::new(&["a", "old"]);
    w.write("a/x", "x");
    w.set_up("a", &[]).expect(0);
    let code = |ran: crate::world::Ran| ran.expect(1).json()["error"]["code"].as_str().unwrap().to_owned();
    w.write("full/holiday.jpg", "x");
    assert_eq!(code(w.kite(&["move", "a", "full", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["move", "a", "a/inside", "--json"])), "invalid_input");
    assert_eq!(code(w.kite(&["move", "a", "--follow", "--json"])), "invalid_input");
    w.kite(&["move", "a"]).expect(1).says(&["URL"]);
    w.kite(&[&["sync", "old", "--drive", "classic"], CLASSIC].concat()).expect(0);
    assert_eq!(code(w.kite(&["move", "old", "elsewhere", "--json"])), "invalid_input");
    w.write("a/y", "y");
    w.sync("a").expect(0);
}

#[test]
fn a_sealed_vault_keeps_its_new_address_to_itself() {
    let mut w = World::new(&["a", "b"]);
    w.set("KITE_PASSPHRASE", "horse battery");
    w.write("a/x", "x");
    w.set_up("a", &["--encrypt"]).expect(0);
    w.set_up("b", &["--encrypt"]).expect(0);
    w.kite(&["move", "a", "elsewhere"]).expect(0).says(&["Moved"]);
    assert!(!w.read("drive/vault").contains("elsewhere"));
    w.sync("b").expect(1).says(&["elsewhere"]);
    w.kite(&["move", "b", "--follow", "--yes"]).expect(0);
    w.settle("a", "b");
}
