//! A vault moves to another drive, and its devices follow it: whole in one of the two places, and never live in both.

use crate::common::{faulty::*, *};
use futures::{executor::block_on, lock::Mutex};
use kitestring::{drive::Condition, *};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

const THERE: &str = "dropbox:/notes";

fn options() -> MoveOptions {
    MoveOptions { address: THERE.to_owned(), ..MoveOptions::default() }
}

/// The names of the documents that are not the same on both.
fn differing(a: &Device, b: &Device) -> Vec<String> {
    let (a, b) = (a.docs(), b.docs());
    let names: std::collections::BTreeSet<&DocId> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|id| a.get(*id) != b.get(*id)).map(|id| id.as_str().to_owned()).collect()
}

fn path(path: &str) -> DrivePath {
    DrivePath::new(path).unwrap()
}

/// Every kind of drive, open and sealed.
fn worlds() -> impl Iterator<Item = (Arc<MemoryDrive>, bool)> {
    [false, true].into_iter().flat_map(|sealed| drives().map(|drive| (drive, sealed)))
}

async fn device(drive: &Arc<MemoryDrive>, seed: u64, sealed: bool) -> Device {
    if sealed { Device::sealed(drive, seed, key(1)).await } else { Device::journal(drive, seed).await }
}

fn empty_like(drive: &MemoryDrive) -> Arc<MemoryDrive> {
    Arc::new(MemoryDrive::with(drive.capabilities()))
}

/// Two devices of one vault that has a bit of everything.
async fn two(drive: &Arc<MemoryDrive>, sealed: bool) -> (Device, Device) {
    let (a, b) = (device(drive, 1, sealed).await, device(drive, 2, sealed).await);
    for n in 0..3 {
        a.put(&format!("note {n}"), &format!("content {n}")).await;
        a.sync().await;
    }
    a.delete("note 0").await;
    a.sync().await;
    b.sync().await;
    (a, b)
}

/// The same with a document in parts.
async fn two_with_parts(drive: &Arc<MemoryDrive>, sealed: bool) -> (Device, Device) {
    let (a, b) = two(drive, sealed).await;
    a.put("large", &"large ".repeat(700_000)).await;
    a.sync().await;
    b.sync().await;
    (a, b)
}

/// The device again after its process died, on this drive.
async fn again(device: &Device, drive: Arc<dyn Drive>, sealed: bool) -> Device {
    let runtime = device.runtime.clone();
    let encryption = sealed.then(|| key(1));
    let options = Options { encryption, ..Options::new(runtime.clone()) };
    Device::unwatched(device.notes.clone(), device.state.clone(), drive, runtime, options).await
}

/// Asks what the error says of the place to which the vault has gone.
fn moved_to(error: &Error) -> Option<&str> {
    match &error.kind {
        ErrorKind::Moved { to } => to.as_deref(),
        // No address is spelled so.
        _ => Some(error.detail()),
    }
}

