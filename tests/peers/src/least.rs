//! The least that each step can cost: requests to a drive that can replace one file under a condition, and what the libraries alone
//! need on this machine, measured in the same run.

use crate::step::{Cost, Run, Step};
use bench::{Result, parts};
use std::time::Duration;

const TURNS: usize = 5;

/// What so many documents take at least.
#[derive(Debug, Clone, Copy)]
struct Packed {
    push_ms: f64,
    pull_ms: f64,
    bytes: u64,
}

/// Compresses and hashes so many documents, and the other way round; the best of a few turns.
fn packed(count: u64) -> Result<Packed> {
    let mut best = parts::measure(count)?;
    for _ in 1..TURNS {
        best = best.better(parts::measure(count)?);
    }
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(Packed { push_ms: ms(best.compress + best.hash), pull_ms: ms(best.decompress + best.hash), bytes: best.packed })
}

/// Returns it as a run: each pushed batch is a file of its own and a new head, each pull reads the head and a file.
///
/// # Errors
/// Those of the libraries.
pub fn run(count: u64, wait: Duration) -> Result<Run> {
    let (all, hundred, one) = (packed(count)?, packed(100)?, packed(1)?);
    // No step of a push or a pull can be sent before the one before it was answered.
    let cost = |requests: u64, cpu_ms: f64, up: u64, down: u64| {
        let wall_ms = wait.as_secs_f64() * 1000.0 * requests as f64 + cpu_ms;
        Cost { wall_ms, cpu_ms, requests, up, down }
    };
    let push = |of: Packed| cost(2, of.push_ms, of.bytes, 0);
    let pull = |of: Packed| cost(2, of.pull_ms, 0, of.bytes);
    let steps = [
        (Step::W1, push(all)),
        (Step::W2, pull(all)),
        (Step::W3Push, push(one)),
        (Step::W3Pull, pull(one)),
        (Step::W4First, push(hundred)),
        (Step::W4Second, cost(4, hundred.push_ms + hundred.pull_ms, hundred.bytes, hundred.bytes)),
        (Step::W4Third, pull(hundred)),
        (Step::W5, cost(1, 0.0, 0, 0)),
        (Step::W6Save, Cost::default()),
        (Step::W6Push, push(hundred)),
        (Step::W6Pull, pull(hundred)),
    ];
    Ok(Run { steps: steps.into(), stored_first: all.bytes, stored_last: all.bytes, ..Run::default() })
}
