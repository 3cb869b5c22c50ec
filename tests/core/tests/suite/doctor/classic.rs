//! The classic layout.

use super::world::*;
use crate::common::*;
use FindingKind as Kind;
use Who::{Device as Known, Stranger};
use futures::executor::block_on;
use kitestring::*;

struct Case {
    name: &'static str,
    damage: fn(&mut Files),
    kind: Kind,
    repair: Repair,
    /// Whether everybody syncs as ever afterwards.
    goes_on: bool,
}

fn put(files: &mut Files, path: &str, text: &str) {
    files.insert(path.to_owned(), text.as_bytes().to_vec());
}

const NOTE: Repair = Repair::Needless;
const POSSIBLE: Repair = Repair::Possible;
const REFUSED: Repair = Repair::Refused;

const CASES: &[Case] = &[
    Case {
        name: "the count is missing",
        damage: |files| drop(files.remove("meta.json")),
        kind: Kind::CountMissing,
        repair: POSSIBLE,
        goes_on: true,
    },
    Case {
        name: "the count makes no sense",
        damage: |files| put(files, "meta.json", "{\"lastCh"),
        kind: Kind::CountDamaged,
        repair: POSSIBLE,
        goes_on: true,
    },
    Case {
        name: "the marker is missing",
        damage: |files| drop(files.remove("kitestring.json")),
        kind: Kind::MarkerMissing,
        repair: POSSIBLE,
        goes_on: true,
    },
    Case {
        name: "the marker makes no sense",
        damage: |files| put(files, "kitestring.json", "what?"),
        kind: Kind::MarkerDamaged,
        repair: POSSIBLE,
        goes_on: true,
    },
    Case {
        name: "the log is missing",
        damage: |files| drop(files.remove("changes/0.json")),
        kind: Kind::LogShort,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "the log makes no sense",
        damage: |files| put(files, "changes/0.json", "[{"),
        kind: Kind::LogDamaged,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "the log is gone, and so is the count",
        damage: |files| {
            put(files, "changes/0.json", "[{");
            files.remove("meta.json");
        },
        kind: Kind::CountMissing,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "a document is missing",
        damage: |files| drop(files.remove("docs/note 1.json")),
        kind: Kind::DocumentMissing,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "a document is cut",
        damage: |files| put(files, "docs/note 1.json", "{\"doc\":{\"text\""),
        kind: Kind::DocumentDamaged,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "a document without content, as old clients leave it",
        damage: |files| put(files, "docs/note 1.json", "{\"_rev\":\"7\"}"),
        kind: Kind::DocumentDamaged,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "a copy of a document",
        damage: |files| put(files, "docs/note 1 (1).json", "{\"doc\":{\"_id\":\"note 1\"},\"_rev\":\"7\"}"),
        kind: Kind::DocumentMisnamed,
        repair: REFUSED,
        goes_on: false,
    },
    Case {
        name: "a change that is not counted",
        damage: |files| {
            let log = files.get_mut("changes/0.json").unwrap();
            log.pop();
            log.extend(b",{\"_id\":\"note 1\",\"_rev\":\"8\",\"action\":\"put\"}]");
        },
        kind: Kind::Uncounted,
        repair: NOTE,
        goes_on: true,
    },
    Case {
        name: "a lock of a client that is gone",
        damage: |files| put(files, "lock.json", "{\"expire\":1600000000000,\"owner\":\"aa\",\"device\":\"phone\"}"),
        kind: Kind::Locked,
        repair: NOTE,
        goes_on: true,
    },
    Case {
        name: "foreign files",
        damage: |files| {
            put(files, "docs/holiday.jpg", "x");
            put(files, "notes.txt", "x");
        },
        kind: Kind::Foreign,
        repair: NOTE,
        goes_on: true,
    },
    Case {
        name: "files of the journal layout",
        damage: |files| put(files, "vault", "{}"),
        kind: Kind::OtherLayout,
        repair: REFUSED,
        goes_on: true,
    },
];

#[test]
fn every_damage_is_explained_and_repaired_or_refused() {
    block_on(async {
        for drive in drives() {
            let world = World::new(&drive, classic, None, 1).await;
            for who in [Known, Stranger] {
                let healthy = look(&world, who).await;
                assert_eq!((healthy.findings, healthy.documents), (Vec::new(), Some(world.docs.len() as u64)));
                for case in CASES {
                    meet(&world, case, who).await;
                }
                world.drive.restore(world.files.clone());
            }
        }
    });
}

async fn meet(world: &World, case: &Case, who: Who) {
    let mut files = world.files.clone();
    (case.damage)(&mut files);
    world.drive.restore(files);
    let name = format!("{}, {who:?}, {:?}", case.name, world.drive.capabilities());
    let found = look(world, who).await;
    assert!(told(&found).contains(&(case.kind, case.repair)), "{name}: {:#?}", found.findings);
    let now = if case.kind == Kind::Locked { found.clone() } else { repair(world, who).await };
    let after = if case.repair == POSSIBLE { Repair::Done } else { case.repair };
    assert!(told(&now).contains(&(case.kind, after)), "{name}: {:#?}", now.findings);
    if case.repair == POSSIBLE {
        assert_eq!(now.worst(), None, "{name}: {:#?}", now.findings);
    }
    if case.goes_on {
        world.everybody_has_everything(&name).await;
    }
}

/// Who finds that clients of db-to-cloud write here knows why concurrent edits can be lost.
#[test]
fn old_clients_are_named() {
    block_on(async {
        let world = World::new(&drives()[0], classic, None, 1).await;
        let mut files = world.files.clone();
        put(&mut files, "docs/old.json", "{\"doc\":{\"_id\":\"old\"},\"_rev\":\"1\"}");
        let count = String::from_utf8(files["changes/0.json"].clone()).unwrap().matches("_id").count();
        let log = files.get_mut("changes/0.json").unwrap();
        log.pop();
        log.extend(b",{\"_id\":\"old\",\"_rev\":\"1\",\"action\":\"put\"}]");
        put(&mut files, "meta.json", &format!("{{\"lastChange\":{}}}", count + 1));
        world.drive.restore(files);
        let found = look(&world, Stranger).await;
        assert!(told(&found).contains(&(Kind::OldClient, NOTE)), "{:#?}", found.findings);
        assert_eq!(found.documents, Some(world.docs.len() as u64 + 1));
        assert_eq!(found.worst(), None);
    });
}
