//! A vault goes out of its drive and into another place: as it is, whole or not at all.

use crate::common::{
    faulty::{Faulty, When},
    *,
};
use futures::{executor::block_on, lock::Mutex};
use kitestring::{drive::Capabilities, transfer::*, *};
use std::sync::Arc;

/// Files in memory: an export, or what is left of one.
#[derive(Default)]
struct Archive {
    files: Mutex<Vec<VaultFile>>,
    at: Mutex<usize>,
}

#[apply(port!)]
impl VaultSink for Archive {
    async fn take(&self, file: VaultFile) -> Result<()> {
        self.files.lock().await.push(file);
        Ok(())
    }
}

#[apply(port!)]
impl VaultSource for Archive {
    async fn rewind(&self) -> Result<()> {
        *self.at.lock().await = 0;
        Ok(())
    }

    async fn next(&self) -> Result<Option<VaultFile>> {
        let mut at = self.at.lock().await;
        *at += 1;
        Ok(self.files.lock().await.get(*at - 1).cloned())
    }
}

fn options() -> ImportOptions {
    ImportOptions::new(Arc::new(TestRuntime::default()))
}

async fn vault(drive: &Arc<MemoryDrive>, layout: fn() -> Layout) -> Device {
    let a = Device::of(drive, 1, layout).await;
    for n in 0..4 {
        a.put(&format!("note {n}"), &format!("content {n}")).await;
        a.sync().await;
    }
    a.delete("note 0").await;
    a.put("large", &"large ".repeat(900_000)).await;
    a.sync().await;
    a
}

async fn exported(device: &Device) -> Arc<Archive> {
    let archive = Arc::new(Archive::default());
    device.client.export(archive.clone(), ExportOptions::default()).await.unwrap();
    archive
}

fn empty_like(drive: &MemoryDrive) -> Arc<MemoryDrive> {
    Arc::new(MemoryDrive::with(drive.capabilities()))
}

#[test]
fn a_vault_arrives_as_it_was_and_goes_on() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let a = vault(&drive, layout).await;
            let archive = exported(&a).await;
            let there = empty_like(&drive);
            let done = import(there.clone(), archive, options()).await.unwrap();
            assert_eq!((done.vault, done.resumed), (a.client.status().await.unwrap().vault, 0));
            assert_eq!((done.files, there.contents()), (drive.contents().len() as u64, drive.contents()));
            let fresh = Device::of(&there, 9, layout).await;
            assert!(fresh.sync().await.skipped.is_empty());
            assert_eq!(fresh.docs(), a.docs());
            fresh.put("there", "new").await;
            fresh.sync().await;
        }
    });
}

#[test]
fn a_sealed_vault_stays_sealed_and_needs_no_key() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, key(1)).await;
        a.put("secret", "secret").await;
        a.sync().await;
        // Whoever exports and imports it has no key.
        let blind = Device::journal(&drive, 2).await;
        let (archive, there) = (exported(&blind).await, Arc::new(MemoryDrive::new()));
        import(there.clone(), archive, options()).await.unwrap();
        assert_eq!(there.contents(), drive.contents());
        let fresh = Device::sealed(&there, 3, key(1)).await;
        fresh.sync().await;
        assert_eq!(fresh.docs(), a.docs());
    });
}

#[test]
fn what_is_not_whole_is_refused_before_anything_is_written() {
    block_on(async {
        for layout in [|| Layout::Journal(JournalOptions::default()), || Layout::Classic(Default::default())] as [fn() -> Layout; 2] {
            let drive = Arc::new(MemoryDrive::new());
            let archive = exported(&vault(&drive, layout).await).await;
            let files = archive.files.lock().await.clone();
            let refused = |files: Vec<VaultFile>| async {
                let there = Arc::new(MemoryDrive::new());
                let cut = Arc::new(Archive { files: Mutex::new(files), ..Archive::default() });
                let error = import(there.clone(), cut, options()).await.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Corrupt, "{error:?}");
                assert!(there.contents().is_empty());
            };
            for end in 0..files.len() {
                refused(files[..end].to_vec()).await;
            }
            for n in 0..files.len() - 1 {
                let mut without = files.clone();
                without.remove(n);
                refused(without).await;
                let mut changed = files.clone();
                changed[n].bytes.push(0);
                refused(changed).await;
            }
        }
    });
}

#[test]
fn only_an_empty_place_that_can_serve_the_vault_takes_it() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = vault(&drive, || Layout::Journal(JournalOptions::default())).await;
        let archive = exported(&a).await;
        let before = drive.contents();
        let refused = import(drive.clone(), archive.clone(), options()).await.unwrap_err();
        assert_eq!((&refused.kind, drive.contents()), (&ErrorKind::InvalidInput, before));
        let there = Arc::new(MemoryDrive::new());
        there.put(DrivePath::new("holiday.jpg").unwrap(), vec![1], drive::Condition::Any).await.unwrap();
        assert_eq!(import(there, archive.clone(), options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
        let simple = Arc::new(MemoryDrive::with(Capabilities::NONE));
        assert_eq!(import(simple.clone(), archive, options()).await.unwrap_err().kind, ErrorKind::Unsupported);
        assert!(simple.contents().is_empty());
        let nothing = Device::journal(&Arc::new(MemoryDrive::new()), 5).await;
        let refused = nothing.client.export(Arc::new(Archive::default()), ExportOptions::default()).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::NotFound);
    });
}

