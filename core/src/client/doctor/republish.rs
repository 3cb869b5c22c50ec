//! Writes again what is gone from the drive and is here: as new versions, and then a checkpoint with everything that is
//! known. Nobody needs the lost files then.

use super::super::{
    Inner, SyncOptions,
    ledger::{BASE, Base},
    queue, sync,
};
use crate::{
    DocId, Drive, DrivePath, JournalOptions, ProgressSink, Result,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, PutFile, Version, meter::Meter},
    server::journal::{Journal, Lost, Said},
};
use macro_rules_attribute::apply;
use std::sync::Arc;

pub(super) async fn run(
    inner: &Arc<Inner>,
    layout: &JournalOptions,
    journal: &Journal,
    lost: &Lost,
    progress: &ProgressSink,
) -> Result<()> {
    if lost.is_empty() {
        return Ok(());
    }
    let ids = journal.documents_in(lost).await?;
    // Only what was agreed is here: anything else was never applied.
    let bases = inner.ledger.of::<Base>(BASE, ids.iter()).await?;
    let here: Vec<DocId> = ids.into_iter().zip(bases).filter(|(_, base)| base.is_some()).map(|(id, _)| id).collect();
    queue::again(inner, &here).await?;
    let options = SyncOptions { progress: progress.clone(), ..SyncOptions::default() };
    let drive = Arc::new(Keeping(sync::metered(inner, false).await?));
    let server = sync::journal(inner, drive, layout, Said { restores: true, ..Said::default() });
    let mut run = sync::run_with(inner.clone(), Arc::new(server), options);
    run.come_up_to_date().await?;
    run.tidy(true).await.map(drop)
}

/// A drive from which no file of a vault is deleted: what is damaged may still be of use to people. A later checkpoint takes
/// it away.
struct Keeping(Meter);

#[apply(port!)]
impl Drive for Keeping {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.0.get(path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.0.put(path, bytes, condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        // The lease lies in no folder.
        if path.as_str().contains('/') { Ok(()) } else { self.0.delete(path, condition).await }
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.0.list_dir(dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.0.put_many(files).await
    }
}
