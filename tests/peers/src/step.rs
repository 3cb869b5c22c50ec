//! The steps of the workload, and what each costs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often W6 saves each of its documents.
pub const SAVES: u64 = 100;

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
    /// B syncs, and keeps its own side of the conflicts where it is asked.
    W4Second,
    /// A syncs again.
    W4Third,
    /// A syncs, and there is nothing to do.
    W5,
    /// A saves a hundred documents a hundred times each, without a sync.
    W6Save,
    /// A syncs.
    W6Push,
    /// B syncs.
    W6Pull,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::W1,
        Self::W2,
        Self::W3Push,
        Self::W3Pull,
        Self::W4First,
        Self::W4Second,
        Self::W4Third,
        Self::W5,
        Self::W6Save,
        Self::W6Push,
        Self::W6Pull,
    ];

    /// Returns the word by which a client is told to take it.
    pub fn word(self) -> &'static str {
        match self {
            Self::W1 => "w1",
            Self::W2 => "w2",
            Self::W3Push => "w3_push",
            Self::W3Pull => "w3_pull",
            Self::W4First => "w4_first",
            Self::W4Second => "w4_second",
            Self::W4Third => "w4_third",
            Self::W5 => "w5",
            Self::W6Save => "w6_save",
            Self::W6Push => "w6_push",
            Self::W6Pull => "w6_pull",
        }
    }

    /// Returns the head of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::W1 => "W1 push",
            Self::W2 => "W2 pull",
            Self::W3Push => "W3 push",
            Self::W3Pull => "W3 pull",
            Self::W4First => "W4 A",
            Self::W4Second => "W4 B",
            Self::W4Third => "W4 A again",
            Self::W5 => "W5 idle",
            Self::W6Save => "W6 saves",
            Self::W6Push => "W6 push",
            Self::W6Pull => "W6 pull",
        }
    }
}

/// What a step costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Wall time, in milliseconds.
    pub wall_ms: f64,
    /// User and system time of the client, in milliseconds.
    pub cpu_ms: f64,
    /// Requests to the drive or the server.
    pub requests: u64,
    /// Bytes to it: of contents, or all of them where a relay counts.
    pub up: u64,
    /// And back.
    pub down: u64,
}

/// What one run gave.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    /// Every step that ended.
    pub steps: BTreeMap<Step, Cost>,
    /// Bytes on the drive after W1.
    pub stored_first: u64,
    /// And at the end.
    pub stored_last: u64,
    /// The most memory that a process of the client had, in KiB; both devices are in it.
    pub peak_kib: u64,
    /// The step that took too long, or before which it was given up.
    pub cut: Option<Cut>,
}

/// Why a run has not all steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Where it ended.
    pub at: Step,
    /// One sentence.
    pub why: String,
}

/// Returns the runs as one: medians of times, and what is counted as the last one counted it.
pub fn median(runs: &[Run]) -> Option<Run> {
    let mut one = runs.last()?.clone();
    for (step, cost) in &mut one.steps {
        let all = |of: fn(&Cost) -> f64| middle(runs.iter().filter_map(|run| run.steps.get(step)).map(of).collect());
        (cost.wall_ms, cost.cpu_ms) = (all(|cost| cost.wall_ms), all(|cost| cost.cpu_ms));
    }
    one.peak_kib = middle(runs.iter().map(|run| run.peak_kib as f64).collect()) as u64;
    Some(one)
}

/// Returns the one in the middle, or the lower of two.
fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get((numbers.len().saturating_sub(1)) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_no_mean() {
        let run = |wall_ms| Run { steps: [(Step::W1, Cost { wall_ms, ..Cost::default() })].into(), ..Run::default() };
        let one = median(&[run(900.0), run(2.0), run(1.0)]).unwrap_or_default();
        assert_eq!(one.steps.get(&Step::W1).map(|cost| cost.wall_ms), Some(2.0));
    }

    #[test]
    fn words_are_what_is_written_in_results() {
        for step in Step::ALL {
            assert_eq!(serde_json::to_string(&step).unwrap_or_default(), format!("\"{}\"", step.word()));
        }
    }
}
