//! The lock while a push runs, at the limits of its times, and on a drive that fails.

use crate::common::{
    Device, drives,
    faulty::{Faulty, When},
    old_client::{read, remove, write},
};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

/// The virtual clock's first moment.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// A drive that needs five minutes for a document.
struct Slow(Arc<Faulty>);

#[apply(port!)]
impl Drive for Slow {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.0.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        if path.as_str().starts_with("docs/") {
            // The clock goes on by the pause between two renewals in about a thousand of these.
            for _ in 0..7500 {
                let mut polled = false;
                futures::future::poll_fn(|cx| {
                    cx.waker().wake_by_ref();
                    if std::mem::replace(&mut polled, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                })
                .await;
            }
        }
        self.0.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.0.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.0.list_dir(dir, cursor).await
    }
}

async fn ready(drive: &Arc<MemoryDrive>) -> Device {
    let device = Device::new(drive, 1).await;
    device.sync().await;
    device.put("x", "1").await;
    device
}

fn at_once() -> SyncOptions {
    SyncOptions { wait: Duration::ZERO, ..SyncOptions::default() }
}

/// C18: renewed while a push runs; a renewal that fails is tried again until the lease would end.
#[test]
fn a_lease_is_kept_through_a_failure_but_not_through_two() {
    block_on(async {
        for drive in drives() {
            // The first write of the lock takes it.
            for (failing, works) in [(&[][..], true), (&[2][..], true), (&[2, 4][..], true), (&[2, 3][..], false), (&[3, 4][..], false)] {
                drive.restore(Default::default());
                let device = ready(&drive).await;
                let puts = Arc::new(AtomicU32::new(0));
                let counter = puts.clone();
                let faulty = Faulty::new(&drive, move |op, path| {
                    let nth = if op == "put" && path == "lock.json" { counter.fetch_add(1, SeqCst) + 1 } else { 0 };
                    failing.contains(&nth).then_some(When::Before)
                });
                let begun = device.runtime.now();
                let device = device.restarted(Arc::new(Slow(faulty))).await;
                let result = device.try_sync().await.map(|r| r.pushed).map_err(|e| e.into_kind());
                assert_eq!(result, if works { Ok(1) } else { Err(ErrorKind::Unavailable) }, "{failing:?}");
                if works {
                    let took = (device.runtime.now() - begun).as_secs();
                    assert!(took >= 200, "{took} s");
                    assert_eq!(u64::from(puts.load(SeqCst)), 1 + took / 40);
                    assert_eq!(read(&drive, "lock.json").await, None);
                }
            }
        }
    });
}

/// C19: exactly as long as told.
#[test]
fn waiting_ends_when_told_and_names_who_is_waited_for() {
    block_on(async {
        for drive in drives() {
            let names = [
                (json!({"owner": "b", "device": "phone"}), Some("phone"), "phone"),
                (json!({"owner": "b"}), Some("b"), "b"),
                (json!({}), None, "a client that does not give its name"),
            ];
            for (mut lock, owner, name) in names {
                drive.restore(Default::default());
                let device = ready(&drive).await;
                lock["expire"] = json!(BEGIN_MS + 60_000);
                write(&drive, "lock.json", lock).await;
                let begun = device.runtime.now();
                let wait = Duration::from_millis(1500);
                let error = device.client.sync(SyncOptions { wait, ..SyncOptions::default() }).await.unwrap_err();
                assert_eq!(device.runtime.now() - begun, wait);
                assert_eq!(error.kind, ErrorKind::Locked { owner: owner.map(str::to_owned), until_ms: BEGIN_MS + 60_000 });
                assert_eq!(error.detail(), format!("the drive is locked by {name}"));
            }
        }
    });
}

/// C19: whose lock was taken over is in the log.
#[test]
fn a_takeover_is_logged_with_a_name() {
    block_on(async {
        for drive in drives() {
            let device = ready(&drive).await;
            write(&drive, "lock.json", json!({"expire": BEGIN_MS - 500_000, "owner": "b", "device": "phone"})).await;
            let lines = Arc::new(Mutex::new(Vec::new()));
            let sink = lines.clone();
            let log = Log::new(move |_, line| sink.lock().unwrap().push(line.to_owned()));
            let options = Options { log, ..crate::common::classic_options(device.runtime.clone()) };
            let Device { notes, state, client, .. } = device;
            drop(client);
            let client = Client::open(notes, state, drive.clone(), options).await.unwrap();
            assert_eq!(client.sync(at_once()).await.unwrap().pushed, 1);
            let lines = lines.lock().unwrap();
            assert!(lines.iter().any(|line| line.contains("the lock of phone")), "{lines:?}");
        }
    });
}

