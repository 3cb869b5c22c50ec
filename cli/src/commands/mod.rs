//! One file for each command. A command returns its exit code.

mod break_lock;
mod compact;
mod conflicts;
mod connect;
mod disconnect;
mod doctor;
mod export;
mod import;
mod key;
mod log;
mod lower;
mod migrate;
mod relocate;
mod resolve;
mod restore;
mod status;
mod sync;
mod trash;
mod unlink;
mod watch;

use crate::{
    args::{Args, Command},
    output::{self, quote::shell},
    sealed::{Next, Opening},
    signals::Watch,
};
use async_io::block_on;
use kitestring::{DocId, Error, ErrorKind, Result};
use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

/// The exit code of a command that did what it was asked.
const DONE: u8 = 0;
/// The exit code of a sync after which conflicts wait.
const CONFLICTS: u8 = 2;
/// The exit code of a look at a vault with which something is wrong.
const OPEN: u8 = 2;
/// The exit code of a sync that skipped files.
const SKIPPED: u8 = 3;

/// Runs a command and returns the exit code.
pub(crate) fn run(args: &Args) -> u8 {
    let Some((subject, json)) = args.command.subject() else { return without_folder(&args.command) };
    let watch = Watch::begin();
    let opening = Opening::new(args);
    let ended = block_on(async {
        loop {
            match command(&args.command, &opening, &watch).await {
                Err(e) if e.kind == ErrorKind::WrongKey => match opening.after(e)? {
                    Next::Again => {}
                    Next::Failed(why) => return Err(why),
                },
                ended => return ended,
            }
        }
    });
    match ended {
        Ok(code) => code,
        Err(error) => {
            let stopped = watch.exit_code().filter(|_| error.kind == ErrorKind::Cancelled);
            match stopped {
                Some(code) => {
                    output::error::show(&interrupted(), Some(subject), json);
                    code
                }
                None => output::error::show(&error, Some(subject), json),
            }
        }
    }
}

/// Runs a command that is about no folder. A signal ends it as it ends any program.
fn without_folder(command: &Command) -> u8 {
    let (ended, json) = match command {
        Command::Connect(options) => (connect::run(options), options.json),
        Command::Disconnect(options) => (disconnect::run(options), options.json),
        _ => (Ok(DONE), false),
    };
    ended.unwrap_or_else(|error| output::error::show(&error, None, json))
}

async fn command(command: &Command, opening: &Opening, watch: &Watch) -> Result<u8> {
    match command {
        Command::Sync(sync) => sync::run(sync, opening, watch).await,
        Command::Watch(options) => watch::run(options, opening, watch).await,
        Command::Status(status) => status::run(status, opening).await,
        Command::Conflicts(conflicts) => conflicts::run(conflicts, opening).await,
        Command::Resolve(resolve) => resolve::run(resolve, opening).await,
        Command::Trash(trash) => trash::run(trash),
        Command::Log(options) => log::run(options, opening).await,
        Command::Restore(options) => restore::run(options, opening).await,
        Command::Compact(options) => compact::run(options, opening, watch).await,
        Command::Lower(options) => lower::run(options, opening).await,
        Command::Key(key) => key::run(key, opening, watch).await,
        Command::Doctor(options) => doctor::run(options, opening, watch).await,
        Command::Export(options) => export::run(options, opening, watch).await,
        Command::Import(options) => import::run(options, opening, watch).await,
        Command::Move(options) => relocate::run(options, opening, watch).await,
        Command::Migrate(options) => migrate::run(options, opening, watch).await,
        Command::BreakLock(options) => break_lock::run(options, opening).await,
        Command::Unlink(unlink) => unlink::run(unlink, opening).await,
        Command::Connect(options) => connect::run(options),
        Command::Disconnect(options) => disconnect::run(options),
    }
}

/// Takes a file as it was typed for the id of a document: relative to the folder, or with the folder before it.
fn typed_id(folder: &Path, typed: &str) -> Result<DocId> {
    let inside = std::fs::canonicalize(folder).ok().and_then(|root| Path::new(typed).strip_prefix(root).ok()?.to_str().map(str::to_owned));
    let id = inside.unwrap_or_else(|| typed.to_owned());
    DocId::new(id.trim_start_matches("./"))
}

fn no_conflict(folder: &Path, id: &DocId) -> Error {
    let again = shell(&folder.to_string_lossy());
    let detail = format!("no conflict waits for this file; `kite conflicts {again}` lists those that do");
    Error::new(ErrorKind::NotFound, "conflicts", detail).about(id.as_str())
}

/// Asks a person; without one, `--yes` is needed.
fn agreed(operation: &'static str, question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::new(ErrorKind::InvalidInput, operation, "nobody is here to ask: add --yes"));
    }
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Cancelled, "sync", "stopped; the next sync goes on from here")
}