#[test]
fn a_vault_moves_and_its_devices_follow_with_all_that_waits() {
    block_on(async {
        for (from, sealed) in worlds() {
            let to = empty_like(&from);
            let (a, b) = two_with_parts(&from, sealed).await;
            // What waits: an edit here and there, and a conflict.
            b.put("note 1", "from b").await;
            a.put("note 1", "from a").await;
            a.sync().await;
            b.sync().await;
            assert_eq!(b.client.conflicts().await.unwrap().len(), 1);
            b.put("only b", "unsent").await;
            a.put("only a", "unsent").await;

            let moved = a.client.move_to(to.clone(), options()).await.unwrap();
            assert!(moved.files > 4 && moved.resumed == 0, "{moved:?}");
            assert_eq!(a.text("only a"), Some(String::from_utf8(json("unsent")).unwrap()));
            a.put("later", "from a").await;
            a.sync().await;

            // Whoever comes to the old place is told, and writes nothing there.
            let old = from.contents();
            let error = b.try_sync().await.unwrap_err();
            assert_eq!((moved_to(&error), error.retry), (Some(THERE), Retry::Never));
            let newcomer = device(&from, 3, sealed).await;
            assert_eq!(moved_to(&newcomer.try_sync().await.unwrap_err()), Some(THERE));
            newcomer.put("mine", "mine").await;
            assert_eq!(moved_to(&newcomer.try_sync().await.unwrap_err()), Some(THERE));
            assert_eq!(from.contents(), old);

            for device in [&b, &newcomer] {
                device.client.follow(to.clone()).await.unwrap();
                device.sync().await;
            }
            assert_eq!(b.client.conflicts().await.unwrap().len(), 1);
            let conflict = b.client.conflicts().await.unwrap().remove(0);
            b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
            b.sync().await;
            for device in [&newcomer, &a] {
                device.sync().await;
                assert_eq!(differing(device, &b), [""; 0]);
            }
            assert_eq!(a.docs().len(), 7, "{:?}", a.docs().keys());
            let fresh = device(&to, 9, sealed).await;
            assert!(fresh.sync().await.skipped.is_empty());
            assert_eq!(differing(&fresh, &a), [""; 0]);
            // The same clients opened again, on the new drive.
            let reopened = again(&b, to.clone(), sealed).await;
            let report = reopened.sync().await;
            assert_eq!((report.pushed, report.pulled, report.conflicts.len()), (0, 0, 0));
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

/// Whether somebody new can make this place its vault, and everything that it gets then.
async fn joins(drive: &Arc<MemoryDrive>, sealed: bool) -> Option<usize> {
    let copy = empty_like(drive);
    copy.restore(drive.contents());
    if drive.contents().is_empty() {
        return None;
    }
    let fresh = device(&copy, 77, sealed).await;
    fresh.put("probe", "probe").await;
    fresh.try_sync().await.ok().map(|_| fresh.docs().len() - 1)
}

/// Killed at each request to either drive, before it or after it. Meanwhile the other device edits and syncs, wherever it can.
/// Then the move goes on, now and then from that other device, and nothing is lost.
#[test]
fn a_move_that_is_killed_is_never_live_in_both_places_and_goes_on() {
    block_on(async {
        for (from, sealed) in worlds() {
            let (a, b) = two(&from, sealed).await;
            a.put("only a", "unsent").await;
            let start = (from.contents(), a.state.snapshot(), b.state.snapshot());
            let (notes_a, notes_b) = (a.notes.0.lock().unwrap().clone(), b.notes.0.lock().unwrap().clone());
            let mut killed = 0;
            for (step, after) in (0..).flat_map(|step| [(step, false), (step, true)]) {
                let to = empty_like(&from);
                from.restore(start.0.clone());
                let host = |notes: &std::collections::BTreeMap<_, _>| Arc::new(Notes(std::sync::Mutex::new(notes.clone())));
                let runtime = |seed: u64| Arc::new(TestRuntime { seed: AtomicU64::new(seed), ..TestRuntime::default() });
                let of = |notes: Arc<Notes>, state: Arc<MemoryState>, seed: u64, drive: Arc<dyn Drive>| async move {
                    let runtime = runtime(seed);
                    let encryption = sealed.then(|| key(1));
                    let options = Options { encryption, ..Options::new(runtime.clone()) };
                    Device::unwatched(notes, state, drive, runtime, options).await
                };
                let (state_a, state_b) = (Arc::new(start.1.snapshot()), Arc::new(start.2.snapshot()));
                let (notes_a, notes_b) = (host(&notes_a), host(&notes_b));
                let rule = killed_at(step, after);
                let mover = of(notes_a.clone(), state_a.clone(), 5000 + step, Faulty::new(&from, rule())).await;
                if mover.client.move_to(Faulty::new(&to, rule()), options()).await.is_ok() {
                    break;
                }
                killed += 1;
                drop(mover);
                let live = (joins(&from, sealed).await, joins(&to, sealed).await);
                assert!(live.0.is_none() || live.1.is_none(), "step {step}, {after}: {live:?}");
                assert!(live.1.is_none_or(|docs| docs == 3), "step {step}, {after}: {live:?}");

                let b = of(notes_b.clone(), state_b.clone(), 9000 + step, from.clone()).await;
                b.put("only b", "meanwhile").await;
                let synced = b.try_sync().await;
                let told = |e: &Error| matches!(e.kind, ErrorKind::Unavailable | ErrorKind::Moved { .. });
                assert!(synced.as_ref().err().is_none_or(told), "step {step}, {after}: {synced:?}");

                let a = of(notes_a, state_a, 7000 + step, from.clone()).await;
                let (first, second) = if step % 2 == 0 { (&a, &b) } else { (&b, &a) };
                first.client.move_to(to.clone(), options()).await.unwrap_or_else(|e| panic!("step {step}, {after}: {e:?}"));
                second.client.follow(to.clone()).await.unwrap_or_else(|e| panic!("step {step}, {after}: {e:?}"));
                for device in [&a, &b, &a, &b] {
                    let report = device.sync().await;
                    assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "step {step}, {after}: {report:?}");
                }
                let names: Vec<String> = a.docs().into_keys().map(|id| id.as_str().to_owned()).collect();
                assert_eq!(names, ["note 1", "note 2", "only a", "only b"], "step {step}, {after}");
                assert_eq!(differing(&a, &b), [""; 0]);
                let fresh = device(&to, 88, sealed).await;
                assert!(fresh.sync().await.skipped.is_empty());
                assert_eq!(differing(&fresh, &a), [""; 0], "step {step}, {after}");
                assert!(joins(&from, sealed).await.is_none());
            }
            assert!(killed > 30, "{killed}");
        }
    });
}

/// Between any two requests of a move another device edits, syncs, and puts the drive in order.
#[test]
fn nothing_is_lost_that_others_push_in_the_midst() {
    block_on(async {
        for (from, sealed) in worlds() {
            let (a, b) = two(&from, sealed).await;
            let start = (from.contents(), a.state.snapshot(), b.state.snapshot());
            let (notes_a, notes_b) = (a.notes.0.lock().unwrap().clone(), b.notes.0.lock().unwrap().clone());
            for step in 0.. {
                let to = empty_like(&from);
                from.restore(start.0.clone());
                let of = |notes: &std::collections::BTreeMap<_, _>, state: &MemoryState, seed: u64, drive: Arc<dyn Drive>| {
                    let (notes, state) = (Arc::new(Notes(std::sync::Mutex::new(notes.clone()))), Arc::new(state.snapshot()));
                    let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed), ..TestRuntime::default() });
                    let encryption = sealed.then(|| key(1));
                    let options = Options { encryption, ..Options::new(runtime.clone()) };
                    Device::unwatched(notes, state, drive, runtime, options)
                };
                let b = Arc::new(of(&notes_b, &start.2, 9000 + step, from.clone()).await);
                let asked = Arc::new(AtomicU64::new(0));
                let between = |drive: &Arc<MemoryDrive>| {
                    let (drive, asked, b) = (drive.clone(), asked.clone(), b.clone());
                    Arc::new(Between { drive, at: step, asked, writer: b })
                };
                let a = of(&notes_a, &start.1, 5000 + step, between(&from)).await;
                a.client.move_to(between(&to), options()).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
                if asked.load(SeqCst) <= step {
                    break;
                }
                b.client.follow(to.clone()).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
                for device in [&a, &*b, &a] {
                    let report = device.sync().await;
                    assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "step {step}: {report:?}");
                }
                assert!(a.text("meanwhile").is_some(), "step {step}");
                assert_eq!(differing(&a, &b), [""; 0], "step {step}");
                let fresh = device(&to, 88, sealed).await;
                assert!(fresh.sync().await.skipped.is_empty());
                assert_eq!(differing(&fresh, &a), [""; 0], "step {step}");
                assert!(joins(&from, sealed).await.is_none(), "step {step}");
            }
        }
    });
}

