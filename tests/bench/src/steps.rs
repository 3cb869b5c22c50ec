//! The steps W1 to W6 of the workload, on a drive in memory with states in memory: what remains is the client's own work.

use crate::{
    Result,
    cost::{Cost, Stopwatch},
    device::Device,
    layout::Measured,
};
use kitestring::{MemoryDrive, MemoryState, SyncOptions};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// How often W6 edits each of its documents before a sync.
pub const EDITS: u64 = 100;
/// How many documents W6 edits.
pub const EDITED: u64 = 100;

/// One sync, or what belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A pushes everything to an empty drive.
    W1,
    /// B, empty, pulls everything.
    W2,
    /// A pushes one edit.
    W3Push,
    /// B pulls it.
    W3Pull,
    /// A and B edit a hundred documents each, ten of them both; A syncs.
    W4First,
    /// B syncs; it keeps its own side of the conflicts, which takes ours a second sync: a person is asked.
    W4Second,
    /// A syncs again.
    W4Third,
    /// A syncs, and there is nothing to do.
    W5,
    /// A edits a hundred documents a hundred times each, and syncs.
    W6Push,
    /// B syncs.
    W6Pull,
}

/// What a run of all steps gave.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    /// The cost of each step; of W6 that of the first time.
    pub steps: BTreeMap<Step, Cost>,
    /// The bytes of all files on the drive after W1, before W6, and after each time of W6.
    pub stored: Vec<u64>,
}

impl Run {
    /// Returns the lower times of two runs.
    #[must_use]
    pub fn better(self, later: Self) -> Self {
        let better = |(step, cost)| (step, self.steps.get(&step).copied().unwrap_or(cost).better(cost));
        Self { steps: later.steps.into_iter().map(better).collect(), stored: later.stored }
    }

    /// Returns the cost of a step.
    ///
    /// # Errors
    /// If it did not take place.
    pub fn cost(&self, step: Step) -> Result<Cost> {
        self.steps.get(&step).copied().ok_or_else(|| format!("the step {step:?} did not take place").into())
    }
}

/// Runs all steps with `count` notes, at least 290 of them; W6 `times` times.
///
/// # Errors
/// Those of a sync, and if A and B do not end up the same.
pub async fn run(layout: Measured, count: u64, times: u64) -> Result<Run> {
    let drive = Arc::new(MemoryDrive::new());
    let a = Device::new(layout, Arc::new(MemoryState::default()), drive.clone()).await?;
    let b = Device::new(layout, Arc::new(MemoryState::default()), drive.clone()).await?;
    let stored = || drive.contents().values().map(|bytes| bytes.len() as u64).sum();
    let mut run = Run::default();

    let changes = a.host.edit(0..count, 0)?;
    let watch = Stopwatch::start();
    a.client.queue_changes(changes).await?;
    let pushed = watch.stop(&a.client.sync(SyncOptions::default()).await?);
    run.steps.insert(Step::W1, pushed);
    run.stored.push(stored());
    run.steps.insert(Step::W2, b.sync().await?);

    a.edit(7..8, 1).await?;
    run.steps.insert(Step::W3Push, a.sync().await?);
    run.steps.insert(Step::W3Pull, b.sync().await?);

    a.edit(100..200, 1).await?;
    b.edit(190..290, 2).await?;
    run.steps.insert(Step::W4First, a.sync().await?);
    let found = b.sync().await?;
    if b.keep_local().await? != 10 {
        return Err("W4 has ten conflicts".into());
    }
    run.steps.insert(Step::W4Second, found + b.sync().await?);
    run.steps.insert(Step::W4Third, a.sync().await?);

    run.steps.insert(Step::W5, a.sync().await?);

    run.stored.push(stored());
    for time in 0..times {
        let (push, pull) = (edit_often(&a, time).await?, b.sync().await?);
        run.steps.entry(Step::W6Push).or_insert(push);
        run.steps.entry(Step::W6Pull).or_insert(pull);
        run.stored.push(stored());
    }
    if a.host.documents() != b.host.documents() || a.host.len() as u64 != count {
        return Err("A and B do not have the same documents".into());
    }
    Ok(run)
}

/// W6 on A: the edits come one by one, as a person saves. Making the notes is not our work and not timed.
async fn edit_often(a: &Device, time: u64) -> Result<Cost> {
    let mut spent = Cost::default();
    for round in 1..=EDITS {
        // Document 7 is one version ahead since W3; versions only grow.
        let changes = a.host.edit(0..EDITED, 1 + time * EDITS + round)?;
        let watch = Stopwatch::start();
        for change in changes {
            a.client.queue_change(change).await?;
        }
        spent = spent + watch.time();
    }
    Ok(spent + a.sync().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_takes_place() {
        let run = async_io::block_on(run(Measured::Classic, 300, 2)).unwrap();
        assert_eq!((run.steps.len(), run.stored.len()), (10, 4));
        assert_eq!(run.cost(Step::W5).unwrap().requests.total(), 1);
    }
}
