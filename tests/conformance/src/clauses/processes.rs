//! Several processes on one storage: D31, D41. The test binary starts itself again, and [`play`] is what it does then.

use super::{clauses, races::count_up};
use crate::{Caller, Check, Stage, Stop, stage::wait_until};
use kitestring::{
    Drive, DrivePath, ErrorKind,
    drive::{Condition, PutFile},
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::Arc,
};

clauses![
    d31_what_a_killed_process_was_told_is_there,
    d41_of_sixteen_processes_one_creates: Create,
    d41_five_processes_count_to_fifty: Replace,
];

/// Does what a test wants of this process.
pub(crate) fn play(part: &str, drive: Arc<dyn Drive>, folder: &Path) -> Check {
    let caller = Caller(drive);
    match part {
        "write" => return write(&caller),
        _ => start_together(folder)?,
    }
    match part {
        "create" => create(&caller, folder),
        "count" => count_up(&caller, 10),
        _ => Err(Stop::Broken(format!("no test plays {part}"))),
    }
}

/// Says that this process is there, and waits until all of them are let go at once.
fn start_together(folder: &Path) -> Check {
    fs::write(folder.join(format!("ready-{}", std::process::id())), "")?;
    wait_until("the others are there", || folder.join("go").exists())
}

fn marks(folder: &Path, prefix: &str) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|e| e.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect()
}

/// Starts this many processes, lets them go at once and waits for them.
fn race(stage: &Stage<'_>, part: &str, folder: &Path, racers: usize) -> Check {
    let start = |_| Ok(stage.process(part, folder)?.stdout(Stdio::null()).spawn()?);
    let children = (0..racers).map(start).collect::<Check<Vec<Child>>>()?;
    wait_until("every process is there", || marks(folder, "ready-").len() == racers)?;
    fs::write(folder.join("go"), "")?;
    for mut child in children {
        ensure!(child.wait()?.success(), "a process failed");
    }
    Ok(())
}

fn create(caller: &Caller, folder: &Path) -> Check {
    let own = std::process::id().to_string();
    match caller.put("slots/1", &own, Condition::Absent) {
        Ok(_) => Ok(fs::write(folder.join(format!("won-{own}")), "")?),
        Err(e) if e.kind == ErrorKind::Condition => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn d41_of_sixteen_processes_one_creates(stage: &Stage<'_>) -> Check {
    let folder = tempfile::tempdir()?;
    race(stage, "create", folder.path(), 16)?;
    let won = marks(folder.path(), "won-");
    ensure!(won.len() == 1, "{} of 16 processes have created the same file", won.len());
    ensure!(Some(stage.caller().bytes("slots/1")?) == won.first().map(|w| w.clone().into_bytes()), "the winner's content is not there");
    Ok(())
}

fn d41_five_processes_count_to_fifty(stage: &Stage<'_>) -> Check {
    let folder = tempfile::tempdir()?;
    stage.caller().put("counter", "0", Condition::Any)?;
    race(stage, "count", folder.path(), 5)?;
    let end = stage.caller().bytes("counter")?;
    ensure!(end == b"50", "five processes added ten each, and the end is {}", String::from_utf8_lossy(&end));
    Ok(())
}

fn content(n: u64) -> Vec<u8> {
    n.to_le_bytes().repeat(2000)
}

/// Writes batches, and says after each that it was acknowledged, until somebody ends it.
fn write(caller: &Caller) -> Check {
    for n in 0_u64.. {
        let file = |k: u64| Ok(PutFile { path: DrivePath::new(format!("d/{n}-{k}"))?, bytes: content(n), condition: Condition::Any });
        let files = (0..3).map(file).collect::<kitestring::Result<Vec<_>>>()?;
        caller.put_many(files).into_iter().collect::<kitestring::Result<Vec<_>>>()?;
        println!("{n}");
    }
    Ok(())
}

fn d31_what_a_killed_process_was_told_is_there(stage: &Stage<'_>) -> Check {
    let folder = tempfile::tempdir()?;
    for round in 0..3 {
        let mut child = stage.process("write", folder.path())?.stdout(Stdio::piped()).spawn()?;
        let mut told = None;
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(|| Stop::Broken("a process has no output".to_owned()))?).lines();
        for line in lines.by_ref() {
            told = line?.parse::<u64>().ok().or(told);
            if told >= Some(4 + round * 3) {
                child.kill()?;
                break;
            }
        }
        // What it had said before it died counts as well.
        told = lines.map_while(Result::ok).filter_map(|line| line.parse().ok()).last().or(told);
        child.wait()?;
        let caller = stage.another()?;
        for n in 0..=told.unwrap_or_default() {
            for k in 0..3 {
                ensure!(caller.bytes(&format!("d/{n}-{k}"))? == content(n), "batch {n} was acknowledged, and a file of it is not there");
            }
        }
        for name in caller.names("d")? {
            let whole = caller.bytes(&format!("d/{name}"))?.len() == content(0).len();
            ensure!(whole, "a process was killed, and {name} is half a file");
        }
        caller.put("d/0-0", content(0), Condition::Any)?;
    }
    Ok(())
}
