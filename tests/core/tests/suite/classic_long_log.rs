//! Logs of more than one file: reading them page by page, writing over the border of two files, and what is found there.

use crate::common::{
    Device, drives,
    faulty::{Faulty, When},
    old_client::{log, note, push, read, write, write_bytes},
};
use futures::{FutureExt as _, executor::block_on};
use kitestring::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn entry(name: &str) -> Value {
    json!({"_id": name, "_rev": 1, "action": "put"})
}

/// Writes a log of `count` entries; `named` names them, and `behind` follows without being counted.
async fn write_log(drive: &MemoryDrive, count: u64, named: impl Fn(u64) -> String, behind: &[&str]) {
    let names: Vec<String> = (0..count).map(named).chain(behind.iter().map(ToString::to_string)).collect();
    for name in std::collections::BTreeSet::from_iter(&names) {
        write(drive, &format!("docs/{name}.json"), json!({"doc": note(name, "1"), "_rev": 1})).await;
    }
    for (index, window) in names.chunks(100).enumerate() {
        let entries: Vec<Value> = window.iter().map(|name| entry(name)).collect();
        write(drive, &format!("changes/{index}.json"), Value::Array(entries)).await;
    }
    let mut meta = read(drive, "meta.json").await.unwrap_or_else(|| json!({}));
    meta["lastChange"] = json!(count);
    write(drive, "meta.json", meta).await;
}

fn fill(_: u64) -> String {
    "f".to_owned()
}

/// Runs a future that is ready at once, inside another executor.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory drive never waits")
}

/// The same device on a drive that notes every write and meets it with `rule`.
async fn noting(
    device: Device,
    drive: &Arc<MemoryDrive>,
    mut rule: impl FnMut(&str, &str) -> Option<When> + Send + 'static,
) -> (Device, Arc<Mutex<Vec<String>>>) {
    let puts = Arc::new(Mutex::new(Vec::new()));
    let seen = puts.clone();
    let faulty = Faulty::new(drive, move |op, path| {
        if op == "put" {
            seen.lock().unwrap().push(path.to_owned());
        }
        rule(op, path)
    });
    (device.restarted(faulty).await, puts)
}

fn counted(puts: &Mutex<Vec<String>>, path: &str) -> usize {
    puts.lock().unwrap().iter().filter(|p| *p == path).count()
}

/// C1, C12: every counted entry is looked at, none behind the count, and nothing is listed.
#[test]
fn every_entry_of_a_long_log_is_read_and_none_behind_its_count() {
    block_on(async {
        for drive in drives() {
            for known in [1, 100, 101] {
                for count in [known + 1, 1700, 1701, 1801, 3450] {
                    drive.restore(Default::default());
                    write_log(&drive, known, fill, &[]).await;
                    let a = Device::new(&drive, 1).await;
                    a.sync().await;
                    let places = [known, 99, 199, 200, 1599, 1600, 1601, 1699, 1700, 1701, 1799, 1800, 3399, 3400, count - 1];
                    let is_new = |n: &u64| *n >= known && *n < count && places.contains(n);
                    write_log(&drive, count, |n| if is_new(&n) { format!("n{n}") } else { fill(n) }, &["u"]).await;
                    let report = a.sync().await;
                    assert_eq!(report.requests.list, 0, "{known} to {count}");
                    let expected: Vec<u64> = (0..count).filter(is_new).collect();
                    let missing: Vec<_> = expected.iter().filter(|n| a.text(&format!("n{n}")).is_none()).collect();
                    assert!(missing.is_empty(), "{known} to {count}: {missing:?}");
                    assert_eq!(a.text("u"), None, "what is not counted does not count");
                    assert_eq!(a.sync().await.requests.total(), 1);
                    push(&drive, "v", Some(note("v", "1")), 2).await;
                    let report = a.sync().await;
                    assert_eq!((report.requests.list, report.pulled), (0, 1), "what was not counted is written over");
                }
            }
        }
    });
}

/// C12: a client that joined an empty drive has a place in the log: its beginning.
#[test]
fn a_place_at_the_beginning_is_a_place() {
    block_on(async {
        for drive in drives() {
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            write(&drive, "meta.json", json!({"lastChange": 0, "commit": "c"})).await;
            assert_eq!(a.sync().await.requests.total(), 1, "there is no file of the log to read");
            push(&drive, "x", Some(note("x", "1")), 1).await;
            let report = a.sync().await;
            assert_eq!((report.pulled, report.requests.list), (1, 0));
        }
    });
}

/// C15a: a short log of which nothing new is counted is known already.
#[test]
fn a_short_log_is_listed_once() {
    block_on(async {
        for drive in drives() {
            write_log(&drive, 3, fill, &[]).await;
            write(&drive, "changes/0.json", json!([entry("f")])).await;
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            write(&drive, "meta.json", json!({"lastChange": 3, "commit": "c"})).await;
            assert_eq!(a.sync().await.requests.list, 0);
        }
    });
}

