//! `kite status`.

use super::DONE;
use crate::{
    args,
    output::{
        COMMAND, NOTICE,
        aside::Aside,
        error, json, line,
        quote::{shell, shown},
        styled, summary,
    },
    sealed::Opening,
    session::Session,
};
use kitestring::{Error, Result, Status};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

/// Shows what is known of a folder without a request to the drive.
pub(super) async fn run(args: &args::Status, opening: &Opening) -> Result<u8> {
    let args::Status { folder: args, ignored: list_ignored } = args;
    let session = Session::for_local_work(&args.folder, opening).await?;
    let warning = session.look().await?;
    let status = session.status().await?;
    let skipped = session.tree.notes.all();
    let (aside, ignored) = (Aside::of(&session.tree), session.tree.ignored.all());
    if args.json {
        let (folder, drive) = (args.folder.to_string_lossy(), session.config.drive.to_string());
        let collection = session.config.drive.collection();
        let config = json::Folder {
            folder: &folder,
            drive: &drive,
            collection,
            layout: session.config.layout.name(),
            sealed: session.config.sealed.is_some(),
            device: &session.config.device,
        };
        let mut value = aside.add_to(json::status(&config, &status, &skipped));
        json::add(&mut value, "ignored", json!(ignored.len()));
        json::add(&mut value, "warning", warning.as_ref().map_or(Value::Null, json::warning));
        if *list_ignored {
            json::add(&mut value, "ignored_paths", json!(ignored));
        }
        json::print(&value);
        return Ok(DONE);
    }
    show(args, &session, &status);
    if let Some(warning) = warning {
        show_warning(args, &warning);
    }
    show_ignored(args, &ignored, *list_ignored);
    summary::skipped(&skipped);
    aside.show();
    Ok(DONE)
}

fn show(args: &args::Folder, session: &Session, status: &Status) {
    let folder = shell(&args.folder.to_string_lossy());
    let row = |name: &str, value: &str| line(format_args!("{name:<11}{value}"));
    row("drive", &shown(&session.config.drive.shown()));
    if let Some(collection) = session.config.drive.collection() {
        row("collection", collection);
    }
    row("layout", session.config.layout.name());
    if let Some(strategy) = status.strategy {
        row("strategy", strategy.code());
    }
    if let Some(sealed) = &session.config.sealed {
        let kept = !sealed.ask && matches!(sealed.kept(), Ok(Some(_)));
        row("sealed", if kept { "yes, and what opens it is kept" } else { "yes, its passphrase is asked for" });
    }
    row("device", &shown(&session.config.device));
    row("last sync", &status.last_sync_ms.map_or_else(|| "never".to_owned(), ago));
    row("files", &status.documents.to_string());
    let next = |n: u64, what: &str, command: String| {
        if n > 0 {
            line(format_args!("{:<11}{}: {}", "", styled(NOTICE, format_args!("{n} {what}")), styled(COMMAND, command)));
        }
    };
    next(status.queued, "to push", format!("kite sync {folder}"));
    next(status.pending, "to pull", format!("kite sync {folder}"));
    next(status.conflicts, if status.conflicts == 1 { "conflict" } else { "conflicts" }, format!("kite conflicts {folder}"));
}

/// Says what a sync would stop at.
fn show_warning(args: &args::Folder, warning: &Error) {
    line(styled(NOTICE, error::warning(warning).unwrap_or_else(|| warning.detail().to_owned())));
    if let Some((why, command)) = error::next(warning, &shell(&args.folder.to_string_lossy())) {
        line(format_args!("  {why}: {}", styled(COMMAND, command)));
    }
}

fn show_ignored(args: &args::Folder, ignored: &BTreeSet<String>, list: bool) {
    if list {
        line(if ignored.is_empty() { "Nothing is ignored" } else { "Ignored, neither sent nor changed here:" });
        ignored.iter().for_each(|path| line(format_args!("  {}", shown(path))));
    } else if !ignored.is_empty() {
        let command = format!("kite status {} --ignored", shell(&args.folder.to_string_lossy()));
        line(format_args!("{:<11}{}: {}", "ignored", ignored.len(), styled(COMMAND, command)));
    }
}

fn ago(at_ms: u64) -> String {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms);
    match at.elapsed() {
        Ok(age) if age < Duration::from_secs(5) => "just now".to_owned(),
        Ok(age) => format!("{} ago", indicatif::HumanDuration(age)),
        Err(_) => "in the future, by this device's clock".to_owned(),
    }
}
