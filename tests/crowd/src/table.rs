//! The table of a run.

use crate::crowd::Step;
use std::fmt::Write as _;

/// Returns the steps as a table, each with the files and bytes that the drive had after it.
pub fn markdown(steps: &[(Step, usize, u64)]) -> String {
    let mut text = String::from(
        "| step | devices | processes killed | syncs tried again | conflicts | HTTP requests | MiB sent | MiB received | wall time, s \
         | longest of one device, s | most memory of one, MiB | most requests of a last sync | files on the drive | MiB on the drive |\n\
         |-|-|-|-|-|-|-|-|-|-|-|-|-|-|\n",
    );
    for (step, files, bytes) in steps {
        let Step { name, devices, killed, failed, conflicts, requests, last_requests, .. } = step;
        let _ = writeln!(
            text,
            "| {name} | {devices} | {killed} | {failed} | {conflicts} | {requests} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {last_requests} | {files} | {:.1} |",
            mib(step.bytes.0),
            mib(step.bytes.1),
            step.wall.as_secs_f64(),
            step.longest.as_secs_f64(),
            mib(step.peak_kib * 1024),
            mib(*bytes),
        );
    }
    text
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
