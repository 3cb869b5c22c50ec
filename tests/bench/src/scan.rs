//! What `kite` spends on looking at a folder in which nothing has changed.

use crate::{Result, cost::children_cpu, table::Row};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const WHAT: &str = "`kite sync`, nothing to do: CPU of the scan";
/// The most for one file.
const MOST: Duration = Duration::from_micros(5);
const TURNS: u32 = 5;
/// A file that was hashed sooner than two seconds after its change is read once more: that is no idle sync yet.
const SETTLED: Duration = Duration::from_millis(2_500);
const FILES_A_FOLDER: u64 = 100;

/// Measures the program that lies beside `program`, on `count` small files. What a folder of one file costs is the rest
/// of a sync, and not the scan's.
///
/// # Errors
/// If the files cannot be made, or a sync fails.
pub fn row(program: &Path, count: u64, work: &Path) -> Result<Row> {
    let kite = program.with_file_name("kite");
    if !kite.is_file() {
        return Ok(Row::plain(WHAT, "skipped: `cargo build --release -p kitestring-cli` makes the program"));
    }
    let place = tempfile::tempdir_in(work)?;
    let alone = idle(&kite, 1, &place.path().join("one"))?;
    let all = idle(&kite, count, &place.path().join("all"))?;
    let each = all.saturating_sub(alone).div_f64(count as f64);
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(Row::plain(format!("{WHAT}, {count} files"), format!("{:.1} µs a file", us(each)))
        .rated(format!("{:.0} ms in all", all.as_secs_f64() * 1000.0))
        .aimed(format!("≤ {:.0} µs", us(MOST)), each <= MOST))
}

/// Returns the mean CPU of a sync with nothing to do: the clock of child processes is too coarse for one.
fn idle(kite: &Path, count: u64, place: &Path) -> Result<Duration> {
    let folder = place.join("folder");
    for i in 0..count {
        let dir = folder.join(format!("{}", i / FILES_A_FOLDER));
        if i % FILES_A_FOLDER == 0 {
            fs::create_dir_all(&dir)?;
        }
        fs::write(dir.join(format!("{i}.txt")), format!("file {i}\n"))?;
    }
    sync(Command::new(kite).arg("sync").arg(&folder).arg("--drive").arg(place.join("drive")))?;
    thread::sleep(SETTLED);
    sync(Command::new(kite).arg("sync").arg(&folder))?;
    let before = children_cpu()?;
    for _ in 0..TURNS {
        sync(Command::new(kite).arg("sync").arg(&folder))?;
    }
    Ok(children_cpu()?.saturating_sub(before) / TURNS)
}

fn sync(command: &mut Command) -> Result<()> {
    let out = command.stdin(Stdio::null()).output()?;
    if out.status.success() { Ok(()) } else { Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&out.stderr)).into()) }
}