/// A drive on which somebody writes before one of the requests.
struct Between {
    drive: Arc<MemoryDrive>,
    at: u64,
    asked: Arc<AtomicU64>,
    writer: Arc<Device>,
}

impl Between {
    async fn step(&self) {
        if self.asked.fetch_add(1, SeqCst) != self.at {
            return;
        }
        self.writer.put("meanwhile", "new").await;
        let told = |e: &Error| matches!(e.kind, ErrorKind::Unavailable | ErrorKind::Moved { .. });
        let synced = self.writer.try_sync().await;
        assert!(synced.as_ref().err().is_none_or(told), "step {}: {synced:?}", self.at);
        for _ in 0..2 {
            let compacted = self.writer.client.compact(SyncOptions::default()).await;
            assert!(compacted.as_ref().err().is_none_or(told), "step {}: {compacted:?}", self.at);
        }
    }
}

#[apply(port!)]
impl Drive for Between {
    fn capabilities(&self) -> drive::Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: drive::GetOptions) -> Result<drive::Got> {
        self.step().await;
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<drive::Version> {
        self.step().await;
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.step().await;
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<drive::Listing> {
        self.step().await;
        self.drive.list_dir(dir, cursor).await
    }
}

/// What a device writes that looked before the vault was closed, and wrote when it was gone: a part, or a record.
#[test]
fn what_was_written_behind_the_move_comes_along() {
    block_on(async {
        for ((like, sealed), late) in worlds().flat_map(|world| [(world.clone(), "p/"), (world, "j/")]) {
            let from = empty_like(&like);
            let (a, b) = two(&from, sealed).await;
            b.put("large too", &"too large ".repeat(500_000)).await;
            b.put("small", "too late").await;
            let to = empty_like(&from);
            let behind = Arc::new(Behind { drive: from.clone(), late, mover: Mutex::new(Some((a, to.clone()))), moved: Mutex::default() });
            let b = again(&b, behind.clone(), sealed).await;
            let synced = b.try_sync().await;
            let told = |e: &Error| matches!(e.kind, ErrorKind::Unavailable | ErrorKind::Moved { .. });
            assert!(synced.as_ref().err().is_none_or(told), "{synced:?}");
            let a = behind.moved.lock().await.take().unwrap();
            let b = again(&b, from.clone(), sealed).await;
            assert_eq!(moved_to(&b.try_sync().await.unwrap_err()), Some(THERE));
            b.client.follow(to.clone()).await.unwrap();
            b.sync().await;
            assert!(a.sync().await.skipped.is_empty());
            assert_eq!(differing(&a, &b), [""; 0]);
            assert!(a.text("large too").is_some() && a.text("small").is_some());
            assert_eq!(differing(&a, &fresh(&to, sealed).await), [""; 0]);
        }
    });
}

/// A new device that has synced.
async fn fresh(drive: &Arc<MemoryDrive>, sealed: bool) -> Device {
    let fresh = device(drive, 88, sealed).await;
    assert!(fresh.sync().await.skipped.is_empty());
    fresh
}

/// A drive from which the vault is moved just before something is put into this folder.
struct Behind {
    drive: Arc<MemoryDrive>,
    late: &'static str,
    mover: Mutex<Option<(Device, Arc<MemoryDrive>)>>,
    moved: Mutex<Option<Device>>,
}

#[apply(port!)]
impl Drive for Behind {
    fn capabilities(&self) -> drive::Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: drive::GetOptions) -> Result<drive::Got> {
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<drive::Version> {
        let mover = if path.as_str().starts_with(self.late) { self.mover.lock().await.take() } else { None };
        if let Some((mover, to)) = mover {
            mover.client.move_to(to, options()).await.unwrap();
            *self.moved.lock().await = Some(mover);
        }
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<drive::Listing> {
        self.drive.list_dir(dir, cursor).await
    }
}

#[test]
fn only_an_empty_place_that_can_serve_the_vault_takes_it() {
    block_on(async {
        let from = Arc::new(MemoryDrive::new());
        let (a, b) = two(&from, false).await;
        let before = from.contents();
        let there = Arc::new(MemoryDrive::new());
        there.put(path("holiday.jpg"), vec![1], Condition::Any).await.unwrap();
        assert_eq!(a.client.move_to(there.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        assert_eq!(a.client.move_to(from.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let simple = Arc::new(MemoryDrive::with(drive::Capabilities::NONE));
        assert_eq!(a.client.move_to(simple.clone(), options()).await.unwrap_err().kind, ErrorKind::Unsupported);
        for address in ["", "webdav+https://ann:canary@cloud.example/", "a\nb"] {
            let refused = a.client.move_to(simple.clone(), MoveOptions { address: address.into(), ..options() }).await.unwrap_err();
            assert!(refused.kind == ErrorKind::InvalidInput && !format!("{refused:?}").contains("canary"));
        }
        assert_eq!((from.contents(), simple.contents().len()), (before, 0));
        let nothing = Device::journal(&Arc::new(MemoryDrive::new()), 5).await;
        assert_eq!(nothing.client.move_to(simple.clone(), options()).await.unwrap_err().kind, ErrorKind::NotFound);
        let classic = Device::new(&Arc::new(MemoryDrive::new()), 6).await;
        assert_eq!(classic.client.move_to(simple.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        // Nobody follows a vault that has not gone, or to where it is not.
        assert_eq!(b.client.follow(simple.clone()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let to = Arc::new(MemoryDrive::new());
        a.client.move_to(to.clone(), options()).await.unwrap();
        assert_eq!(b.client.follow(simple).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let other = Arc::new(MemoryDrive::new());
        let stranger = Device::journal(&other, 50).await;
        stranger.put("other", "other").await;
        stranger.sync().await;
        assert_eq!(b.client.follow(other).await.unwrap_err().kind, ErrorKind::VaultChanged);
        // It goes on from there, and whoever comes late goes straight to the end.
        let third = Arc::new(MemoryDrive::new());
        a.client.move_to(third.clone(), MoveOptions { address: "elsewhere".into(), ..options() }).await.unwrap();
        assert_eq!(moved_to(&b.client.follow(to).await.unwrap_err()), Some("elsewhere"));
        b.client.follow(third).await.unwrap();
        b.sync().await;
        assert_eq!(differing(&b, &a), [""; 0]);
    });
}

/// Whoever can write to the drive can say that the vault was moved. Nobody goes there without being told to.
#[test]
fn a_marker_of_somebody_elses_sends_nothing_anywhere() {
    block_on(async {
        let from = Arc::new(MemoryDrive::new());
        let (a, b) = two(&from, true).await;
        let vault = a.client.status().await.unwrap().vault.unwrap();
        let marker =
            |more: &str| format!(r#"{{"kitestring":"journal","format":4000000000,"vault":"{vault}","moved":true,{more}"was":"{{}}"}}"#);
        let own = from.contents();
        let newcomer = |n| device(&from, n, true);
        // In a sealed vault nobody but its devices can name a place.
        for (n, more) in [r#""to":"dropbox:/mine","#, r#""sealed_to":"00ff","#, r#""sealed_to":"zz","#, ""].into_iter().enumerate() {
            from.put(path("vault"), marker(more).into_bytes(), Condition::Any).await.unwrap();
            let error = newcomer(100 + n as u64).await.try_sync().await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{more}: {error:?}");
            let to = Arc::new(MemoryDrive::new());
            assert_eq!(b.client.move_to(to.clone(), options()).await.unwrap_err().kind, ErrorKind::Corrupt);
            assert!(to.contents().is_empty());
        }
        from.restore(own);
        // Neither is it read by who has no key.
        a.client.move_to(Arc::new(MemoryDrive::new()), options()).await.unwrap();
        let all = String::from_utf8_lossy(&from.contents().into_values().flatten().collect::<Vec<_>>()).into_owned();
        assert!(!all.contains("dropbox"));
        let blind = Device::journal(&from, 200).await;
        assert_eq!(moved_to(&blind.try_sync().await.unwrap_err()), None);
        // Where it is not sealed, an address that would not show what it is, is none.
        let open = Arc::new(MemoryDrive::new());
        let (a, _) = two(&open, false).await;
        let vault = a.client.status().await.unwrap().vault.unwrap();
        for to in ["a\\u001b[2Jb", "webdav+https://ann:canary@host/", ""] {
            let marker = format!(r#"{{"kitestring":"journal","format":4000000000,"vault":"{vault}","moved":true,"to":"{to}","was":""}}"#);
            open.put(path("vault"), marker.into_bytes(), Condition::Any).await.unwrap();
            let error = Device::journal(&open, 300).await.try_sync().await.unwrap_err();
            assert!(error.kind == ErrorKind::Corrupt && !format!("{error:?}").contains("canary"), "{to}: {error:?}");
        }
    });
}

/// Keys are not changed where the vault was: that would be nowhere.
#[test]
fn no_key_is_changed_where_the_vault_was() {
    block_on(async {
        let from = Arc::new(MemoryDrive::new());
        let (a, b) = two(&from, true).await;
        a.client.move_to(Arc::new(MemoryDrive::new()), options()).await.unwrap();
        let refused = b.client.add_key("new", key(2)).await.unwrap_err();
        assert_eq!(moved_to(&refused), Some(THERE));
    });
}
