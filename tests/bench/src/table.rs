//! The table of results.

use std::{fmt::Write as _, time::Duration};

/// What stands below the table.
pub const NOTES: &str = "Both sides run on the same disk, with the same notes, in turns; the better of the runs counts. \
    On the folder, ours makes every batch durable and the peer does not. In memory, each run has a process of its own. \
    Requests, bytes and the heap are asserted, times are not.";

const NONE: &str = "–";

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
    /// A result without peer, ratio and target.
    pub fn plain(what: impl Into<String>, ours: impl Into<String>) -> Self {
        let none = || NONE.to_owned();
        Self { what: what.into(), ours: ours.into(), peer: none(), ratio: none(), target: none(), failed: false }
    }

    /// A result beside the peer's, without a target.
    pub fn beside(what: impl Into<String>, ours: impl Into<String>, peer: impl Into<String>) -> Self {
        Self { peer: peer.into(), ..Self::plain(what, ours) }
    }

    /// A time beside the peer's; `times` is how many times as fast we aim to be.
    pub fn times(what: impl Into<String>, ours: Duration, peer: Duration, times: f64) -> Self {
        let ratio = divided(peer, ours);
        Self::beside(what, time(ours), time(peer)).rated(format!("{ratio:.1} ×")).aimed(format!("≥ {times} ×"), ratio >= times)
    }

    /// A time beside the peer's; `most` is which part of the peer's we aim at, if any.
    pub fn part(what: impl Into<String>, ours: Duration, peer: Duration, most: Option<f64>) -> Self {
        let ratio = divided(ours, peer);
        let row = Self::beside(what, time(ours), time(peer)).rated(format!("{ratio:.2}"));
        match most {
            Some(most) => row.aimed(format!("≤ {most}"), ratio <= most),
            None => row,
        }
    }

    /// A time by itself; we aim to be under `most`.
    pub fn within(what: impl Into<String>, ours: Duration, most: Duration) -> Self {
        Self::plain(what, time(ours)).aimed(format!("≤ {}", time(most)), ours <= most)
    }

    /// A number that repeats exactly; it fails above `most`.
    pub fn count(what: impl Into<String>, ours: u64, most: u64) -> Self {
        Self::plain(what, ours.to_string()).asserted(format!("≤ {most}"), ours <= most)
    }

    /// Bytes beside the peer's, as a part of the raw bytes; it fails above the part `most`.
    pub fn wire(what: impl Into<String>, ours: u64, peer: u64, raw: u64, most: f64) -> Self {
        let ratio = ours as f64 / raw as f64;
        Self::beside(what, bytes(ours), bytes(peer)).rated(format!("{ratio:.2} of raw")).asserted(format!("≤ {most:.2}"), ratio <= most)
    }

    /// Adds what the two numbers give.
    #[must_use]
    pub fn rated(self, ratio: impl Into<String>) -> Self {
        Self { ratio: ratio.into(), ..self }
    }

    /// Adds a target that may be missed.
    #[must_use]
    pub fn aimed(self, target: impl std::fmt::Display, reached: bool) -> Self {
        let target = format!("{target}, {}", if reached { "reached" } else { "not reached" });
        Self { target, ..self }
    }

    /// Adds a target that fails the run if it is missed.
    #[must_use]
    pub fn asserted(self, target: impl std::fmt::Display, reached: bool) -> Self {
        let target = format!("{target}, {}", if reached { "reached" } else { "**FAILED**" });
        Self { target, failed: !reached, ..self }
    }

    /// Returns whether the result breaks what is asserted.
    pub fn failed(&self) -> bool {
        self.failed
    }
}

fn divided(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Writes a time in seconds, or in milliseconds below one.
pub fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        1000.0.. => format!("{:.2} s", ms / 1000.0),
        10.0.. => format!("{ms:.0} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

/// Writes bytes in decimal units, as the research on the peers does.
pub fn bytes(count: u64) -> String {
    match count {
        1_000_000.. => format!("{:.2} MB", count as f64 / 1e6),
        1_000.. => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{count} B"),
    }
}

/// Writes the rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| measure | kitestring | db-to-cloud 0.8.1 | ratio | target |\n|-|-|-|-|-|\n");
    for r in rows {
        let _ = writeln!(text, "| {} | {} | {} | {} | {} |", r.what, r.ours, r.peer, r.ratio, r.target);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_count_fails_and_a_missed_time_does_not() {
        assert!(Row::count("n", 4, 3).failed() && !Row::count("n", 3, 3).failed());
        assert!(Row::wire("w", 41, 90, 100, 0.4).failed() && !Row::wire("w", 40, 90, 100, 0.4).failed());
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        let missed = Row::times("t", two, one, 2.0);
        assert!(!missed.failed() && missed.target.ends_with("not reached"));
        assert!(Row::part("t", one, two, Some(0.5)).target.ends_with(", reached"));
    }
}
