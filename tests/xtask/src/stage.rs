//! One stage of the test run: it has a name, takes a time, and ends with a count of tests.

use crate::{Result, count::Count, silence::next_line};
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

/// What a stage did.
#[derive(Debug)]
pub(crate) struct Done {
    name: &'static str,
    time: Duration,
    count: Count,
    succeeded: bool,
}

/// Every stage so far.
#[derive(Debug, Default)]
pub(crate) struct Stages(Vec<Done>);

impl Stages {
    /// Runs a command as a stage; a failure does not stop the stages after it.
    pub(crate) fn command(&mut self, name: &'static str, command: Command) -> bool {
        self.stage(name, |count| watched(command, count))
    }

    /// Runs a function as a stage.
    pub(crate) fn function(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        self.stage(name, |_| work())
    }

    fn stage(&mut self, name: &'static str, work: impl FnOnce(&mut Count) -> Result<()>) -> bool {
        println!("\n== {name}");
        let (start, mut count) = (Instant::now(), Count::default());
        let result = work(&mut count);
        let time = start.elapsed();
        if let Err(e) = &result {
            println!("{e}");
        }
        let succeeded = result.is_ok() && count.failed == 0;
        println!("== {name}: {} in {:.1} s", verdict(succeeded), time.as_secs_f64());
        self.0.push(Done { name, time, count: count.of_stage(succeeded), succeeded });
        succeeded
    }

    /// Prints the table of stages, then the sum alone on the last line, and returns whether nothing failed.
    pub(crate) fn conclude(self) -> bool {
        println!("\n{:<40} {:>9} {:>8} {:>8}", "stage", "seconds", "passed", "failed");
        let mut sum = Count::default();
        for done in &self.0 {
            let mark = if done.succeeded { "" } else { "  FAILED" };
            let Count { passed, failed } = done.count;
            println!("{:<40} {:>9.1} {passed:>8} {failed:>8}{mark}", done.name, done.time.as_secs_f64());
            sum.passed += passed;
            sum.failed += failed;
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        sum.failed == 0
    }
}

fn verdict(succeeded: bool) -> &'static str {
    if succeeded { "ok" } else { "FAILED" }
}

/// Runs a command, passes its output on line by line, and reads the counts in it.
fn watched(mut command: Command, count: &mut Count) -> Result<()> {
    let failed = |command: &Command, e: &dyn std::fmt::Display| format!("{command:?}: {e}");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| failed(&command, &e))?;
    if let Some(out) = child.stdout.take() {
        let (said, lines) = channel();
        thread::spawn(move || BufReader::new(out).split(b'\n').map_while(std::result::Result::ok).try_for_each(|line| said.send(line)));
        while let Some(line) = next_line(&lines, &child) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            count.read(&line);
        }
    }
    let status = child.wait().map_err(|e| failed(&command, &e))?;
    if status.success() { Ok(()) } else { Err(failed(&command, &status)) }
}
