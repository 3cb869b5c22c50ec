//! One stage of the test run: it has a name, takes a time, and ends with a count of tests.

use crate::{Result, count::Count, heard::heard};
use std::{
    process::Command,
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

/// Stages to come, one after the other.
pub(crate) type Lane = Vec<(&'static str, Command)>;

/// Every stage so far.
#[derive(Debug, Default)]
pub(crate) struct Stages(Vec<Done>);

impl Stages {
    /// Runs a command as a stage; a failure does not stop the stages after it.
    pub(crate) fn command(&mut self, name: &'static str, command: Command) -> bool {
        self.stage(name, |count| {
            heard(command, |line| {
                println!("{line}");
                count.read(line);
            })
        })
    }

    /// Runs a function as a stage.
    pub(crate) fn function(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        self.stage(name, |_| work())
    }

    /// Runs lanes of stages beside each other, and those of a lane one after the other. What a stage says comes whole, once it
    /// has ended.
    pub(crate) fn beside(&mut self, lanes: Vec<Lane>) {
        thread::scope(|scope| {
            let lanes: Vec<_> = lanes.into_iter().map(|lane| scope.spawn(|| lane.into_iter().map(whole).collect::<Vec<Done>>())).collect();
            for lane in lanes {
                self.0.extend(lane.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
            }
        });
    }

    fn stage(&mut self, name: &'static str, work: impl FnOnce(&mut Count) -> Result<()>) -> bool {
        println!("\n== {name}");
        let (done, end) = timed(name, work);
        println!("{end}");
        let succeeded = done.succeeded;
        self.0.push(done);
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

/// Runs a stage whose lines are kept until its end.
fn whole((name, command): (&'static str, Command)) -> Done {
    let mut said = String::new();
    let (done, end) = timed(name, |count| {
        heard(command, |line| {
            said.push_str(line);
            said.push('\n');
            count.read(line);
        })
    });
    println!("\n== {name}\n{said}{end}");
    done
}

/// Does the work of a stage, and returns with it the last lines that are said of it.
fn timed(name: &'static str, work: impl FnOnce(&mut Count) -> Result<()>) -> (Done, String) {
    let (start, mut count) = (Instant::now(), Count::default());
    let result = work(&mut count);
    let time = start.elapsed();
    let succeeded = result.is_ok() && count.failed == 0;
    let why = result.err().map(|e| e + "\n").unwrap_or_default();
    let end = format!("{why}== {name}: {} in {:.1} s", verdict(succeeded), time.as_secs_f64());
    (Done { name, time, count: count.of_stage(succeeded), succeeded }, end)
}

fn verdict(succeeded: bool) -> &'static str {
    if succeeded { "ok" } else { "FAILED" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn shell(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    }

    #[test]
    fn lanes_go_beside_each_other_and_every_stage_counts() {
        let folder = empty_folder();
        let (first, second) = (folder.join("first"), folder.join("second"));
        // Each lane waits for the other.
        let meet = |mine: &Path, other: &Path, says: &str| {
            let (mine, other) = (mine.display(), other.display());
            shell(&format!(
                "touch {mine}; for _ in $(seq 100); do [ -f {other} ] && break; sleep 0.1; done; [ -f {other} ] && echo '{says}'"
            ))
        };
        let mut stages = Stages::default();
        stages.beside(vec![
            vec![("first", meet(&first, &second, "# pass 2"))],
            vec![("second", meet(&second, &first, "# pass 3")), ("third", shell("echo '# fail 1'")), ("fourth", shell("exit 1"))],
        ]);
        std::fs::remove_dir_all(folder).unwrap();
        let counts: Vec<_> = stages.0.iter().map(|done| (done.name, done.count.passed, done.count.failed, done.succeeded)).collect();
        assert_eq!(counts, [("first", 2, 0, true), ("second", 3, 0, true), ("third", 0, 1, false), ("fourth", 0, 1, false)]);
        assert!(!stages.conclude());
    }

    fn empty_folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kitestring-stages-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}
