//! The table of results.

use crate::memory::MOST_GROWTH_KIB;
use std::{fmt::Write as _, time::Duration};

/// One result.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    ours: String,
    peer: String,
    ratio: String,
    target: String,
    failed: bool,
}

impl Row {
    /// A time beside the peer's; `times` is how many times as fast we aim to be. It never fails.
    pub fn times(what: String, ours: Duration, peer: Duration, times: f64) -> Self {
        let ratio = peer.as_secs_f64() / ours.as_secs_f64().max(f64::MIN_POSITIVE);
        let reached = if ratio >= times { "" } else { " (not reached)" };
        let target = format!("≥ {times} ×{reached}");
        Self { what, ours: seconds(ours), peer: seconds(peer), ratio: format!("{ratio:.1} ×"), target, failed: false }
    }

    /// A number of requests; it fails above `most`.
    pub fn count(what: String, ours: u64, most: u64) -> Self {
        let target = format!("≤ {most}");
        Self { what, ours: ours.to_string(), peer: "–".into(), ratio: "–".into(), target, failed: ours > most }
    }

    /// A peak of memory that grew from `small` to `large` KiB; it fails if it grew too much.
    pub fn growth(what: String, small: u64, large: u64) -> Self {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let growth = large.saturating_sub(small);
        let ours = format!("{:.1} → {:.1} MiB", mib(small), mib(large));
        let target = format!("growth < {} MiB", MOST_GROWTH_KIB / 1024);
        Self { what, ours, peer: "–".into(), ratio: format!("+{:.1} MiB", mib(growth)), target, failed: growth >= MOST_GROWTH_KIB }
    }

    /// Returns whether the result breaks what is asserted.
    pub fn failed(&self) -> bool {
        self.failed
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Writes the rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| measure | kitestring | db-to-cloud 0.8.1 | ratio | target |\n|-|-|-|-|-|\n");
    for r in rows {
        let mark = if r.failed { " **FAILED**" } else { "" };
        let _ = writeln!(text, "| {} | {} | {} | {} | {}{mark} |", r.what, r.ours, r.peer, r.ratio, r.target);
    }
    text
}
