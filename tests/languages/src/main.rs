//! `notes-rust VAULT_FOLDER DATABASE WORD...`: the program of notes in Rust; the README says what the words do.

mod notes;

use async_io::{Timer, block_on};
use kitestring::{Body, Client, Conflict, DocId, Error, ErrorKind, Options, Resolution, Result, SyncOptions};
use kitestring_adapters::{FsDrive, NativeRuntime, SqliteState};
use notes::Notes;
use std::{collections::BTreeSet, process::ExitCode, sync::Arc, time::Duration};

const TRIES: usize = 50;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [vault, database, words @ ..] = arguments.as_slice() else {
        eprintln!("usage: notes-rust VAULT_FOLDER DATABASE WORD...");
        return ExitCode::FAILURE;
    };
    match block_on(run(vault, database, words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(vault: &str, database: &str, words: &[String]) -> Result<()> {
    let notes = Arc::new(Notes::open(database)?);
    let (state, drive) = (SqliteState::open(format!("{database}.kite"))?, FsDrive::create(vault)?);
    let options = Options::new(Arc::new(NativeRuntime::new()));
    let client = Client::open(notes.clone(), Arc::new(state), Arc::new(drive), options).await?;
    for word in words {
        match word.split_once(':').unwrap_or((word, "")) {
            ("put", given) => client.queue_change(notes.write(name(given)?.0, Some(name(given)?.1))?).await?,
            ("lose", given) => drop(notes.write(name(given)?.0, Some(name(given)?.1))?),
            ("delete", id) => client.queue_change(notes.write(id, None)?).await?,
            ("kill", calls) => notes.end_at(calls.parse().map_err(|_| unknown(word))?),
            ("sync", _) => sync(&client).await?,
            ("show", _) => notes.shown().iter().for_each(|(id, text)| println!("{id}={}", text.replace('\n', " + "))),
            _ => return Err(unknown(word)),
        }
    }
    Ok(())
}

fn name(given: &str) -> Result<(&str, &str)> {
    given.split_once('=').ok_or_else(|| unknown(given))
}

fn unknown(word: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "notes", "there is no such word").about(word)
}

/// Syncs and settles until there is nothing left to settle.
async fn sync(client: &Client) -> Result<()> {
    for _ in 0..TRIES {
        match settle(client).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(e) if matches!(e.kind, ErrorKind::Locked { .. } | ErrorKind::Unavailable | ErrorKind::Condition) => {
                Timer::after(Duration::from_millis(100)).await;
            }
            Err(e) => return Err(e),
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "notes", "there is always something left to settle"))
}

/// Syncs once, and returns whether there was no conflict.
async fn settle(client: &Client) -> Result<bool> {
    client.sync(SyncOptions::default()).await?;
    let conflicts = client.conflicts().await?;
    let was_clear = conflicts.is_empty();
    for seen in conflicts {
        let resolution = resolution(client, &seen).await?;
        client.resolve(seen, resolution).await?;
    }
    Ok(was_clear)
}

async fn resolution(client: &Client, seen: &Conflict) -> Result<Resolution> {
    let versions = client.versions(DocId::new(seen.id.as_str())?).await?;
    let (Some(local), Some(remote)) = (&versions.local, &versions.remote) else {
        return Ok(if versions.local.is_some() { Resolution::KeepLocal } else { Resolution::TakeRemote });
    };
    let (local, remote) = (notes::text(&local.body)?, notes::text(&remote.body)?);
    let lines: BTreeSet<&str> = local.lines().chain(remote.lines()).collect();
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    Ok(Resolution::Merged { revision: notes::revision_of(&text), body: Body::Whole(text.into_bytes()) })
}
