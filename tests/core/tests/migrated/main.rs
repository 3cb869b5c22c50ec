//! A vault goes from the classic layout to the journal layout, and its devices follow: nothing is lost, and it is never live in
//! both places.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod beside;
mod follow;
mod sealed;

use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use kitestring_tests::{
    faulty::{Faulty, When},
    old_client, *,
};
use serde_json as value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

const THERE: &str = "webdav+https://cloud.example/notes/kitestring";

fn options() -> MigrateOptions {
    MigrateOptions { address: THERE.to_owned(), ..MigrateOptions::default() }
}

fn empty_like(drive: &MemoryDrive) -> Arc<MemoryDrive> {
    Arc::new(MemoryDrive::with(drive.capabilities()))
}

fn names(device: &Device) -> Vec<String> {
    device.docs().into_keys().map(|id| id.as_str().to_owned()).collect()
}

fn is_moved(error: &Error) -> bool {
    matches!(&error.kind, ErrorKind::Moved { to } if to.as_deref() == Some(THERE))
}

/// What somebody may be told who comes in the midst.
fn is_told(error: &Error) -> bool {
    is_moved(error) || matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Locked { .. })
}

/// Host and state of a device, to begin with again and again.
struct Kept(BTreeMap<DocId, (Revision, Vec<u8>)>, MemoryState);

impl Kept {
    fn of(device: &Device) -> Self {
        Self(device.notes.0.lock().unwrap().clone(), device.state.snapshot())
    }

    async fn device(&self, seed: u64, drive: Arc<dyn Drive>) -> Device {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed), ..TestRuntime::default() });
        Device::open(Arc::new(Notes(Mutex::new(self.0.clone()))), Arc::new(self.1.snapshot()), drive, runtime).await
    }

    /// The same in the journal layout.
    async fn journal(&self, seed: u64, drive: Arc<dyn Drive>) -> Device {
        let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed), ..TestRuntime::default() });
        let (notes, state) = (Arc::new(Notes(Mutex::new(self.0.clone()))), Arc::new(self.1.snapshot()));
        Device::open_as(notes, state, drive, runtime, Layout::default()).await
    }
}

/// The device as its host opens it in the other place.
async fn arrived(device: Device, drive: Arc<dyn Drive>) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    Device::open_as(notes, state, drive, runtime, Layout::default()).await
}

/// Two devices of a classic vault. What the second has not seen yet: an edit, a deletion.
async fn two(drive: &Arc<MemoryDrive>) -> (Device, Device) {
    let (a, b) = (Device::new(drive, 1).await, Device::new(drive, 2).await);
    for name in ["edited", "deleted", "same", "b's"] {
        a.put(name, name).await;
    }
    a.sync().await;
    b.sync().await;
    a.put("edited", "by a").await;
    a.delete("deleted").await;
    a.sync().await;
    (a, b)
}

#[test]
fn a_vault_migrates_and_its_devices_follow_with_all_that_waits() {
    block_on(async {
        for from in drives() {
            let to = empty_like(&from);
            let (a, b) = two(&from).await;
            b.put("b's", "unsent").await;
            b.put("new of b", "unsent").await;
            a.put("new of a", "unsent").await;
            let migrated = a.client.migrate(to.clone(), options()).await.unwrap();
            assert_eq!(migrated.documents, 4);

            let old = from.contents();
            let newcomer = Device::new(&from, 3).await;
            newcomer.put("new of c", "unsent").await;
            for device in [&a, &b, &newcomer] {
                let error = device.try_sync().await.unwrap_err();
                assert!(is_moved(&error) && error.retry == Retry::Never, "{error:?}");
            }
            // An edit in the other place before anybody has followed.
            let a = arrived(a, to.clone()).await;
            assert_eq!(a.sync().await.pushed, 0);
            a.put("same", "later").await;
            a.sync().await;

            for device in [&b, &newcomer] {
                device.client.follow(to.clone()).await.unwrap();
            }
            assert_eq!(from.contents(), old);
            assert!(b.text("edited").unwrap().contains("by a") && b.text("deleted").is_none());
            let (b, newcomer) = (arrived(b, to.clone()).await, arrived(newcomer, to.clone()).await);
            let asked: Vec<_> = b.sync().await.conflicts.into_iter().map(|c| c.id.as_str().to_owned()).collect();
            // What both sides changed, and what was changed there before it was met: nothing is taken without asking.
            assert_eq!(asked, ["b's", "same"]);
            for conflict in b.client.conflicts().await.unwrap() {
                let keep = if conflict.id.as_str() == "same" { Resolution::TakeRemote } else { Resolution::KeepLocal };
                b.client.resolve(conflict, keep).await.unwrap();
            }
            b.sync().await;
            for device in [&b, &newcomer, &a, &b] {
                let report = device.sync().await;
                assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{report:?}");
            }
            assert_eq!(names(&a), ["b's", "edited", "new of a", "new of b", "new of c", "same"]);
            assert!(a.docs() == b.docs() && a.docs() == newcomer.docs());
            assert!(a.text("b's").unwrap().contains("unsent") && a.text("same").unwrap().contains("later"));
        }
    });
}

