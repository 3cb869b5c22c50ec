//! An old client: it reads the log, and then writes a document, the log and the count without any condition.

#![allow(clippy::indexing_slicing, reason = "an index into a JSON value answers null")]

use crate::{case::OpAction, drive::Request, excuses::classic as excuses, eye::classic, world::World};
use kitestring::{Action, DocId, DrivePath, drive::Condition};
use serde_json::{Value, json};

/// Its number among the authors of edits.
const SEAT: usize = 99;

/// How many changes a file of the log holds.
const WINDOW: usize = 100;

/// Lets an old client change a document in one go, unless somebody else has the lock.
pub(super) fn change(world: &World, id: &DocId, action: OpAction) -> Option<()> {
    if locked(world) {
        return None;
    }
    let stem = id.as_str();
    let meta = world.drive.file("meta.json").and_then(|f| serde_json::from_slice::<Value>(&f.bytes).ok()).unwrap_or_else(|| json!({}));
    let log = classic::log(|path| world.drive.file(path).map(|f| f.bytes)).unwrap_or_default();
    let last = log.iter().rev().find(|(_, wire)| wire == stem).and_then(|(text, _)| serde_json::from_str::<Value>(text).ok());
    let exists = last.as_ref().is_some_and(|entry| entry["action"] == "put");
    if action == OpAction::Delete && !exists {
        return None;
    }
    let known = last.and_then(|entry| entry["_rev"].as_str().map(kitestring::Revision::new));
    let seen = known.map(|revision| world.ghost.edits_of(id, &revision)).unwrap_or_default();
    excuses::old_client(world, id, &seen);
    let verb = if action == OpAction::Edit { Action::Put } else { Action::Delete };
    let (no, change) = world.ghost.edit(SEAT, id, verb, &seen, false);
    let body = world.ghost.get(no).and_then(|edit| edit.body).and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let file = body.map(|doc| json!({"doc": doc, "_rev": change.revision}).to_string());
    put(world, &format!("docs/{stem}.json"), file)?;
    append(world, &log, json!({"_id": stem, "_rev": change.revision, "action": verb}), meta)
}

fn append(world: &World, log: &[(String, String)], entry: Value, mut meta: Value) -> Option<()> {
    let first = log.len() / WINDOW * WINDOW;
    let mut window: Vec<Value> = log.get(first..)?.iter().filter_map(|(text, _)| serde_json::from_str(text).ok()).collect();
    window.push(entry);
    put(world, &format!("changes/{}.json", log.len() / WINDOW), Some(Value::Array(window).to_string()))?;
    meta["lastChange"] = json!(log.len() + 1);
    put(world, "meta.json", Some(meta.to_string()))
}

fn locked(world: &World) -> bool {
    let lock = world.drive.file("lock.json").and_then(|f| serde_json::from_slice::<Value>(&f.bytes).ok());
    let until = lock.and_then(|lock| lock["expire"].as_u64()).unwrap_or(0);
    u128::from(until) > (world.clock.wall() + super::play::MIDDLE).as_millis()
}

fn put(world: &World, path: &str, text: Option<String>) -> Option<()> {
    let request = Request {
        seat: SEAT,
        path: DrivePath::new(path).ok()?,
        bytes: text.map(String::into_bytes),
        condition: Condition::Any,
        sent: world.drive.writes(),
    };
    world.drive.write(request).ok().map(drop)
}