/// C13: a listing whose place the drive has forgotten begins again; a drive that fails, fails the sync.
#[test]
fn a_listing_goes_on_where_the_drive_forgot_its_place() {
    block_on(async {
        for drive in drives() {
            for n in 0..1100 {
                write_bytes(&drive, &format!("docs/a{n:04}.txt"), b"foreign").await;
            }
            push(&drive, "z", Some(note("z", "1")), 1).await;
            for (when, works) in [(When::Refused, true), (When::Before, false)] {
                let mut lists = 0;
                let faulty = Faulty::new(&drive, move |op, _| {
                    lists += u32::from(op == "list");
                    (op == "list" && lists == 2).then_some(when)
                });
                let a = Device::new(&drive, 1).await.restarted(faulty).await;
                let result = a.try_sync().await;
                assert_eq!((result.is_ok(), a.text("z").is_some()), (works, works));
            }
        }
    });
}

/// C21 to C23 and the budget: where nobody interferes, a push writes each file once, also over a border.
#[test]
fn a_push_over_the_border_of_two_files_writes_each_once() {
    block_on(async {
        for drive in drives() {
            for known in [1, 50, 99, 100, 101, 150, 199, 200] {
                drive.restore(Default::default());
                write_log(&drive, known, fill, &[]).await;
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                let (a, puts) = noting(a, &drive, |_, _| None).await;
                for n in 0..120 {
                    a.put(&format!("p{n}"), "1").await;
                }
                assert_eq!(a.sync().await.pushed, 120);
                let names: Vec<String> = log(&drive).await.into_iter().map(|(id, _)| id).collect();
                assert_eq!(names.len() as u64, known + 120);
                for index in known / 100..=(known + 119) / 100 {
                    assert_eq!(counted(&puts, &format!("changes/{index}.json")), 1, "{known}: {:?}", puts.lock().unwrap());
                }
                assert_eq!((counted(&puts, "meta.json"), counted(&puts, "kitestring.json")), (1, 1));
                // C24 and its budget: after a lease, one request for each file that the push touched, and nothing is lost.
                let touched = (known + 119) / 100 - known / 100 + 1;
                a.later(119);
                assert_eq!(a.sync().await.requests.total(), 1, "no lease has passed");
                a.later(2);
                let report = a.sync().await;
                assert_eq!((report.pushed, report.requests.total()), (0, 1 + touched), "{known}");
                assert_eq!((a.sync().await.requests.total(), log(&drive).await.len() as u64), (1, known + 120));
            }
        }
    });
}

/// C24: entries are kept until a lease has passed, whatever is read before; in whatever file they are.
#[test]
fn what_is_lost_from_an_earlier_file_is_announced_again() {
    block_on(async {
        for drive in drives() {
            for known in [90, 150, 190] {
                drive.restore(Default::default());
                write_log(&drive, known, fill, &[]).await;
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                for n in 0..20 {
                    a.put(&format!("p{n:02}"), "1").await;
                }
                a.sync().await;
                push(&drive, "v", Some(note("v", "1")), 2).await;
                a.later(1);
                a.sync().await;
                // An old client writes over the place of the first of them, and goes on far behind the others.
                let path = format!("changes/{}.json", known / 100);
                let mut window = read(&drive, &path).await.unwrap();
                let lost = window[(known % 100) as usize]["_id"].as_str().unwrap().to_owned();
                window[(known % 100) as usize] = entry("f");
                write(&drive, &path, window).await;
                let before = log(&drive).await.len();
                a.later(130);
                a.sync().await;
                a.sync().await;
                let names: Vec<String> = log(&drive).await.into_iter().skip(before).map(|(id, _)| id).collect();
                assert!(names.contains(&lost), "{known}: {names:?}");
                let again = names.len();
                a.later(130);
                a.sync().await;
                a.sync().await;
                assert_eq!(log(&drive).await.len(), before + again, "and only once");
            }
        }
    });
}

/// C1, C23: what an interrupted push left behind the count is written over, after `meta.json` was.
#[test]
fn uncounted_entries_are_written_over_and_their_writer_is_fenced_off() {
    block_on(async {
        for drive in drives() {
            let fenced = drive.capabilities().replace;
            for known in [50, 100, 150, 200] {
                // Left before this client read the log, or after.
                for late in [false, true] {
                    drive.restore(Default::default());
                    write_log(&drive, known, fill, if late { &[] } else { &["u"] }).await;
                    let a = Device::new(&drive, 1).await;
                    a.sync().await;
                    if late {
                        write_log(&drive, known, fill, &["u"]).await;
                    }
                    let (a, puts) = noting(a, &drive, |_, _| None).await;
                    a.put("mine", "1").await;
                    let report = a.sync().await;
                    assert_eq!((report.pushed, report.requests.list), (1, 0), "{known} {late}");
                    let names: Vec<String> = log(&drive).await.into_iter().map(|(id, _)| id).collect();
                    assert_eq!((names.len() as u64, names.last().unwrap().as_str()), (known + 1, "mine"));
                    let expected = if fenced { 2 } else { 1 };
                    assert_eq!(counted(&puts, "meta.json"), expected, "{known} {late}: the count stays and the commit changes");
                }
            }
        }
    });
}