/// Decides about a call of a drive.
type Rule = Box<dyn FnMut(&str, &str) -> Option<When> + Send>;

/// A call of either drive after which, or before which, the process is gone.
fn killed_at(step: u64, after: bool) -> impl Fn() -> Rule {
    let asked = Arc::new(AtomicU64::new(0));
    move || {
        let asked = asked.clone();
        Box::new(move |_, _| {
            let now = asked.fetch_add(1, SeqCst);
            (now >= step).then_some(if after && now == step { When::After } else { When::Before })
        })
    }
}

/// Killed at each request to either drive. Meanwhile the other device edits and syncs, if it can. Then one of the two goes on.
#[test]
fn a_migration_that_is_killed_goes_on_from_any_device() {
    block_on(async {
        for from in drives() {
            let (a, b) = two(&from).await;
            b.sync().await;
            a.put("new of a", "unsent").await;
            let (start, kept_a, kept_b) = (from.contents(), Kept::of(&a), Kept::of(&b));
            let mut killed = 0;
            for (step, after) in (0..).flat_map(|step| [(step, false), (step, true)]) {
                let case = format!("{:?}, step {step}, after {after}", from.capabilities());
                let to = empty_like(&from);
                from.restore(start.clone());
                let rule = killed_at(step, after);
                let mover = kept_a.device(5000 + step, Faulty::new(&from, rule())).await;
                if mover.client.migrate(Faulty::new(&to, rule()), options()).await.is_ok() {
                    break;
                }
                killed += 1;
                let mover = Kept::of(&mover);
                let (a, b) = (mover.device(7000 + step, from.clone()).await, kept_b.device(9000 + step, from.clone()).await);
                b.put("new of b", "meanwhile").await;
                let synced = b.try_sync().await;
                assert!(synced.as_ref().err().is_none_or(is_told), "{case}: {synced:?}");
                // A lock that the killed one has left is dead by then.
                a.later(600);
                b.later(600);
                let (first, second) = if step % 2 == 0 { (&a, &b) } else { (&b, &a) };
                first.client.migrate(to.clone(), options()).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                assert!(is_moved(&second.try_sync().await.unwrap_err()), "{case}");
                second.client.follow(to.clone()).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                let (a, b) = (arrived(a, to.clone()).await, arrived(b, to.clone()).await);
                for device in [&a, &b, &a, &b] {
                    let report = device.sync().await;
                    assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{case}: {report:?}");
                }
                assert_eq!(names(&a), ["b's", "edited", "new of a", "new of b", "same"], "{case}");
                assert_eq!(a.docs(), b.docs(), "{case}");
            }
            assert!(killed > 20, "{killed}");
        }
    });
}

/// Who writes in the midst.
enum Writer {
    Ours(Box<Device>),
    /// An old client that has read everything and taken the lock before, and now writes without asking.
    Old,
}

/// A drive on which somebody writes before one of the requests.
struct Between {
    drive: Arc<MemoryDrive>,
    old: Arc<MemoryDrive>,
    at: u64,
    asked: Arc<AtomicU64>,
    writer: Arc<Writer>,
}

impl Between {
    async fn step(&self) {
        if self.asked.fetch_add(1, SeqCst) != self.at {
            return;
        }
        match &*self.writer {
            Writer::Ours(device) => {
                device.put("meanwhile", "new").await;
                let synced = device.try_sync().await;
                assert!(synced.as_ref().err().is_none_or(is_told), "step {}: {synced:?}", self.at);
            }
            Writer::Old => {
                let changes = old_client::read(&self.old, "changes/0.json").await.unwrap();
                let mut entries = changes.as_array().unwrap().clone();
                entries.push(value::json!({"_id": "meanwhile", "_rev": 1, "action": "put"}));
                let count = entries.len();
                old_client::write(&self.old, "docs/meanwhile.json", value::json!({"doc": {"_id": "meanwhile"}, "_rev": 1})).await;
                old_client::write(&self.old, "changes/0.json", entries.into()).await;
                let meta = old_client::read_bytes(&self.old, "kitestring.json").await;
                let vault =
                    meta.and_then(|bytes| serde_json::from_slice::<value::Value>(&bytes).ok()).map(|marker| marker["vault"].clone());
                old_client::write(&self.old, "meta.json", value::json!({"lastChange": count, "vault": vault})).await;
                // Whoever's it is.
                old_client::remove(&self.old, "lock.json").await;
            }
        }
    }
}

#[apply(port!)]
impl Drive for Between {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.step().await;
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.step().await;
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.step().await;
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.step().await;
        self.drive.list_dir(dir, cursor).await
    }
}

