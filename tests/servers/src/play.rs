//! Three devices on one drive, behind a network that goes wrong: no edit is lost, and requests stay bounded.
//!
//! Each edit adds its name to a document, and a conflict is settled by having the names of both sides. So every name must be
//! in its document in the end. `KITE_FAULTS_SEEDS=a..b` plays other seeds.

use crate::{FastRuntime, Faults, FaultyHttp};
use async_io::{Timer, block_on};
use futures::{
    future::join_all,
    stream::{self, StreamExt as _},
};
use kitestring::{
    Body, Client, Document, Drive, JournalOptions, Layout, MemoryApplication, MemoryState, Options, Resolution, Result, Revision, Runtime,
    SyncOptions, server::classic::ClassicOptions,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ops::Range,
    sync::Arc,
    time::Duration,
};

const DEVICES: usize = 3;
const DOCUMENTS: usize = 4;
const ROUNDS: usize = 12;
/// How often all are synced until nothing happens any more.
const PASSES: usize = 40;
/// Where a search lags behind, all may be quiet before it knows what was written.
const LAG: Duration = Duration::from_millis(50);
/// One sync sends no more requests than this, whatever goes wrong: four tries of each, and what is looked at after a failure.
const MOST: u64 = 400;

type Names = BTreeSet<String>;

/// How a device opens the drive.
pub type Open = dyn Fn(Arc<FaultyHttp>, Arc<dyn Runtime>, &Layout) -> Result<Arc<dyn Drive>>;

struct Device {
    http: Arc<FaultyHttp>,
    application: Arc<MemoryApplication>,
    client: Client,
}

fn names(body: &[u8]) -> Names {
    let object: BTreeMap<String, Names> = serde_json::from_slice(body).unwrap();
    object.into_values().next().unwrap()
}

fn body(names: &Names) -> Vec<u8> {
    serde_json::to_vec(&BTreeMap::from([("names", names)])).unwrap()
}

impl Device {
    async fn open(open: &Open, seed: u64, layout: Layout, faults: Faults) -> Result<Self> {
        let (http, runtime) = (Arc::new(FaultyHttp::new(faults, seed)?), Arc::new(FastRuntime::default()));
        let drive = open(http.clone(), runtime.clone(), &layout)?;
        let application = Arc::new(MemoryApplication::new());
        let options = Options { layout, ..Options::new(runtime) };
        let client = Client::open(application.clone(), Arc::new(MemoryState::new()), drive, options).await?;
        Ok(Self { http, application, client })
    }

    async fn edit(&self, id: &str, name: String) -> Result<()> {
        let mut all = self.application.body(id).map(|body| names(&body)).unwrap_or_default();
        all.insert(name);
        self.client.queue_change(self.application.put(id, body(&all))?).await
    }

    /// Syncs, whatever becomes of it.
    async fn try_sync(&self) -> Result<bool> {
        let report = self.client.sync(SyncOptions::default()).await;
        let sent = self.http.sent();
        assert!(sent <= MOST, "one sync has sent {sent} requests");
        let report = report?;
        self.settle_conflicts().await?;
        let is_quiet = report.pushed + report.pulled + report.deleted == 0 && report.conflicts.is_empty() && report.skipped.is_empty();
        Ok(is_quiet)
    }

    async fn settle_conflicts(&self) -> Result<()> {
        for seen in self.client.conflicts().await? {
            let versions = self.client.versions(seen.id.clone()).await?;
            let known = |side: Option<Document>| match side.map(|side| side.body) {
                Some(Body::Whole(bytes)) => names(&bytes),
                _ => Names::new(),
            };
            let all: Names = known(versions.local).into_iter().chain(known(versions.remote)).collect();
            let body = body(&all);
            self.client.resolve(seen, Resolution::Merged { revision: Revision::of(&body), body: body.into() }).await?;
        }
        Ok(())
    }

    fn documents(&self) -> BTreeMap<String, Names> {
        let one = |n: usize| self.application.body(&format!("d{n}")).map(|body| (format!("d{n}"), names(&body)));
        (0..DOCUMENTS).filter_map(one).collect()
    }
}

