//! What happened, as lines for people and as a hash for comparison.

use crate::faults::Fault;
use std::time::Duration;

/// One call of a port.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// The number of the step.
    pub number: u64,
    /// Virtual time since the start.
    pub at: Duration,
    /// Which client, from 0.
    pub seat: usize,
    /// Which port: `drive`, `state` or `app`.
    pub port: &'static str,
    /// Which method.
    pub call: &'static str,
    /// What it was about: a path, keys, ids.
    pub subject: &'a str,
    /// What the port answered.
    pub outcome: &'a str,
    /// What was injected.
    pub fault: Option<Fault>,
}

/// The trace of a run. Lines are kept only if asked for; the hash always covers all of them.
#[derive(Debug, Clone)]
pub struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Makes an empty trace.
    pub fn new(keep_lines: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: keep_lines.then(Vec::new) }
    }

    /// Records a step.
    pub fn step(&mut self, step: &Step<'_>) {
        self.mix(&step.number.to_le_bytes());
        self.mix(&step.at.as_nanos().to_le_bytes());
        self.mix(&[u8::try_from(step.seat).unwrap_or(u8::MAX), step.fault.map_or(0, |f| f as u8 + 1)]);
        for text in [step.port, step.call, step.subject, step.outcome] {
            self.mix(text.as_bytes());
        }
        if let Some(lines) = &mut self.lines {
            let fault = step.fault.map_or(String::new(), |f| format!(" !{f}"));
            let (seconds, client) = (step.at.as_secs_f64(), step.seat + 1);
            let Step { number, port, call, subject, outcome, .. } = step;
            lines.push(format!("{number:6} {seconds:.3}s c{client} {port} {call} {subject} -> {outcome}{fault}"));
        }
    }

    /// Records a line of the driver.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("-- {}", line()));
        }
    }

    /// Returns the hash of everything so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the lines, none if they were not kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// FNV-1a: any change of any byte shows.
    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.hash = (self.hash ^ 0xff).wrapping_mul(0x0000_0100_0000_01b3);
    }
}
