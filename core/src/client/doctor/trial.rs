//! What a new device gets from the vault as it is: found out by a client that remembers nothing, over a drive that keeps
//! every write to itself.

use super::super::{
    Client, Inner, Layout, Options, SyncOptions, dry_run,
    ledger::{PROBED, bytes},
};
use crate::{
    Application, Diagnosis, DocId, Document, Drive, Entry, ErrorKind, FindingKind as Kind, Incoming, MemoryState, Outcome, Repair, Result,
    Revision, StagedPart, State as _, StateRecord, diagnosis::Findings,
};
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A host that keeps the names of its documents and nothing else.
#[derive(Default)]
struct Names(Mutex<BTreeMap<DocId, Revision>>);

impl Names {
    fn all(&self) -> MutexGuard<'_, BTreeMap<DocId, Revision>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[apply(port!)]
impl Application for Names {
    async fn get(&self, _ids: Vec<DocId>) -> Result<Vec<Document>> {
        Ok(Vec::new())
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let mut all = self.all();
        for Incoming { id, revision, body, .. } in &changes {
            match body {
                Some(_) => drop(all.insert(id.clone(), revision.clone())),
                None => drop(all.remove(id)),
            }
        }
        Ok(changes.iter().map(|_| Outcome::Applied).collect())
    }

    async fn entries(&self, _after: Option<DocId>, _limit: u32) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    async fn stage_part(&self, _part: StagedPart) -> Result<()> {
        Ok(())
    }
}

/// Lets a new device sync, and says what it does not get. `is_known` says that a repair brings back what it can.
pub(super) async fn run(
    inner: &Arc<Inner>,
    drive: Arc<dyn Drive>,
    diagnosis: &mut Diagnosis,
    findings: &mut Findings,
    is_known: bool,
) -> Result<()> {
    let (names, state) = (Arc::new(Names::default()), Arc::new(MemoryState::new()));
    // What the drive can do is known, and is not to be tried out on one that writes nothing.
    state.write(vec![StateRecord::set(PROBED, bytes(&drive.capabilities())?)]).await?;
    let drive = Arc::new(dry_run::OverlayDrive::new(drive));
    let client = Client::open(names.clone(), state, drive, options(inner)).await?;
    let (repair, advice) = match is_known {
        true => (Repair::Possible, "what is found beside this is repaired, and it is looked again"),
        false => (Repair::Refused, "what is found beside this says why, and who can bring it back"),
    };
    match client.sync(SyncOptions::default()).await {
        Ok(report) => {
            diagnosis.documents = Some(names.all().len() as u64);
            // Of files that make no sense something was said already.
            for skipped in report.skipped {
                if !findings.names(skipped.id.as_str()) {
                    findings.add(Kind::DocumentUnreadable, skipped.id.as_str(), skipped.why, repair, advice);
                }
            }
            Ok(())
        }
        Err(e) if matches!(e.kind, ErrorKind::Unauthorized | ErrorKind::RateLimited | ErrorKind::Cancelled) => Err(e),
        Err(e) => {
            let detail = format!("a new device cannot join: {}", e.detail());
            findings.add(Kind::DocumentUnreadable, e.subject().unwrap_or_default(), detail, repair, advice);
            Ok(())
        }
    }
}

fn options(inner: &Inner) -> Options {
    let mut options = Options::new(inner.runtime.clone());
    options.callback_timeout = inner.options.callback_timeout;
    options.layout = inner.options.layout.clone();
    #[cfg(feature = "journal")]
    if let Layout::Journal(journal) = &mut options.layout {
        (journal.compacts, journal.history_days) = (false, 0);
    }
    #[cfg(feature = "sealed")]
    if let Some(key) = inner.sealing.as_ref().and_then(|sealing| sealing.vault_key()) {
        options.encryption = Some(key.into());
    }
    options
}
