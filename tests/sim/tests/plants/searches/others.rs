//! Writers that are none of ours, and drives that are put back.

use super::{Edits, First, Hit, LONG, edit, end, failed, hit, settled};
use crate::common::{PauseAt, id, sync, synced, well};
use kitestring::{Action, Allow, DrivePath, ErrorKind, SyncOptions, drive::Condition};
use kitestring_sim::{Config, Fault, Run, World, drive::Request, recovery::Settle};
use serde_json::json;
use std::collections::BTreeMap;

/// What an old client does that knows the log of an earlier moment only.
const OLD: [(&str, OldAct); 3] = [
    ("writes over it", |w, stale| old_push(w, stale, true)),
    ("dies before it writes the count", |w, stale| old_push(w, stale, false)),
    ("writes over what another old client has deleted", |w, stale| {
        old_delete(w);
        old_push(w, stale, true);
    }),
];

type OldAct = fn(&mut World, &Files);

type Files = BTreeMap<String, Vec<u8>>;

/// An old client that knows the log of an earlier moment writes over what was logged since.
pub fn by_old_clients(config: &dyn Fn() -> Config) -> Hit {
    let later: [&Edits; 6] = [
        &[],
        &[(0, "b", Action::Put)],
        &[(0, "a", Action::Put), (0, "b", Action::Put)],
        &[(0, "a", Action::Delete), (0, "b", Action::Put)],
        &[(0, "a", Action::Put), (1, "b", Action::Put)],
        &[(0, "b", Action::Put), (0, "a", Action::Delete), (1, "c", Action::Put)],
    ];
    for edits in later {
        for both in [false, true] {
            for (what, act) in OLD {
                // Who has not read what was overwritten cannot know of it, and an old author does not say it again.
                let without_trace = what.contains("deleted") && !both;
                if without_trace {
                    continue;
                }
                let mut world = synced(config());
                // So late that nobody looks for its own entries any more.
                world.clock.pass(LONG);
                sync(&mut world, 0);
                sync(&mut world, 1);
                let stale = world.drive.contents();
                edit(&mut world, edits);
                sync(&mut world, 0);
                if both {
                    sync(&mut world, 1);
                }
                if edits.is_empty() {
                    interrupted(&mut world);
                }
                act(&mut world, &stale);
                let mut violations = settled(&mut world, Settle::Local);
                if what.contains("deleted") {
                    // The deletion itself stays overwritten, as its author does not say it again.
                    violations.retain(|v| !v.starts_with("I6 "));
                }
                if !violations.is_empty() {
                    return hit(format!("{edits:?}, both {both}, an old client {what}"), violations);
                }
            }
        }
    }
    by_old_pushes_between(config)
}

/// An old client that writes over the log while a sync stands still.
fn by_old_pushes_between(config: &dyn Fn() -> Config) -> Hit {
    for step in 0.. {
        let mut world = synced(config());
        let stale = world.drive.contents();
        edit(&mut world, &[(1, "b", Action::Put)]);
        sync(&mut world, 1);
        sync(&mut world, 0);
        edit(&mut world, &[(0, "a", Action::Put)]);
        world.arm(Some(Box::new(PauseAt { seat: 0, step, then: None })));
        let started = world.start_sync(0, SyncOptions::default());
        if !matches!(world.go_on(&started), Run::Paused) {
            return None;
        }
        old_push(&mut world, &stale, true);
        end(&mut world, &started);
        let violations = settled(&mut world, Settle::Local);
        if !violations.is_empty() {
            return hit(format!("an old client writes over the log at step {step}"), violations);
        }
    }
    None
}

/// Client 1 has written a document and did not live to announce it; its user edits on, and its other push is overwritten.
fn interrupted(world: &mut World) {
    edit(world, &[(0, "b", Action::Put)]);
    sync(world, 0);
    edit(world, &[(0, "a", Action::Put)]);
    world.arm(Some(Box::new(First { seat: 0, call: "put", subject: "docs/", fault: Some(Fault::KillAfter) })));
    world.sync(0, SyncOptions::default());
    world.control.disarm();
    if !world.is_open(0) {
        well(world.open(0));
    }
    edit(world, &[(0, "a", Action::Put)]);
}

