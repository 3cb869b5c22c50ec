//! Two folders of one server, from beginning to end, on every server and in both layouts.

use crate::world::World;
use kitestring_servers::{Kind, Server, delete_folder};

fn both_ways(kind: Kind, layout: &str) {
    let drive = format!("webdav+{}", kind.empty_folder().unwrap());
    let world = World::new(&["a", "b"]);
    for n in 0..20 {
        world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        world.kite(&["sync", folder, "--drive", &drive, "--layout", layout]).expect(0);
    }
    assert_eq!((world.files("a"), world.files("b").len()), (world.files("b"), 23));
    world.write("b/folder 1/note 1 & é.md", "edited");
    world.remove("a/folder 2/note 2 & é.md");
    world.settle("a", "b");
    assert_eq!(world.read("a/folder 1/note 1 & é.md"), "edited");
    assert_eq!(world.files("b").len(), 22);
    let idle = world.sync_json("a");
    assert_eq!((idle["pushed"].as_u64(), idle["pulled"].as_u64()), (Some(0), Some(0)));
    let requests: u64 = idle["requests"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(requests, 1, "{idle}");
}

#[test]
fn both_ways_on_every_server_in_the_journal_layout() {
    Kind::ALL.into_iter().for_each(|kind| both_ways(kind, "journal"));
}

#[test]
fn both_ways_on_every_server_in_the_classic_layout() {
    Kind::ALL.into_iter().for_each(|kind| both_ways(kind, "classic"));
}

#[test]
fn a_folder_that_is_gone_is_no_vault_that_was_deleted() {
    for kind in Kind::ALL {
        let folder = kind.empty_folder().unwrap();
        let drive = format!("webdav+{folder}");
        let world = World::new(&["a", "b"]);
        world.write("a/note.md", "kept");
        for name in ["a", "b"] {
            world.kite(&["sync", name, "--drive", &drive]).expect(0);
        }
        delete_folder(&folder).unwrap();
        world.write("a/other.md", "new");
        for name in ["a", "b"] {
            world.sync(name).expect(1).says(&["was it moved"]);
        }
        assert_eq!(world.files("b").len(), 1, "{kind:?}");
    }
}

#[test]
fn what_the_server_holds_decides_about_a_new_folder() {
    let drive = format!("webdav+{}", Kind::Apache.empty_folder().unwrap());
    let world = World::new(&["a", "b", "c"]);
    world.write("a/note.md", "x");
    world.kite(&["sync", "a", "--drive", &format!("{drive}/not/yet"), "--dry-run"]).expect(0).says(&["1 file"]);
    world.kite(&["sync", "a", "--drive", &drive, "--layout", "classic"]).expect(0);
    world.kite(&["sync", "b", "--drive", &drive]).expect(1).says(&["--layout classic"]);
    world.kite(&["sync", "b", "--drive", &drive, "--layout", "journal"]).expect(1).says(&["holds a vault of the classic layout"]);
    world.kite(&["sync", "c", "--drive", &format!("{drive}/deep/er?collection=notes"), "--layout", "journal"]).expect(0);
    world.kite(&["status", "c"]).expect(0).says(&["notes", "webdav+http://127.0.0.1"]);
}

#[test]
fn a_server_that_stops_and_comes_back_is_waited_for() {
    let server = Server::start(Kind::Apache);
    let drive = format!("webdav+{}drive", server.address());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    world.kite(&["sync", "a", "--drive", &drive]).expect(0);
    drop(server);
    world.write("a/note.md", "y");
    world.sync("a").expect(1).says(&["the WebDAV server at 127.0.0.1", "when the drive can be reached again"]);
}