/// C22: what another client logs and counts between our reading and our writing stays.
#[test]
fn an_entry_that_came_between_is_not_written_over() {
    block_on(async {
        for drive in drives().into_iter().filter(|d| d.capabilities().create) {
            let cases: &[u64] = if drive.capabilities().replace { &[50, 99, 100, 150, 199, 200] } else { &[100, 200] };
            for &known in cases {
                drive.restore(Default::default());
                write_log(&drive, known, fill, &[]).await;
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                let (target, mut once) = (drive.clone(), true);
                let (a, _) = noting(a, &drive, move |op, path| {
                    if op == "put" && path.starts_with("changes/") && std::mem::take(&mut once) {
                        now(push(&target, "theirs", Some(note("theirs", "1")), 2));
                    }
                    None
                })
                .await;
                a.put("mine", "1").await;
                assert_eq!(a.sync().await.pushed, 1);
                let names: Vec<String> = log(&drive).await.into_iter().skip(known as usize).map(|(id, _)| id).collect();
                assert_eq!(names, ["theirs", "mine"], "{known}");
                assert!(a.text("theirs").is_some());
            }
        }
    });
}

/// C14, C23: if what is counted was written over as well, everything is looked at again.
#[test]
fn counted_entries_that_changed_are_not_taken_for_uncounted_ones() {
    block_on(async {
        let drive = drives()[0].clone();
        for known in [50, 150, 230] {
            drive.restore(Default::default());
            write_log(&drive, known, fill, &["u"]).await;
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            let (target, mut once) = (drive.clone(), true);
            let (a, _) = noting(a, &drive, move |op, path| {
                if op == "put" && path == "meta.json" && std::mem::take(&mut once) {
                    let path = format!("changes/{}.json", known / 100);
                    let mut window = now(read(&target, &path)).unwrap();
                    window[(known % 100) as usize - 1] = entry("w");
                    now(write(&target, &path, window));
                    now(write(&target, "docs/w.json", json!({"doc": note("w", "1"), "_rev": 1})));
                }
                None
            })
            .await;
            a.put("mine", "1").await;
            a.sync().await;
            assert!(a.text("w").is_some(), "{known}");
            let names: Vec<String> = log(&drive).await.into_iter().skip(known as usize - 1).map(|(id, _)| id).collect();
            assert_eq!(names, ["w", "mine"]);
        }
    });
}

/// C22, C23: a refusal means read again; a failure does not.
#[test]
fn a_refused_write_of_the_log_is_tried_again_and_a_failed_one_is_not() {
    block_on(async {
        for drive in drives() {
            for nth in [1, 2] {
                for (when, works) in [(When::Refused, true), (When::Before, false)] {
                    drive.restore(Default::default());
                    write_log(&drive, 50, fill, &[]).await;
                    let a = Device::new(&drive, 1).await;
                    a.sync().await;
                    let mut puts = 0;
                    let (a, _) = noting(a, &drive, move |op, path| {
                        let log = op == "put" && path == "changes/0.json";
                        puts += u32::from(log);
                        // The first is refused so that there is a second.
                        if log && nth == 2 && puts == 1 { Some(When::Refused) } else { (log && puts == nth).then_some(when) }
                    })
                    .await;
                    a.put("mine", "1").await;
                    assert_eq!(
                        a.try_sync().await.map_err(|e| e.into_kind()).map(|r| r.pushed),
                        if works { Ok(1) } else { Err(ErrorKind::Unavailable) }
                    );
                    assert_eq!(log(&drive).await.len(), if works { 51 } else { 50 });
                }
            }
        }
    });
}

/// C14, C15: which of the two, at the borders of files.
#[test]
fn a_count_that_went_back_is_an_older_vault_or_a_log_written_over() {
    /// Known, found, whether the last counted entry was changed, and what lies uncounted behind them.
    type Case = (u64, u64, bool, &'static [&'static str]);
    let rollbacks: [Case; 7] = [
        (5, 3, false, &["u"]),
        (5, 0, false, &[]),
        (5, 0, false, &["u"]),
        (150, 99, false, &["u", "u", "u"]),
        (150, 120, false, &[]),
        (150, 100, false, &[]),
        (250, 150, false, &[]),
    ];
    let overwritten: [Case; 5] =
        [(5, 3, true, &[]), (150, 120, true, &[]), (100, 99, true, &[]), (99, 98, true, &[]), (200, 199, true, &[])];
    block_on(async {
        for drive in drives() {
            for (known, found, changed, behind) in rollbacks.into_iter().chain(overwritten) {
                drive.restore(Default::default());
                write_log(&drive, known, fill, &[]).await;
                let a = Device::new(&drive, 1).await;
                a.sync().await;
                let before = drive.contents();
                drive.restore(before.into_iter().filter(|(path, _)| !path.starts_with("changes/")).collect());
                write_log(&drive, found, |n| if changed && n + 1 == found { "w".to_owned() } else { fill(n) }, behind).await;
                let result = a.try_sync().await.map(|report| report.pulled).map_err(|e| e.into_kind());
                let expected = if changed { Ok(1) } else { Err(ErrorKind::Rollback { remembered: known, found }) };
                assert_eq!(result, expected, "from {known} to {found}");
            }
        }
    });
}
