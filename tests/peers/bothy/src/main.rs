//! Measures the crate `bothy` 0.4 on a folder, step by step: `kitestring-peers-bothy FOLDER folder DRIVE MILLISECONDS`. How it is
//! asked, and what it answers, is in `../node/steps.mjs`.

mod counted;

use bothy::{Collection, Config, Database, DbId, ListOptions};
use counted::Counted;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use serde_json::Value;
use std::{
    error::Error,
    fs,
    io::BufRead as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

type Done<T> = Result<T, Box<dyn Error>>;

#[derive(Default, Serialize)]
struct Cost {
    wall_ms: f64,
    cpu_ms: f64,
    requests: u64,
    up: u64,
    down: u64,
}

#[derive(Serialize)]
struct End {
    peak_kib: u64,
}

struct Device {
    database: Database,
    notes: Collection,
    remote: Arc<Counted>,
}

impl Device {
    async fn open(home: PathBuf, remote: &Arc<Counted>) -> Done<Self> {
        let database = Database::open(Config::new(home, "org.example.notes"), remote.clone()).await?;
        let notes = database.collection("notes")?;
        Ok(Self { database, notes, remote: remote.clone() })
    }

    async fn edit(&self, notes: &[Value]) -> Done<()> {
        for note in notes {
            self.notes.put(note["id"].as_str().unwrap_or_default(), note.clone()).await?;
        }
        Ok(())
    }

    async fn sync(&self) -> Done<Cost> {
        self.remote.take();
        let (begun, cpu) = (Instant::now(), cpu_ms());
        self.database.sync().await?;
        self.cost(begun, cpu)
    }

    fn cost(&self, begun: Instant, cpu: f64) -> Done<Cost> {
        let [requests, up, down] = self.remote.take();
        Ok(Cost { wall_ms: begun.elapsed().as_secs_f64() * 1000.0, cpu_ms: cpu_ms() - cpu, requests, up, down })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, _, drive, wait] = words.as_slice() else { return Err("say FOLDER folder DRIVE MILLISECONDS".into()) };
    let folder = Path::new(folder);
    let documents = read(&folder.join("documents.ndjson"))?;
    let edits = read(&folder.join("edits.ndjson"))?;
    let remote = Arc::new(Counted::new(Path::new(drive), Duration::from_millis(wait.parse()?))?);
    let a = Device::open(folder.join("a.db"), &remote).await?;
    let b = Device::open(folder.join("b.db"), &remote).await?;
    let mut id = None;
    for line in std::io::stdin().lock().lines() {
        let answer = match line?.trim() {
            "w1" => serde_json::to_string(&first_push(&a, &documents, &mut id).await?),
            "w2" => {
                remote.take();
                let (begun, cpu) = (Instant::now(), cpu_ms());
                b.database.join(id.ok_or("w2 comes after w1")?).await?;
                b.database.sync().await?;
                serde_json::to_string(&b.cost(begun, cpu)?)
            }
            "w3_push" => {
                a.edit(&edits[..1]).await?;
                serde_json::to_string(&a.sync().await?)
            }
            "w4_first" => {
                a.edit(&edits[1..101]).await?;
                b.edit(&edits[101..201]).await?;
                serde_json::to_string(&a.sync().await?)
            }
            "w6_save" => {
                let rounds: Vec<Vec<Value>> = (0..100).map(|round| versions(&edits[201..301], round)).collect();
                let (begun, cpu) = (Instant::now(), cpu_ms());
                for notes in rounds {
                    a.edit(&notes).await?;
                }
                serde_json::to_string(&a.cost(begun, cpu)?)
            }
            "w4_third" | "w5" | "w6_push" => serde_json::to_string(&a.sync().await?),
            "w3_pull" | "w4_second" | "w6_pull" => serde_json::to_string(&b.sync().await?),
            "end" => {
                same(&a, &b).await?;
                serde_json::to_string(&End { peak_kib: peak_kib()? })
            }
            other => return Err(format!("no step is called {other}").into()),
        };
        println!("{}", answer?);
    }
    Ok(())
}

/// Makes the database on the drive and pushes everything. A collection takes documents only then: saving them is not counted.
async fn first_push(a: &Device, documents: &[Value], id: &mut Option<DbId>) -> Done<Cost> {
    a.remote.take();
    let (begun, cpu) = (Instant::now(), cpu_ms());
    *id = Some(a.database.init().await?);
    let made = a.cost(begun, cpu)?;
    a.edit(documents).await?;
    let pushed = a.sync().await?;
    Ok(Cost {
        wall_ms: made.wall_ms + pushed.wall_ms,
        cpu_ms: made.cpu_ms + pushed.cpu_ms,
        requests: made.requests + pushed.requests,
        up: made.up + pushed.up,
        down: made.down + pushed.down,
    })
}

/// Reads notes. Names with an underscore in front belong to `bothy`.
fn read(file: &Path) -> Done<Vec<Value>> {
    let text = fs::read_to_string(file)?.replace("{\"_id\":", "{\"id\":").replace(",\"_rev\":", ",\"rev\":");
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// These notes as they were saved in one of a hundred rounds, a minute apart.
fn versions(notes: &[Value], round: u64) -> Vec<Value> {
    let mut notes = notes.to_vec();
    for note in &mut notes {
        note["rev"] = (note["rev"].as_u64().unwrap_or_default() - (99 - round) * 60_000).into();
    }
    notes
}

async fn same(a: &Device, b: &Device) -> Done<()> {
    let all = || ListOptions::default().limit(1_000_000);
    let (ours, theirs) = (a.notes.list(all()).await?, b.notes.list(all()).await?);
    if ours == theirs { Ok(()) } else { Err("A and B do not have the same documents".into()) }
}

/// User and system time of all threads of this process.
fn cpu_ms() -> f64 {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default().as_secs_f64() * 1000.0
}

fn peak_kib() -> Done<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("this system tells no peak")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
