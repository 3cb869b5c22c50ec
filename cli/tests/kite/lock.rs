//! The lock of the classic layout, as `kite` meets it.

use crate::world::{Ran, World};
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const MINUTE_MS: u64 = 60_000;

/// A folder with an edit that waits, and a lock on its drive.
fn world(lock: &Value) -> World {
    let w = World::classic(&["a"]);
    w.write("a/x", "1");
    w.write("drive/lock.json", lock.to_string());
    w
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn sync(w: &World, wait: &str) -> Ran {
    w.kite(&["sync", "a", "--wait", wait, "--json"])
}

#[test]
fn anothers_lock_is_waited_for_and_then_named_with_its_end() {
    let expire = now_ms() + 5 * MINUTE_MS;
    let w = world(&json!({ "expire": expire, "owner": "0123456789abcdef", "device": "phone", "hold": "ff" }));
    let begun = Instant::now();
    let ran = sync(&w, "1").expect(1);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let error = &ran.json()["error"];
    assert_eq!((&error["code"], &error["owner"], &error["until_ms"]), (&json!("locked"), &json!("phone"), &json!(expire)));
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
    ran.says(&["locked by phone (lock.json) until 2", " UTC", "kite sync a --wait 300"]);
    assert_eq!(serde_json::from_str::<Value>(&w.read("drive/lock.json")).unwrap()["hold"], "ff");
    assert!(!w.at("drive/docs").exists());
    // Whoever holds it gives it back while it is waited for.
    let lock = w.at("drive/lock.json");
    let released = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        fs::remove_file(lock).unwrap();
    });
    sync(&w, "60").expect(0);
    released.join().unwrap();
}

#[test]
fn an_old_clients_lock_counts_for_two_minutes_after_its_end() {
    let w = world(&json!({ "expire": now_ms() - MINUTE_MS }));
    sync(&w, "0").expect(1).says(&["does not give its name", "ended at 2", "two minutes more"]);
    w.write("drive/lock.json", json!({ "expire": now_ms() - 3 * MINUTE_MS }).to_string());
    sync(&w, "0").expect(0);
    assert!(!w.at("drive/lock.json").exists());
}

#[test]
fn the_own_lock_is_no_hindrance() {
    let w = world(&json!({ "expire": 0 }));
    let client = w.kite(&["status", "a", "--json"]).expect(0).json()["client"].clone();
    w.write("drive/lock.json", json!({ "expire": now_ms() + 2 * MINUTE_MS, "owner": client, "hold": "ff" }).to_string());
    sync(&w, "0").expect(0);
    assert!(!w.at("drive/lock.json").exists());
}

#[test]
fn a_lock_hinders_neither_a_pull_nor_a_rehearsal() {
    let w = World::classic(&["a", "b"]);
    w.write("a/x", "1");
    w.sync("a").expect(0);
    w.write("drive/lock.json", json!({ "expire": now_ms() + MINUTE_MS }).to_string());
    w.kite(&["sync", "b", "--wait", "0"]).expect(0);
    assert_eq!(w.read("b/x"), "1");
    w.write("b/y", "2");
    w.kite(&["sync", "b", "--wait", "0", "--dry-run"]).expect(0).says(&["push"]);
}
