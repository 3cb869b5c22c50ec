//! Our client in Rust, as a process that is told which step to take, like the others.

use crate::step::{Cost, SAVES};
use async_io::block_on;
use bench::{
    Result,
    cost::Stopwatch,
    device::{Device, state},
    layout::Measured,
    memory::resident_kib,
};
use kitestring::{Change, Drive, MemoryDrive, MemoryState, State, SyncOptions};
use kitestring_adapters::{
    NativeRuntime, WebDav,
    drives::fs::FsDrive,
    http::{Credentials, NativeHttp},
    layers::SlowDrive,
};
use serde::Serialize;
use std::{io::BufRead as _, ops::Range, path::PathBuf, sync::Arc, time::Duration};

/// Where the two devices of a client meet.
struct Meeting {
    /// A folder for the states, where these are to last.
    homes: Option<PathBuf>,
    drive: Arc<dyn Drive>,
    memory: Option<Arc<MemoryDrive>>,
}

/// An answer.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    cost: Cost,
    /// Bytes in memory.
    stored: Option<u64>,
}

/// The answer at the end.
#[derive(Serialize)]
struct End {
    peak_kib: u64,
    stored: Option<u64>,
}

/// Follows what is said on the standard input: `COUNT FOLDER memory|folder|url WHERE MILLISECONDS`.
///
/// # Errors
/// Those of a sync, and if A and B do not end up the same.
pub fn follow(words: &[&str]) -> Result<()> {
    let &[count, folder, place, whereto, ms] = words else { return Err("a client needs COUNT FOLDER PLACE WHERE MILLISECONDS".into()) };
    let count = count.parse()?;
    let meeting = meet(folder, place, whereto, Duration::from_millis(ms.parse()?))?;
    block_on(steps(&meeting, count))
}

fn meet(folder: &str, place: &str, whereto: &str, wait: Duration) -> Result<Meeting> {
    let homes = Some(PathBuf::from(folder));
    let slow = |drive: Arc<dyn Drive>| -> Arc<dyn Drive> {
        if wait.is_zero() { drive } else { Arc::new(SlowDrive::new(drive, Arc::new(NativeRuntime::new()), wait)) }
    };
    Ok(match place {
        "memory" => {
            let memory = Arc::new(MemoryDrive::new());
            Meeting { homes: None, drive: slow(memory.clone()), memory: Some(memory) }
        }
        "folder" => Meeting { homes, drive: slow(Arc::new(FsDrive::create(whereto)?)), memory: None },
        // A relay lets these wait.
        "url" => {
            let drive = WebDav::new(Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), whereto, Credentials::None)?;
            Meeting { homes, drive: Arc::new(drive), memory: None }
        }
        _ => return Err(format!("no place is called {place}").into()),
    })
}

impl Meeting {
    async fn device(&self, name: &str) -> Result<Device> {
        let state: Arc<dyn State> = match &self.homes {
            Some(homes) => state(homes, name)?,
            None => Arc::new(MemoryState::default()),
        };
        Device::new(Measured::JOURNAL, state, self.drive.clone()).await
    }

    fn stored(&self) -> Option<u64> {
        let memory = self.memory.as_ref()?;
        Some(memory.contents().values().map(|bytes| bytes.len() as u64).sum())
    }
}

async fn steps(meeting: &Meeting, count: u64) -> Result<()> {
    let a = meeting.device("a").await?;
    let mut b = None;
    let first = a.host.edit(0..count, 0)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line == "end" {
            let b = b.as_ref().ok_or("B has pulled nothing")?;
            println!("{}", serde_json::to_string(&end(meeting, &a, b, count)?)?);
            return Ok(());
        }
        let cost = match (line.as_str(), &b) {
            ("w1", _) => queued(&a, first.clone()).await?,
            ("w2", None) => {
                let watch = Stopwatch::start();
                let device = meeting.device("b").await?;
                let cost = watch.stop(&device.client.sync(SyncOptions::default()).await?);
                b = Some(device);
                flat(cost)
            }
            (step, Some(b)) => small(step, &a, b).await?,
            (step, None) => return Err(format!("{step} comes before w2").into()),
        };
        println!("{}", serde_json::to_string(&Answer { cost, stored: meeting.stored() })?);
    }
    Ok(())
}

/// The steps of two devices that have met.
async fn small(step: &str, a: &Device, b: &Device) -> Result<Cost> {
    match step {
        "w3_push" => edited(a, 7..8, 1).await,
        "w4_first" => {
            b.edit(190..290, 2).await?;
            edited(a, 100..200, 1).await
        }
        "w4_second" => settled(b).await,
        "w6_save" => saved(a).await,
        "w4_third" | "w5" | "w6_push" => Ok(flat(a.sync().await?)),
        "w3_pull" | "w6_pull" => Ok(flat(b.sync().await?)),
        _ => Err(format!("no step is called {step}").into()),
    }
}

async fn queued(device: &Device, changes: Vec<Change>) -> Result<Cost> {
    let watch = Stopwatch::start();
    device.client.queue_changes(changes).await?;
    Ok(flat(watch.stop(&device.client.sync(SyncOptions::default()).await?)))
}

async fn edited(device: &Device, notes: Range<u64>, version: u64) -> Result<Cost> {
    device.edit(notes, version).await?;
    Ok(flat(device.sync().await?))
}

/// It keeps its own side of ten conflicts, as a person might choose.
async fn settled(device: &Device) -> Result<Cost> {
    let found = device.sync().await?;
    match device.keep_local().await? {
        10 => Ok(flat(found + device.sync().await?)),
        other => Err(format!("{other} conflicts instead of ten").into()),
    }
}

/// The hundred saves of each round are told together.
async fn saved(device: &Device) -> Result<Cost> {
    // Document 7 is one version ahead since W3; versions only grow.
    let rounds: Vec<Vec<Change>> = (1..=SAVES).map(|round| device.host.edit(0..100, 1 + round)).collect::<kitestring::Result<_>>()?;
    let watch = Stopwatch::start();
    for changes in rounds {
        device.client.queue_changes(changes).await?;
    }
    Ok(flat(watch.time()))
}

fn end(meeting: &Meeting, a: &Device, b: &Device, count: u64) -> Result<End> {
    if a.host.documents() != b.host.documents() || a.host.len() as u64 != count {
        return Err("A and B do not have the same documents".into());
    }
    Ok(End { peak_kib: resident_kib()?, stored: meeting.stored() })
}

fn flat(cost: bench::cost::Cost) -> Cost {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (requests, bytes) = (cost.requests.total(), cost.bytes);
    Cost { wall_ms: ms(cost.wall), cpu_ms: ms(cost.cpu), requests, up: bytes.sent, down: bytes.received }
}
