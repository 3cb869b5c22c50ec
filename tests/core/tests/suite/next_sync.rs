//! When a report says that another sync is worth it.

use crate::common::{
    Device,
    faulty::{Faulty, When},
    id, in_both_layouts, json,
};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A drive at one of whose writes somebody saves another document.
struct Meanwhile {
    drive: Arc<MemoryDrive>,
    /// How many writes come before that one.
    saver: Mutex<Option<(u32, Client, Change)>>,
}

impl Meanwhile {
    async fn written(&self) -> Result<()> {
        let due = match &mut *self.saver.lock().unwrap() {
            Some((0, client, change)) => Some((client.clone(), change.clone())),
            Some((left, ..)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        let Some((client, change)) = due else { return Ok(()) };
        self.saver.lock().unwrap().take();
        client.queue_change(change).await
    }
}

#[apply(port!)]
impl Drive for Meanwhile {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.written().await?;
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.written().await?;
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }
}

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

#[test]
fn at_once_after_a_deadline_and_never_when_nothing_is_pending() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let a = Device::of(&drive, 1, layout).await;
            a.put("x", "1").await;
            let no_time = SyncOptions { deadline: Some(Duration::ZERO), ..SyncOptions::default() };
            assert_eq!(a.sync_as(no_time).await.unwrap().next_sync_after, AT_ONCE);
            assert_eq!(a.sync().await.next_sync_after, None);
            assert_eq!(a.sync().await.next_sync_after, None);
        }
    });
}

#[test]
fn at_once_after_a_change_that_came_meanwhile() {
    let mut left = 0;
    for writes in 0..8 {
        for (drive, layout) in in_both_layouts() {
            left += u32::from(block_on(is_left(drive, layout(), writes)));
        }
    }
    assert!(left > 0, "every change was pushed by the sync that it came into");
}

/// Whether a change that came after so many writes of a sync was left for the next one. The report must say the same.
async fn is_left(drive: Arc<MemoryDrive>, layout: Layout, writes: u32) -> bool {
    let meanwhile = Arc::new(Meanwhile { drive, saver: Mutex::default() });
    let (notes, state, runtime) = Default::default();
    let a = Device::open_as(notes, state, meanwhile.clone(), runtime, layout).await;
    a.put("x", "1").await;
    a.sync().await;
    a.put("x", "2").await;
    a.notes.0.lock().unwrap().insert(id("late"), (Revision::new("r"), json("1")));
    let late = Change { id: id("late"), revision: Revision::new("r"), action: Action::Put };
    *meanwhile.saver.lock().unwrap() = Some((writes, a.client.clone(), late));
    let (first, second) = (a.sync().await, a.sync().await);
    let is_left = second.pushed > 0 && meanwhile.saver.lock().unwrap().is_none() && first.pushed == 1;
    if is_left {
        assert_eq!((first.next_sync_after, second.next_sync_after), (AT_ONCE, None));
    }
    is_left
}

#[test]
fn never_for_what_waits_for_somebody() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let a = Device::of(&drive, 1, layout).await;
            a.sync().await;
            // It is queued as written, and there is no such document.
            a.client.queue_change(Change { id: id("x"), revision: Revision::new("r"), action: Action::Put }).await.unwrap();
            for _ in 0..2 {
                let report = a.sync().await;
                assert_eq!((report.skipped.len(), report.next_sync_after), (1, None));
            }
        }
    });
}

#[test]
fn after_the_wait_of_a_drive_that_could_not_be_put_in_order() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let faulty = Faulty::new(&drive, |op, path| (op == "put" && path.starts_with("c/")).then_some(When::Before));
        let (notes, state, runtime) = Default::default();
        let a = Device::open_as(notes, state, faulty, runtime, Layout::Journal(JournalOptions::default())).await;
        let mut next = None;
        for n in 0..2000 {
            a.put("x", &n.to_string()).await;
            next = a.sync().await.next_sync_after;
            if next.is_some() {
                break;
            }
        }
        assert_eq!(next, Some(Duration::from_secs(10)));
    });
}
