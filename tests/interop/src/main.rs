//! A host of JSON documents over a drive. It reads one JSON request a line and answers each with a line.
//!
//! `host DRIVE HOME [DELAY_MS]`: syncs the documents of `HOME` with the classic layout in `DRIVE`; `DELAY_MS` slows every
//! request to the drive down.

mod documents;
mod drives;
mod request;

use documents::Documents;
use kitestring::{Client, Drive, Error, ErrorKind, Layout, Options, Result};
use kitestring_adapters::{layers::SlowDrive, runtime::NativeRuntime, state::sqlite::SqliteState};
use std::{
    io::{BufRead as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            println!("{}", request::error(&e));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (drive, home, delay) = match arguments {
        [drive, home] => (drive, home, Duration::ZERO),
        [drive, home, delay] => (drive, home, Duration::from_millis(delay.parse().map_err(|_| usage())?)),
        _ => return Err(usage()),
    };
    async_io::block_on(serve(drive, PathBuf::from(home), delay))
}

async fn serve(drive: &str, home: PathBuf, delay: Duration) -> Result<()> {
    std::fs::create_dir_all(&home).map_err(|e| failure(&e))?;
    let documents = Arc::new(Documents::open(home.join("documents.json"))?);
    let runtime = Arc::new(NativeRuntime::new());
    let drive = drives::open(drive, runtime.clone()).await?;
    let drive: Arc<dyn Drive> = if delay.is_zero() { drive } else { Arc::new(SlowDrive::new(drive, runtime.clone(), delay)) };
    let state = Arc::new(SqliteState::open(home.join("state.sqlite"))?);
    let client =
        Client::open(documents.clone(), state, drive, Options { layout: Layout::Classic(Default::default()), ..Options::new(runtime) })
            .await?;
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let answer = request::answer(&line.map_err(|e| failure(&e))?, &documents, &client).await;
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|e| failure(&e))?;
    }
    client.close();
    Ok(())
}

fn usage() -> Error {
    Error::new(ErrorKind::InvalidInput, "host", "usage: host DRIVE HOME [DELAY_MS]")
}

fn failure(e: &std::io::Error) -> Error {
    Error::new(ErrorKind::Application, "host", e.to_string())
}
