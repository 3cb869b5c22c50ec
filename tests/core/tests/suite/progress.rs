//! What a host can show of a running sync: progress, log lines, and the status afterwards.

use crate::common::{
    Device,
    faulty::{Faulty, When},
};
use futures::executor::block_on;
use kitestring::*;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

type Steps = Vec<(Phase, u64, Option<u64>)>;

async fn watched(client: &Client, options: SyncOptions) -> Steps {
    let steps: Arc<Mutex<Steps>> = Arc::default();
    let seen = steps.clone();
    let progress = ProgressSink::new(move |p: Progress| seen.lock().unwrap().push((p.phase, p.done, p.total)));
    client.sync(SyncOptions { progress, ..options }).await.unwrap();
    let steps = steps.lock().unwrap();
    // A log may have an empty page; documents are never done without being counted.
    assert!(steps.windows(2).all(|w| w[0] != w[1] || w[0].0 == Phase::Read), "a step that says nothing new: {steps:?}");
    steps.clone()
}

#[test]
fn each_phase_counts_its_documents_to_the_end() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (a, b) = (Device::new(&drive, 1).await, Device::new(&drive, 2).await);
        for n in 0..300 {
            a.put(&format!("{n}"), "1").await;
        }
        let steps = watched(&a.client, SyncOptions::default()).await;
        let none = Vec::<(u64, Option<u64>)>::new();
        let of = |steps: &Steps, phase| steps.iter().filter(|s| s.0 == phase).map(|s| (s.1, s.2)).collect::<Vec<_>>();
        assert_eq!(of(&steps, Phase::Scan), [(0, None), (300, None)], "nothing is known of a first comparison");
        assert_eq!(of(&steps, Phase::Push), [(0, Some(300)), (256, Some(300)), (300, Some(300))]);
        assert_eq!(of(&steps, Phase::Pull), none);
        let steps = watched(&b.client, SyncOptions::default()).await;
        assert_eq!(of(&steps, Phase::Read).last(), Some(&(300, None)));
        assert_eq!(of(&steps, Phase::Pull), [(0, Some(300)), (128, Some(300)), (300, Some(300))]);
        a.delete("1").await;
        a.sync().await;
        let steps = watched(&b.client, SyncOptions { reconcile: true, ..SyncOptions::default() }).await;
        assert_eq!(of(&steps, Phase::Scan), [(0, Some(300)), (300, Some(300))]);
        assert_eq!(of(&steps, Phase::Pull), [(0, Some(1)), (1, Some(1))]);
        assert_eq!(of(&steps, Phase::Push), none);
    });
}

#[test]
fn a_pull_that_goes_on_while_records_are_read_counts_on() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
        let mut n = 1_u64;
        for name in 0..40 {
            let mut noise = || {
                n = n.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                format!("{n:016x}")
            };
            a.put(&format!("{name}"), &(0..1 << 16).map(|_| noise()).collect::<String>()).await;
            a.sync().await;
        }
        let steps = watched(&b.client, SyncOptions::default()).await;
        let pulled: Vec<_> = steps.iter().skip_while(|step| step.0 != Phase::Pull).copied().collect();
        assert!(pulled.len() > 3, "it was to be more than one window: {steps:?}");
        assert!(pulled.iter().all(|step| step.0 == Phase::Pull && step.2.is_none()), "{steps:?}");
        assert!(pulled.is_sorted_by_key(|step| step.1) && pulled.last().unwrap().1 == 40, "{steps:?}");
    });
}

#[test]
fn what_was_left_undone_is_logged_as_a_warning() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        let faulty = Faulty::new(&drive, |op, path| (op == "delete" && path.contains("lock")).then_some(When::Before));
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = lines.clone();
        let log = Log::new(move |level, line: &str| {
            if level == Level::Warn {
                seen.lock().unwrap().push(line.to_owned());
            }
        });
        let options = Options { log, device: Some("Anna's phone".to_owned()), ..crate::common::classic_options(a.runtime.clone()) };
        assert!(format!("{options:?}").contains("Anna's phone"));
        let client = Client::open(a.notes.clone(), a.state.clone(), faulty, options).await.unwrap();
        assert!(format!("{client:?}").contains(&client.status().await.unwrap().client));
        a.put("x", "1").await;
        assert_eq!(client.sync(SyncOptions::default()).await.unwrap().pushed, 1);
        assert!(lines.lock().unwrap().iter().any(|l| l.contains("lock could not be released")), "{lines:?}");
    });
}

#[test]
fn only_a_complete_sync_counts_as_the_last() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        a.put("x", "1").await;
        let last = async |device: &Device| device.client.status().await.unwrap().last_sync_ms;
        a.client.sync(SyncOptions { dry_run: true, ..SyncOptions::default() }).await.unwrap();
        assert_eq!(last(&a).await, None);
        let faulty = Faulty::new(&drive, |op, path| (op == "put" && path.starts_with("docs/")).then_some(When::Before));
        let a = a.restarted(faulty).await;
        a.try_sync().await.unwrap_err();
        assert_eq!(last(&a).await, None);
        let a = a.restarted(drive).await;
        a.later(120);
        a.sync().await;
        let done = last(&a).await.unwrap();
        assert!(done >= 1_700_000_120_000, "{done}");
        a.later(60);
        a.client.sync(SyncOptions { deadline: Some(Duration::ZERO), ..SyncOptions::default() }).await.unwrap();
        a.client.sync(SyncOptions { dry_run: true, ..SyncOptions::default() }).await.unwrap();
        assert!(last(&a).await >= Some(done));
        a.put("y", "1").await;
        let before = last(&a).await;
        a.later(60);
        let stopped = a.client.sync(SyncOptions { deadline: Some(Duration::ZERO), ..SyncOptions::default() }).await.unwrap();
        assert_eq!((stopped.stopped, stopped.pushed), (Some(Stopped::Deadline), 0));
        assert_eq!(last(&a).await, before);
    });
}

#[test]
fn an_error_of_the_drive_is_no_lock_to_wait_for() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        a.sync().await;
        a.put("x", "1").await;
        let mut once = false;
        let faulty = Faulty::new(&drive, move |op, path| {
            (op == "put" && path.contains("lock") && !std::mem::replace(&mut once, true)).then_some(When::Before)
        });
        let a = a.restarted(faulty).await;
        assert_eq!(a.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(a.sync().await.pushed, 1);
    });
}
