//! `kite compact`.

use super::DONE;
use crate::{
    args::Compact,
    config,
    layout::Layout,
    output::{FAINT, GOOD, json, line, progress::Bar, styled, summary},
    sealed::Opening,
    session::Session,
    signals::Watch,
};
use kitestring::{Error, ErrorKind, Result, SyncOptions};
use serde_json::json;
use std::{fs, path::Path};

/// Syncs, and puts the drive in order.
pub(super) async fn run(args: &Compact, opening: &Opening, watch: &Watch) -> Result<u8> {
    let (folder, json) = (&args.folder.folder, args.folder.json);
    let session = Session::for_local_work(folder, opening).await?;
    if session.config.layout == Layout::Classic {
        let detail = "the vault of this folder has the classic layout, which has nothing to gather";
        return Err(Error::new(ErrorKind::InvalidInput, "compact", detail).about(folder.display().to_string()));
    }
    let repository = session.config.drive.repository();
    if args.squash && repository.is_none() {
        let detail = "only a drive in GitHub has a history that can be let go of";
        return Err(Error::new(ErrorKind::InvalidInput, "compact", detail).about(folder.display().to_string()));
    }
    let dataset = session.config.drive.dataset();
    let held = || dataset.as_deref().map(measure);
    let before = held();
    let bar = Bar::new(opening.verbose);
    let options = SyncOptions { cancel: Some(watch.cancel_token()), progress: bar.sink(), reconcile: true, ..SyncOptions::default() };
    let compacted = session.client.compact(options).await;
    drop(bar);
    let compacted = compacted?;
    config::touch(folder);
    let squashed = match repository.filter(|_| args.squash) {
        Some(repository) => Some(repository.squash().await?),
        None => None,
    };
    let after = held();
    if json {
        let one = |(files, bytes): (u64, u64)| json!({ "files": files, "bytes": bytes });
        let mut told = json!({ "compacted": compacted, "before": before.map(one), "after": after.map(one) });
        squashed.into_iter().for_each(|commits| json::add(&mut told, "squashed", json!(commits)));
        json::print(&told);
    } else {
        show(compacted, before.zip(after));
        if let Some(commits) = squashed {
            line(format_args!("{} of {commits} commits of the branch", styled(GOOD, "Let go")));
        }
    }
    Ok(DONE)
}

/// Says what was done; how much the drive holds is known of a folder on this machine.
fn show(compacted: bool, held: Option<((u64, u64), (u64, u64))>) {
    match (compacted, held) {
        (true, Some((before, after))) => {
            line(format_args!("{} the drive: {} before, {} now", styled(GOOD, "Compacted"), told(before), told(after)));
            if after.1 > before.1 {
                line(styled(FAINT, "  what was gathered is deleted by the next one, when no device can be reading it"));
            }
        }
        (true, None) => line(format_args!("{} the drive", styled(GOOD, "Compacted"))),
        (false, Some((_, after))) => line(format_args!("Nothing to gather: the drive holds {}", told(after))),
        (false, None) => line("Nothing to gather"),
    }
}

fn told((files, bytes): (u64, u64)) -> String {
    format!("{files} {} ({})", if files == 1 { "file" } else { "files" }, summary::size(bytes))
}

/// Counts the files below a directory, and their bytes. What cannot be read counts as nothing.
fn measure(dir: &Path) -> (u64, u64) {
    let (mut files, mut bytes, mut dirs) = (0, 0, vec![dir.to_owned()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => dirs.push(entry.path()),
                Ok(found) if found.is_file() => (files, bytes) = (files + 1, bytes + found.len()),
                _ => {}
            }
        }
    }
    (files, bytes)
}
