//! What looks at a closed vault says where it has gone, and repairs, breaks and copies nothing.

use super::*;
use kitestring::{
    last_writer::{LastWriter, LastWriterHost, Standing, Step},
    transfer::{ExportOptions, VaultFile, VaultSink},
};
use std::time::Duration;

struct Nowhere;

#[apply(port!)]
impl VaultSink for Nowhere {
    async fn take(&self, _file: VaultFile) -> Result<()> {
        Ok(())
    }
}

/// A host made for db-to-cloud that has one change to push.
struct Waiting;

#[apply(port!)]
impl LastWriterHost for Waiting {
    async fn get(&self, _change: &str) -> Result<Option<String>> {
        Ok(Some(r#"{"_id":"edited","_rev":9}"#.to_owned()))
    }
    async fn put(&self, document: &str) -> Result<()> {
        panic!("it was given {document}")
    }
    async fn delete(&self, change: &str) -> Result<()> {
        panic!("it was given {change}")
    }
    async fn is_newer(&self, _revision: Option<&str>, _than: &str) -> Result<bool> {
        Ok(true)
    }
    async fn observe(&self, _step: Step, _change: &str, _done: usize, _total: usize) -> Result<()> {
        Ok(())
    }
    async fn warn(&self, line: &str) -> Result<()> {
        panic!("{line}")
    }
    async fn queue(&self) -> Result<Vec<String>> {
        Ok(vec![r#"{"_id":"edited","_rev":9,"action":"put"}"#.to_owned()])
    }
    async fn remember(&self, _standing: &Standing, _done: usize, _keep: Vec<String>) -> Result<()> {
        panic!("there is nothing to remember")
    }
}

async fn findings(device: &Device, repair: bool) -> Vec<(FindingKind, String)> {
    let diagnosis = device.client.doctor(DoctorOptions { repair, ..DoctorOptions::default() }).await.unwrap();
    diagnosis.findings.into_iter().map(|found| (found.kind, found.detail)).collect()
}

#[test]
fn a_closed_vault_says_where_it_has_gone_whatever_looks_at_it() {
    block_on(async {
        for from in drives() {
            let to = empty_like(&from);
            let (a, b) = two(&from).await;
            a.client.migrate(to.clone(), options()).await.unwrap();
            let closed = from.contents();
            for device in [&b, &Device::new(&from, 3).await] {
                for repair in [false, true] {
                    let found = findings(device, repair).await;
                    assert!(matches!(&*found, [(FindingKind::Moved, detail)] if detail.contains(THERE)), "{found:?}");
                }
                assert!(is_moved(&device.client.export(Arc::new(Nowhere), ExportOptions::default()).await.unwrap_err()));
                let lock = device.client.held_lock().await.unwrap().unwrap();
                assert_eq!(device.client.break_lock(lock).await.unwrap_err().kind, ErrorKind::InvalidInput);
            }
            assert_eq!(from.contents(), closed);
        }
    });
}

#[test]
fn a_program_made_for_db_to_cloud_is_told_where_the_vault_has_gone() {
    block_on(async {
        // Elsewhere its host has to take the lock by itself.
        for from in drives().into_iter().filter(|drive| drive.capabilities().create) {
            let (a, _) = two(&from).await;
            a.client.migrate(empty_like(&from), options()).await.unwrap();
            let closed = from.contents();
            let writer = LastWriter::new(Arc::new(Waiting), from.clone(), Arc::new(TestRuntime::default()));
            let taken = writer.acquire(Duration::from_secs(60), "hold".to_owned(), None).await.unwrap_err();
            assert!(is_moved(&taken), "{taken:?}");
            // One whose host takes the lock by itself.
            let synced = writer.sync(Standing::default()).await.unwrap_err();
            assert!(is_moved(&synced), "{synced:?}");
            assert_eq!(from.contents(), closed);
        }
    });
}

/// In the midst of a migration, and where an old client has written behind it.
#[test]
fn a_migration_that_is_not_complete_is_no_damage() {
    block_on(async {
        for from in drives() {
            let to = empty_like(&from);
            let (a, _) = two(&from).await;
            let kept = Kept::of(&a);
            let rule = |operation: &str, path: &str| (operation == "put" && path == "vault").then_some(When::Before);
            a.client.migrate(Faulty::new(&to, rule), options()).await.unwrap_err();
            let look = async |case: &str| {
                let device = Device::new(&from, 3).await;
                let found = findings(&device, true).await;
                let bad: Vec<_> = found.iter().filter(|(kind, _)| kind.severity() > Severity::Note).collect();
                assert!(matches!(&*bad, [(FindingKind::Moving, _)]), "{case}: {found:?}");
            };
            look("closed").await;
            let told = kept.device(40, from.clone()).await.try_sync().await.unwrap_err();
            assert!(told.kind == ErrorKind::Unavailable && told.detail().contains(THERE), "{told:?}");
            // What the file was.
            let meta = from.contents().into_iter().find(|(path, _)| path.ends_with("meta.json")).unwrap().1;
            let at = meta.iter().position(|byte| *byte == b'\n').unwrap();
            let was = value::from_slice::<value::Value>(&meta[at..]).unwrap()["was"].clone();
            old_client::write(&from, "meta.json", was).await;
            look("open again").await;
            old_client::remove(&from, "lock.json").await;
            look("open again, and its lock is gone").await;
        }
    });
}