/// C19: two minutes after its end, and not a moment before.
#[test]
fn the_last_moment_of_a_lock() {
    block_on(async {
        for drive in drives() {
            for (past_ms, dead) in [(120_000, false), (120_001, true)] {
                drive.restore(Default::default());
                let device = ready(&drive).await;
                write(&drive, "lock.json", json!({"expire": BEGIN_MS - past_ms})).await;
                assert_eq!(device.client.sync(at_once()).await.is_ok(), dead, "{past_ms}");
            }
        }
    });
}

/// C19: only a lock that stays the same stands still, and only for as long as the clock has really gone on.
#[test]
fn a_lock_that_is_renewed_or_was_seen_in_the_future_is_alive() {
    block_on(async {
        for drive in drives() {
            let device = ready(&drive).await;
            device.later(500);
            for n in 0..4 {
                write(&drive, "lock.json", json!({"expire": BEGIN_MS + 3_600_000 + n, "owner": "b"})).await;
                assert!(device.client.sync(at_once()).await.is_err(), "{n}");
                device.later(131);
            }
            device.runtime.ms.store(0, SeqCst);
            assert!(device.client.sync(at_once()).await.is_err(), "the clock was set back");
            device.runtime.ms.store(129_999, SeqCst);
            assert!(device.client.sync(at_once()).await.is_err());
            device.runtime.ms.store(130_000, SeqCst);
            assert_eq!(device.client.sync(at_once()).await.unwrap().pushed, 1);
        }
    });
}

/// C19a: what could not be released is remembered until it is.
#[test]
fn a_lock_that_could_not_be_released_is_remembered() {
    block_on(async {
        for drive in drives() {
            let device = ready(&drive).await;
            let failing = || Faulty::new(&drive, |op, path| (op == "delete" && path == "lock.json").then_some(When::Before));
            let device = device.restarted(failing()).await;
            assert_eq!(device.sync().await.pushed, 1);
            let device = device.restarted(failing()).await;
            assert_eq!(device.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
            assert!(read(&drive, "lock.json").await.is_some());
            let device = device.restarted(drive.clone()).await;
            device.sync().await;
            assert_eq!(read(&drive, "lock.json").await, None);
        }
    });
}

/// C18, C19a: a refused release is nobody's fault.
#[test]
fn a_refused_release_is_no_error() {
    block_on(async {
        for drive in drives() {
            let device = ready(&drive).await;
            let refusing = || Faulty::new(&drive, |op, path| (op == "delete" && path == "lock.json").then_some(When::Refused));
            let device = device.restarted(refusing()).await;
            assert_eq!(device.sync().await.pushed, 1);
            let owner = device.client.status().await.unwrap().client;
            device.state.write(vec![StateRecord::set("server/lock-held", "")]).await.unwrap();
            write(&drive, "lock.json", json!({"expire": BEGIN_MS, "owner": owner})).await;
            let device = device.restarted(refusing()).await;
            assert_eq!(device.sync().await.pushed, 0);
        }
    });
}

/// C19: a client that was kept out holds nothing; the next sync costs what it always does. A failure is no refusal.
#[test]
fn who_was_kept_out_holds_nothing() {
    block_on(async {
        for drive in drives() {
            let device = ready(&drive).await;
            let plain = device.sync().await.requests;
            device.put("x", "2").await;
            let usual = device.sync().await.requests;
            device.put("x", "3").await;
            write(&drive, "lock.json", json!({"expire": BEGIN_MS + 60_000})).await;
            assert!(device.client.sync(at_once()).await.is_err());
            remove(&drive, "lock.json").await;
            assert_eq!(device.sync().await.requests, usual);
            assert!(plain.total() >= usual.total());
            device.put("x", "4").await;
            let mut first = true;
            let faulty = Faulty::new(&drive, move |op, path| {
                (op == "put" && path == "lock.json" && std::mem::take(&mut first)).then_some(When::Before)
            });
            let device = device.restarted(faulty).await;
            assert_eq!(device.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
        }
    });
}