/// Runs a migration with a writer before each of its requests in turn.
async fn with_a_writer(from: &Arc<MemoryDrive>, ours: bool, after: impl AsyncFn(u64, Device, Arc<Writer>, Arc<MemoryDrive>)) {
    let (a, b) = two(from).await;
    b.sync().await;
    let (start, kept_a, kept_b) = (from.contents(), Kept::of(&a), Kept::of(&b));
    for step in 0.. {
        let to = empty_like(from);
        from.restore(start.clone());
        let writer = if ours { Writer::Ours(Box::new(kept_b.device(9000 + step, from.clone()).await)) } else { Writer::Old };
        let (writer, asked) = (Arc::new(writer), Arc::new(AtomicU64::new(0)));
        let between = |drive: &Arc<MemoryDrive>| {
            let (drive, old, asked, writer) = (drive.clone(), from.clone(), asked.clone(), writer.clone());
            Arc::new(Between { drive, old, at: step, asked, writer })
        };
        let a = kept_a.device(5000 + step, between(from)).await;
        a.client.migrate(between(&to), options()).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
        if asked.load(SeqCst) <= step {
            assert!(step > 15, "{step}");
            return;
        }
        after(step, a, writer, to).await;
    }
}

#[test]
fn what_a_device_of_ours_does_in_the_midst_is_not_lost() {
    block_on(async {
        for from in drives() {
            with_a_writer(&from, true, async |step, a, writer, to| {
                let Writer::Ours(b) = &*writer else { return };
                b.client.follow(to.clone()).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
                let b = Kept::of(b).device(100, from.clone()).await;
                let (a, b) = (arrived(a, to.clone()).await, arrived(b, to.clone()).await);
                for device in [&a, &b, &a] {
                    let report = device.sync().await;
                    assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "step {step}: {report:?}");
                }
                assert_eq!(names(&a), ["b's", "edited", "meanwhile", "same"], "step {step}");
                assert_eq!(a.docs(), b.docs(), "step {step}");
            })
            .await;
        }
    });
}

/// It writes without conditions. What it wrote last of all is not lost either: whoever migrates once more brings it along. Where the
/// drive has no condition for replacing, a count that falls between the last look and the closing is written over.
#[test]
fn what_an_old_client_writes_in_the_midst_is_brought_along() {
    block_on(async {
        for from in drives().into_iter().filter(|drive| drive.capabilities().replace) {
            let (_, b) = two(&from).await;
            b.sync().await;
            let b = Kept::of(&b);
            with_a_writer(&from, false, async |step, a, _, to| {
                // Nobody of ours goes on in the old place, not even if it is open again.
                let closed = from.contents();
                for device in [b.device(300, from.clone()).await, Device::new(&from, 301).await] {
                    device.put("not here", "from one that was away").await;
                    device.later(600);
                    let told = device.try_sync().await.map(|_| ()).unwrap_err();
                    assert!(is_moved(&told) || told.kind == ErrorKind::Unavailable, "step {step}: {told:?}");
                    assert_eq!(from.contents().keys().collect::<Vec<_>>(), closed.keys().collect::<Vec<_>>(), "step {step}");
                }
                let a = Kept::of(&a).device(100, from.clone()).await;
                if !a.try_sync().await.as_ref().is_err_and(is_moved) {
                    a.client.migrate(to.clone(), options()).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
                }
                assert!(is_moved(&a.try_sync().await.unwrap_err()), "step {step}");
                let a = arrived(a, to.clone()).await;
                let report = a.sync().await;
                assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "step {step}: {report:?}");
                let fresh = Device::journal(&to, 88).await;
                fresh.sync().await;
                assert_eq!(names(&fresh), ["b's", "edited", "meanwhile", "same"], "step {step}");
            })
            .await;
        }
    });
}

#[test]
fn what_stands_in_the_way_is_said_before_anything_is_closed() {
    block_on(async {
        let from = Arc::new(MemoryDrive::new());
        let nothing = Device::new(&from, 9).await;
        let to = Arc::new(MemoryDrive::new());
        assert_eq!(nothing.client.migrate(to.clone(), options()).await.unwrap_err().kind, ErrorKind::NotFound);
        let (a, b) = two(&from).await;
        b.put("edited", "by b").await;
        b.sync().await;
        let before = from.contents();
        assert_eq!(b.client.migrate(to.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let full = Arc::new(MemoryDrive::new());
        old_client::write_bytes(&full, "holiday.jpg", b"x").await;
        assert_eq!(a.client.migrate(full, options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        assert_eq!(a.client.migrate(from.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let signed = MigrateOptions { address: "webdav+https://ann:canary@host/".into(), ..options() };
        assert_eq!(a.client.migrate(to.clone(), signed).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let journal = Device::journal(&to, 8).await;
        assert_eq!(journal.client.migrate(to.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        assert_eq!(a.client.follow(to.clone()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        assert_eq!((from.contents(), to.contents().len()), (before, 0));

        a.client.migrate(to.clone(), options()).await.unwrap();
        // Nobody follows to where the vault is not, and nobody migrates it elsewhere.
        let other = Arc::new(MemoryDrive::new());
        assert_eq!(b.client.follow(other.clone()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let stranger = Device::journal(&other, 50).await;
        stranger.put("other", "other").await;
        stranger.sync().await;
        assert_eq!(b.client.follow(other).await.unwrap_err().kind, ErrorKind::VaultChanged);
        let elsewhere = MigrateOptions { address: "elsewhere".into(), ..options() };
        assert!(is_moved(&b.client.migrate(Arc::new(MemoryDrive::new()), elsewhere).await.unwrap_err()));
    });
}
