//! `kitestring-bench-push`: W1 alone, for the tests of bindings, which run the same in another language beside it.
//!
//! `notes COUNT` prints the documents, one a line: id, revision and body, parted by tabs. `time COUNT` prints how many
//! milliseconds a first push of them takes.

use bench::{Result, device::Device, layout::Measured, workload::Note};
use kitestring::{MemoryDrive, MemoryState, SyncOptions};
use std::{
    io::{BufWriter, Write as _},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["notes", count] => count.parse().map_err(Into::into).and_then(notes),
        ["time", count] => count.parse().map_err(Into::into).and_then(time),
        _ => Err("say `notes COUNT` or `time COUNT`".into()),
    };
    done.map_or_else(
        |e| {
            eprintln!("{e}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn notes(count: u64) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for note in (0..count).map(|n| Note::new(n, 0)) {
        writeln!(out, "{}\t{}\t{}", note.id, note.rev, note.document())?;
    }
    Ok(out.flush()?)
}

fn time(count: u64) -> Result<()> {
    async_io::block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let device = Device::new(Measured::JOURNAL, Arc::new(MemoryState::default()), drive).await?;
        let changes = device.host.edit(0..count, 0)?;
        let begun = Instant::now();
        device.client.queue_changes(changes).await?;
        let pushed = device.client.sync(SyncOptions::default()).await?.pushed;
        println!("{:.1}", begun.elapsed().as_secs_f64() * 1000.0);
        if pushed == count { Ok(()) } else { Err("not all of it was pushed".into()) }
    })
}
