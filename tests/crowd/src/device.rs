//! One device, in a process of its own: it edits, syncs, and settles what conflicts.

use crate::{
    host::SlotHost,
    plan::{Plan, id},
};
use async_io::{Timer, block_on};
use bench::{Result, memory::resident_kib};
use kitestring::{Client, Conflict, DocId, Options, Report, Resolution, Retry, Side, SyncOptions};
use kitestring_adapters::{NativeRuntime, state::sqlite::SqliteState};
use kitestring_servers::s3;
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc, time::Duration};

/// So many notes are saved and queued at once.
const BATCH: usize = 500;
/// After so many syncs there must be nothing left to do.
const MOST_SYNCS: usize = 40;
/// However long a failed sync asks to wait: the store is on this machine.
const MOST_WAIT: Duration = Duration::from_secs(1);

/// What a device is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Make all notes, and push them.
    Push,
    /// Get what others have pushed.
    Join,
    /// Edit what is edited in this round, and sync.
    Round(u64),
    /// Sync, and then once more with one edit.
    One,
    /// Sync, and then once more with nothing to do.
    Settle,
}

/// What a process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// What it is to do.
    pub work: Work,
    /// Which device it is.
    pub device: u64,
    /// How many notes there are, how many devices, and how often they edit.
    pub size: (u64, u64, u64),
    /// The folder in which it keeps what it knows.
    pub home: String,
    /// The drive, as [`s3::written`] spells it.
    pub drive: String,
}

/// What a process tells when it has ended.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Done {
    /// How many conflicts it has settled.
    pub conflicts: u64,
    /// How many of its syncs failed and were tried again.
    pub failed: u64,
    /// The requests of its last sync.
    pub last_requests: u64,
    /// The most memory that it had.
    pub peak_kib: u64,
}

/// Does the work of a process, and returns what it prints.
///
/// # Errors
/// Those of a sync that no other try can help.
pub fn work(task: &str) -> Result<String> {
    let task: Task = serde_json::from_str(task)?;
    Ok(serde_json::to_string(&block_on(run(&task))?)?)
}

/// The file in which a device keeps what it has of each note.
pub fn slots(home: &Path) -> std::path::PathBuf {
    home.join("slots")
}

async fn run(task: &Task) -> Result<Done> {
    let (documents, devices, rounds) = task.size;
    let plan = Plan { documents, devices, rounds };
    let mut device = Device::open(task, documents).await?;
    match task.work {
        Work::Push => device.edit(&(0..documents).collect::<Vec<_>>(), Plan::FIRST).await?,
        Work::Round(round) => device.edit(&plan.edits(round, task.device), Plan::version(round, task.device)).await?,
        Work::Join | Work::One | Work::Settle => {}
    }
    device.settle().await?;
    if task.work == Work::One {
        device.edit(&[0], Plan::version(plan.last_round(), task.device)).await?;
    }
    if matches!(task.work, Work::One | Work::Settle) {
        device.sync().await?;
    }
    Ok(Done { peak_kib: resident_kib()?, ..device.done })
}

struct Device {
    host: Arc<SlotHost>,
    client: Client,
    done: Done,
}

impl Device {
    async fn open(task: &Task, documents: u64) -> Result<Self> {
        let home = Path::new(&task.home);
        let host = Arc::new(SlotHost::open(&slots(home), documents)?);
        let state = Arc::new(SqliteState::open(home.join("state.sqlite"))?);
        let drive = Arc::new(s3::open(&s3::read(&task.drive)?)?);
        let options = Options { device: Some(format!("device {}", task.device)), ..Options::new(Arc::new(NativeRuntime::new())) };
        Ok(Self { client: Client::open(host.clone(), state, drive, options).await?, host, done: Done::default() })
    }

    async fn edit(&self, notes: &[u64], version: u64) -> Result<()> {
        for some in notes.chunks(BATCH) {
            self.client.queue_changes(self.host.save(some, version)?).await?;
        }
        Ok(())
    }

    /// Syncs, and settles conflicts, until there is nothing left to do.
    async fn settle(&mut self) -> Result<()> {
        for _ in 0..MOST_SYNCS {
            let Some(report) = self.sync().await? else { continue };
            if let Some(skipped) = report.skipped.first() {
                return Err(format!("{} was skipped: {}", skipped.id, skipped.why).into());
            }
            let is_done = report.conflicts.is_empty() && report.next_sync_after.is_none();
            for conflict in report.conflicts {
                self.client.resolve(conflict.clone(), higher(&conflict)).await?;
                self.done.conflicts += 1;
            }
            if is_done {
                return Ok(());
            }
        }
        Err(format!("there is still something to do after {MOST_SYNCS} syncs").into())
    }

    /// Syncs; none if that failed, and another try may help.
    async fn sync(&mut self) -> Result<Option<Report>> {
        match self.client.sync(SyncOptions::default()).await {
            Ok(report) => {
                self.done.last_requests = report.requests.total();
                Ok(Some(report))
            }
            Err(e) if e.retry == Retry::Never => Err(e.into()),
            Err(e) => {
                eprintln!("a sync failed: {e}");
                self.done.failed += 1;
                let wait = if let Retry::After(wait) = e.retry { wait.min(MOST_WAIT) } else { Duration::ZERO };
                Timer::after(wait).await;
                Ok(None)
            }
        }
    }
}

/// The side with the higher version wins.
fn higher(conflict: &Conflict) -> Resolution {
    let version = |side: &Option<Side>| side.as_ref().and_then(|side| side.revision.as_str().parse::<u64>().ok());
    if version(&conflict.local) > version(&conflict.remote) { Resolution::KeepLocal } else { Resolution::TakeRemote }
}

/// Says where a device differs from what it must have.
///
/// # Errors
/// If it does.
pub fn check(device: u64, home: &Path, ends: &[crate::host::Slot]) -> Result<()> {
    let found = crate::host::read(&slots(home))?;
    let different: Vec<usize> = (0..ends.len().max(found.len())).filter(|i| ends.get(*i) != found.get(*i)).collect();
    let Some(&first) = different.first() else { return Ok(()) };
    let note = DocId::new(id(first as u64))?;
    let (has, must) = (found.get(first), ends.get(first));
    Err(format!("device {device} differs in {} notes; of {note} it has {has:?} and should have {must:?}", different.len()).into())
}