/// Killed at each of its requests, before the request or after: the place is no vault for anybody, and the same import goes on.
#[test]
fn an_import_that_is_killed_is_no_vault_and_goes_on() {
    block_on(async {
        for (drive, layout) in in_both_layouts() {
            let a = vault(&drive, layout).await;
            let archive = exported(&a).await;
            let mut killed = 0;
            for (step, after) in (0..).flat_map(|step| [(step, false), (step, true)]) {
                let there = empty_like(&drive);
                let mut asked = 0;
                // From then on the process is gone.
                let faulty = Faulty::new(&there, move |_, _| {
                    asked += 1;
                    (asked > step).then_some(if after && asked == step + 1 { When::After } else { When::Before })
                });
                if import(faulty.clone(), archive.clone(), options()).await.is_ok() {
                    break;
                }
                killed += 1;
                let is_complete = there.contents() == drive.contents();
                let is_begun = !there.contents().is_empty();
                if is_begun && !is_complete {
                    let fresh = Device::of(&there, 7, layout).await;
                    let left = there.contents();
                    let refused = fresh.try_sync().await.unwrap_err();
                    assert_eq!(refused.kind, ErrorKind::Unavailable, "step {step}, {after}: {refused:?}");
                    fresh.put("mine", "mine").await;
                    assert_eq!(fresh.try_sync().await.unwrap_err().kind, ErrorKind::Unavailable);
                    assert_eq!(there.contents(), left, "step {step}: something was made there");
                    let other = Arc::new(Archive::default());
                    let b = vault(&Arc::new(MemoryDrive::with(drive.capabilities())), layout).await;
                    b.put("other", "vault").await;
                    b.sync().await;
                    b.client.export(other.clone(), ExportOptions::default()).await.unwrap();
                    assert_eq!(import(there.clone(), other, options()).await.unwrap_err().kind, ErrorKind::InvalidInput);
                }
                if !is_complete {
                    import(there.clone(), archive.clone(), options()).await.unwrap();
                }
                assert_eq!(there.contents(), drive.contents(), "step {step}, {after}");
            }
            assert!(killed > 20, "{killed}");
        }
    });
}

/// Somebody writes, and compacts, between any two requests of an export: it is a whole vault all the same.
#[test]
fn an_export_is_one_moment_although_others_write() {
    block_on(async {
        for drive in drives() {
            let a = vault(&drive, || Layout::Journal(JournalOptions::default())).await;
            let start = (drive.contents(), a.state.snapshot(), a.notes.0.lock().unwrap().clone());
            for step in 0..40 {
                drive.restore(start.0.clone());
                let notes = Arc::new(Notes(std::sync::Mutex::new(start.2.clone())));
                let runtime = Arc::new(TestRuntime { seed: (1000 + step).into(), ..TestRuntime::default() });
                let writer =
                    Device::unwatched(notes, Arc::new(start.1.snapshot()), drive.clone(), runtime.clone(), Options::new(runtime)).await;
                let between = Arc::new(Between { drive: drive.clone(), at: step, asked: Mutex::default(), writer });
                let reader = Device::unwatched(
                    Arc::default(),
                    Arc::default(),
                    between.clone(),
                    Arc::new(TestRuntime::default()),
                    Options::new(Arc::new(TestRuntime::default())),
                )
                .await;
                let archive = exported(&reader).await;
                let there = empty_like(&drive);
                import(there.clone(), archive, options()).await.unwrap();
                let fresh = Device::journal(&there, 8).await;
                let report = fresh.sync().await;
                assert!(report.skipped.is_empty(), "step {step}: {report:?}");
                let now = between.writer.docs();
                let before: Vec<_> = start.2.keys().cloned().collect();
                let has: Vec<_> = fresh.docs().into_keys().collect();
                assert!(has == before || has == now.keys().cloned().collect::<Vec<_>>(), "step {step}: {has:?}");
            }
        }
    });
}

/// A drive on which somebody writes and compacts before one of the requests.
struct Between {
    drive: Arc<MemoryDrive>,
    at: u64,
    asked: Mutex<u64>,
    writer: Device,
}

impl Between {
    async fn step(&self) {
        let now = {
            let mut asked = self.asked.lock().await;
            *asked += 1;
            *asked - 1
        };
        if now == self.at {
            self.writer.put("meanwhile", "new").await;
            self.writer.sync().await;
            self.writer.client.compact(SyncOptions::default()).await.unwrap();
            self.writer.client.compact(SyncOptions::default()).await.unwrap();
        }
    }
}

#[apply(port!)]
impl Drive for Between {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: drive::GetOptions) -> Result<drive::Got> {
        self.step().await;
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: drive::Condition) -> Result<drive::Version> {
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: drive::Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<drive::Listing> {
        self.step().await;
        self.drive.list_dir(dir, cursor).await
    }
}
