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

/// A drive at whose first write somebody saves another document.
struct Meanwhile {
    drive: Arc<MemoryDrive>,
    saver: Mutex<Option<(Client, Change)>>,
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
        let saver = self.saver.lock().unwrap().take();
        if let Some((client, change)) = saver {
            client.queue_change(change).await?;
        }
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
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
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let meanwhile = Arc::new(Meanwhile { drive, saver: Mutex::default() });
            let (notes, state, runtime) = Default::default();
            let a = Device::open_as(notes, state, meanwhile.clone(), runtime, layout()).await;
            a.put("x", "1").await;
            a.notes.0.lock().unwrap().insert(id("late"), (Revision::new("r"), json("1")));
            let late = Change { id: id("late"), revision: Revision::new("r"), action: Action::Put };
            a.sync().await;
            a.put("x", "2").await;
            a.notes.0.lock().unwrap().insert(id("late"), (Revision::new("r2"), json("2")));
            *meanwhile.saver.lock().unwrap() = Some((a.client.clone(), late));
            let (first, second) = (a.sync().await, a.sync().await);
            // Some layouts push it in the same sync.
            assert_eq!(first.next_sync_after, (second.pushed > 0).then_some(Duration::ZERO));
            assert_eq!((first.pushed + second.pushed, second.next_sync_after), (2, None));
        }
    });
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