struct Play {
    devices: Vec<Device>,
    written: BTreeMap<String, Names>,
    failed: u64,
    /// Whether all sync at the same time, or one after the other.
    at_once: bool,
}

impl Play {
    async fn begin(open: &Open, seed: u64, layout: fn() -> Layout, faults: Faults) -> Result<Self> {
        let devices = join_all((0..DEVICES as u64).map(|n| Device::open(open, seed * 10 + n, layout(), faults))).await;
        Ok(Self {
            devices: devices.into_iter().collect::<Result<_>>()?,
            written: BTreeMap::new(),
            failed: 0,
            at_once: faults == Faults::All,
        })
    }

    async fn round(&mut self, round: usize) -> Result<()> {
        for (n, device) in self.devices.iter().enumerate() {
            let id = format!("d{}", (round + n * round) % DOCUMENTS);
            let name = format!("round {round} of {n}");
            device.edit(&id, name.clone()).await?;
            self.written.entry(id).or_default().insert(name);
        }
        self.turn(true);
        let answers = if self.at_once {
            join_all(self.devices.iter().map(Device::try_sync)).await
        } else {
            stream::iter(&self.devices).then(Device::try_sync).collect().await
        };
        self.failed += answers.iter().filter(|answer| answer.is_err()).count() as u64;
        self.turn(false);
        Ok(())
    }

    fn turn(&self, on: bool) {
        self.devices.iter().for_each(|device| device.http.turn(on));
    }

    /// Syncs one after the other by a network that works, until nothing happens any more.
    async fn settle(&self) {
        let (mut last, mut was_quiet) = (String::new(), false);
        for _ in 0..PASSES {
            let mut is_quiet = true;
            for device in &self.devices {
                match device.try_sync().await {
                    Ok(quiet) => is_quiet &= quiet,
                    // A request that is still on its way, or a lock that one has left, which is dead after two minutes.
                    Err(e) => {
                        (is_quiet, last) = (false, e.to_string());
                        Timer::after(Duration::from_millis(50)).await;
                    }
                }
            }
            if is_quiet && was_quiet {
                return;
            }
            if is_quiet {
                Timer::after(LAG).await;
            }
            was_quiet = is_quiet;
        }
        panic!("it is not quiet after {PASSES} passes; the last error was: {last}");
    }

    fn nothing_lost(&self, seed: u64) {
        for (n, device) in self.devices.iter().enumerate() {
            let found = device.documents();
            assert_eq!(found, self.written, "seed {seed}: device {n} does not have what was written");
        }
    }
}

/// Plays each seed on a storage of its own, which `place` makes empty, and of which it says how a device opens it.
///
/// # Panics
/// If an edit is lost, a sync sends too many requests, or the faults have shown nothing.
pub fn play(place: impl Fn() -> Result<Box<Open>>, layout: fn() -> Layout, faults: Faults, seeds: Range<u64>) {
    let text = env::var("KITE_FAULTS_SEEDS").unwrap_or_default();
    let given = text.split_once("..").map(|(from, to)| from.parse().unwrap()..to.parse().unwrap());
    let (mut failed, mut synced) = (0, 0);
    for seed in given.unwrap_or(seeds) {
        let open = place().unwrap();
        block_on(async {
            let mut play = Play::begin(&*open, seed, layout, faults).await.unwrap();
            for round in 0..ROUNDS {
                play.round(round).await.unwrap();
                if round % 3 == 2 {
                    play.settle().await;
                    play.nothing_lost(seed);
                }
            }
            failed += play.failed;
            synced += (ROUNDS * DEVICES) as u64;
        });
    }
    let what = if matches!(layout(), Layout::Classic(_)) { "classic" } else { "journal" };
    println!("{what}: {failed} of {synced} syncs failed by the faults");
    assert!(failed > 0 && failed < synced, "this has shown nothing");
}

/// The journal layout.
pub fn journal() -> Layout {
    Layout::Journal(JournalOptions::default())
}

/// The classic layout.
pub fn classic() -> Layout {
    Layout::Classic(ClassicOptions::default())
}
