//! Failures: what, where, and what to do next, in a line or two.

use super::{BAD, COMMAND, json, note, quote::shell, styled};
use crate::{connections::Cloud, folder::utc_text, github, s3, webdav};
use kitestring::{Error, ErrorKind, Retry};
use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Shows a failure of a command, in `folder` if it is about one, and returns the exit code.
pub(crate) fn show(error: &Error, folder: Option<&Path>, json: bool) -> u8 {
    let own = warning(error);
    let message = own.as_deref().unwrap_or_else(|| error.detail());
    // A sentence that names its subject already need not do so twice.
    let subject = error
        .subject()
        .filter(|s| own.is_none() && !message.contains(s))
        .map(|s| format!(" ({})", super::quote::shown(s)))
        .unwrap_or_default();
    note(format_args!("{} {message}{subject}", styled(BAD, "kite:")));
    if let Some((why, command)) = folder.and_then(|folder| next(error, &shell(&folder.to_string_lossy()))) {
        note(format_args!("      {why}: {}", styled(COMMAND, command)));
    }
    if json {
        json::print(&json::error(error));
    }
    1
}

/// Shows what clap has to say, and returns the exit code: help is no failure, a wrong call is.
pub(crate) fn usage(error: &clap::Error) -> u8 {
    // A reader that went away is no error.
    let _ = error.print();
    if !error.use_stderr() {
        return 0;
    }
    if std::env::args_os().any(|arg| arg == "--json") {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let error = Error::new(ErrorKind::InvalidInput, "open", first);
        json::print(&json::error(&error));
    }
    1
}

/// Says a warning in the words of files and folders; none where the library's own will do.
pub(crate) fn warning(error: &Error) -> Option<String> {
    Some(match &error.kind {
        ErrorKind::Locked { until_ms, .. } if *until_ms > 0 => locked(error, *until_ms),
        ErrorKind::MassDelete { deletes, of } if error.detail().contains("on the drive") => {
            format!("{deletes} of {of} files were deleted on the drive; nothing is deleted here until you say so")
        }
        ErrorKind::MassDelete { deletes, of } => {
            format!("{deletes} of {of} files are gone from this folder; nothing is deleted on the drive until you say so")
        }
        ErrorKind::HostOlder { reverted, changed } => format!(
            "{reverted} of {changed} files that changed here are what they were one version earlier, as if an older copy of the folder was \
             put back; nothing was changed"
        ),
        ErrorKind::VaultChanged => "the drive holds another dataset than the one this folder synced with; nothing was changed".to_owned(),
        ErrorKind::Moved { to: Some(to) } => format!("the vault was moved to {}; nothing was changed", super::quote::shown(to)),
        ErrorKind::Rollback { remembered, found } => format!(
            "the drive is older than at the last sync: it ends at change {found}, this folder has seen {remembered}; nothing was changed"
        ),
        _ => return None,
    })
}

/// Says whose lock it is, and how long it lasts.
fn locked(error: &Error, until_ms: u64) -> String {
    let subject = error.subject().map(|subject| format!(" ({subject})")).unwrap_or_default();
    let who = format!("{}{subject}", super::quote::shown(error.detail()));
    match UNIX_EPOCH.checked_add(Duration::from_millis(until_ms)) {
        Some(until) if until >= SystemTime::now() => format!("{who} until {}", utc_text(until)),
        Some(until) => format!("{who}; that lock ended at {}, and counts for two minutes more", utc_text(until)),
        None => format!("{who} without end"),
    }
}

/// Says which command goes on from here, and when.
pub(crate) fn next(error: &Error, folder: &str) -> Option<(&'static str, String)> {
    let yes = |warning: &str| format!("kite sync {folder} --yes {warning}");
    match &error.kind {
        ErrorKind::MassDelete { .. } => Some(("if these deletions are meant", yes("mass-delete"))),
        ErrorKind::VaultChanged => Some(("to join what is on the drive now, keeping every file", yes("vault-changed"))),
        ErrorKind::Moved { .. } => Some(("if that is right, to follow it", format!("kite move {folder} --follow"))),
        ErrorKind::Unavailable if error.detail().contains("migrate it there") => {
            Some(("to complete it, with that address", format!("kite migrate {folder} URL")))
        }
        ErrorKind::HostOlder { .. } => Some(("if these are edits, to push them over what is on the drive", yes("host-older"))),
        ErrorKind::Rollback { .. } => Some(("to go on and push this folder's files again", yes("rollback"))),
        // The lock of the folder itself names its process.
        ErrorKind::Locked { .. } if error.subject() == Some("lock.json") => {
            Some(("to wait longer", format!("kite sync {folder} --wait 300")))
        }
        ErrorKind::Locked { .. } if error.operation() == "compact" => Some(("when it has ended", format!("kite compact {folder}"))),
        // The sentence names the command.
        ErrorKind::Unauthorized if error.operation() == "sign-in" => None,
        ErrorKind::Unauthorized => match Cloud::met_by(error) {
            Some(cloud) => Some(("with the right one", cloud.how_to_sign_in(&format!("kite sync {folder}")))),
            None if s3::met_by(error) => Some(("with the right ones", format!("{} kite sync {folder}", s3::how_to_sign_in()))),
            None if github::met_by(error) => Some(("with the right one", format!("{} kite sync {folder}", github::how_to_sign_in()))),
            None => Some(("with the right ones", format!("{} kite sync {folder}", webdav::how_to_sign_in()))),
        },
        // What makes no sense may be a file that was typed.
        ErrorKind::Corrupt if error.operation() != "import" => Some(("to see what is the matter", format!("kite doctor {folder}"))),
        ErrorKind::QuotaExceeded => Some(("when there is room again", format!("kite sync {folder}"))),
        ErrorKind::Unavailable if error.retry == Retry::Never => Some(("when that has changed", format!("kite sync {folder}"))),
        ErrorKind::Unavailable => Some(("when the drive can be reached again", format!("kite sync {folder}"))),
        ErrorKind::Condition => Some(("it has changed meanwhile, look again", format!("kite conflicts {folder}"))),
        _ => None,
    }
}