fn parsed(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// What db-to-cloud writes in a push of the document `o`: the log and the count as it last read them, with its entry.
fn old_push(world: &mut World, stale: &Files, counts: bool) {
    let (no, change) = world.ghost.edit(9, &id("o"), Action::Put, &Default::default(), false);
    let doc = parsed(&world.ghost.get(no).unwrap().body.unwrap());
    let entry = json!({"_id": "o", "_rev": change.revision, "action": "put"});
    write(world, "docs/o.json", Some(&json!({"doc": doc, "_rev": change.revision})));
    old_log(world, stale, entry, counts);
}

/// What db-to-cloud writes when it deletes `a`, as far as that is there.
fn old_delete(world: &mut World) {
    let files = world.drive.contents();
    let Some(document) = files.get("docs/a.json") else { return };
    let revision = kitestring::Revision::new(parsed(document)["_rev"].as_str().unwrap());
    let seen = world.ghost.edits_of(&id("a"), &revision);
    let (_, change) = world.ghost.edit(9, &id("a"), Action::Delete, &seen, false);
    write(world, "docs/a.json", None);
    old_log(world, &files, json!({"_id": "a", "_rev": change.revision, "action": "delete"}), true);
}

fn old_log(world: &mut World, known: &Files, entry: serde_json::Value, counts: bool) {
    let (mut log, mut meta) = (parsed(&known["changes/0.json"]), parsed(&known["meta.json"]));
    log.as_array_mut().unwrap().push(entry);
    meta["lastChange"] = log.as_array().unwrap().len().into();
    write(world, "changes/0.json", Some(&log));
    if counts {
        write(world, "meta.json", Some(&meta));
    }
}

/// Writes or deletes a file without any client of ours.
pub(super) fn write(world: &mut World, path: &str, content: Option<&serde_json::Value>) {
    let request = Request {
        seat: 99,
        path: DrivePath::new(path).unwrap(),
        bytes: content.map(|c| c.to_string().into_bytes()),
        condition: Condition::Any,
        sent: world.drive.writes(),
    };
    world.drive.write(request).unwrap();
}

/// The drive is put back to an earlier state, or emptied: the client must say so, and lose nothing if told to go on.
pub fn by_backups(config: &dyn Fn() -> Config) -> Hit {
    let mut world = synced(config());
    let old = world.drive.snapshot();
    edit(&mut world, &[(0, "a", Action::Put), (1, "b", Action::Put)]);
    for seat in [0, 1, 0, 1] {
        // So late that nobody looks for its own entries any more.
        sync(&mut world, seat);
        world.clock.pass(LONG);
    }
    world.drive.restore(old, true);
    let run = world.sync(0, SyncOptions::default());
    if !matches!(&run, Run::Done(Err(e)) if matches!(e.kind, ErrorKind::Rollback { .. })) {
        return failed("an older vault", format!("I4 CursorMonotone: a sync with a vault that went back ends with {}", run.word()));
    }
    let allow = Allow { rollback: true, ..Allow::default() };
    for seat in [0, 1, 0, 1] {
        well(world.sync(seat, SyncOptions { allow, ..SyncOptions::default() }));
    }
    hit("an older vault", settled(&mut world, Settle::Local)).or_else(|| by_emptied_drives(config))
}

fn by_emptied_drives(config: &dyn Fn() -> Config) -> Hit {
    let mut world = synced(config());
    world.drive.restore(BTreeMap::new(), true);
    edit(&mut world, &[(1, "b", Action::Put)]);
    let run = world.sync(1, SyncOptions::default());
    // A journal may miss its own last record before anything else.
    let journal = config().is_journal();
    let told = |kind: &ErrorKind| *kind == ErrorKind::VaultChanged || journal && matches!(kind, ErrorKind::Rollback { .. });
    if !matches!(&run, Run::Done(Err(e)) if told(&e.kind)) {
        return failed("an emptied drive", format!("I14 FailClosed: a sync with a vault that is gone ends with {}", run.word()));
    }
    let allow = Allow { vault_changed: true, rollback: journal, ..Allow::default() };
    for seat in [0, 1, 0, 1] {
        well(world.sync(seat, SyncOptions { allow, ..SyncOptions::default() }));
    }
    hit("an emptied drive", settled(&mut world, Settle::Local))
}
