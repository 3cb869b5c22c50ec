//! The readable summary of a sync, and the list of conflicts.

use super::{
    COMMAND, FAINT, GOOD, NOTICE, line,
    quote::{shell, shown},
    styled,
};
use kitestring::{Conflict, ConflictKind, Report};
use std::{collections::BTreeMap, path::Path};

/// How many names a list shows before it only counts.
const MAX_LISTED: usize = 20;

/// Shows what a sync did, or with `dry_run` would do.
pub(crate) fn show(report: &Report, skipped: &BTreeMap<String, String>, folder: &Path, drive: &str, dry_run: bool) {
    let (drive, seconds) = (shown(drive), format!("{:.1} s", report.elapsed.as_secs_f64()));
    let counts: [(&str, &str, u64); 3] =
        [("pushed", "push", report.pushed), ("pulled", "pull", report.pulled), ("deleted", "delete", report.deleted)];
    let idle = counts.iter().all(|(_, _, n)| *n == 0);
    let clean = report.conflicts.is_empty() && skipped.is_empty();
    let done = if clean { styled(GOOD, "In sync") } else { styled(NOTICE, "Synced") };
    match (dry_run, idle) {
        (true, true) => line(format_args!("{}: a sync with {drive} would change nothing", styled(NOTICE, "Dry run"))),
        (true, false) => line(format_args!("{}, nothing was written. A sync with {drive} would", styled(NOTICE, "Dry run"))),
        (false, true) if clean => line(format_args!("{done} with {drive}: nothing had changed")),
        (false, true) => line(format_args!("{done} with {drive}: nothing else had changed")),
        (false, false) => line(format_args!("{done} with {drive}")),
    }
    for (past, present, n) in counts.into_iter().filter(|(_, _, n)| *n > 0) {
        line(format_args!("  {:<8} {n:>6} {}", if dry_run { present } else { past }, if n == 1 { "file" } else { "files" }));
    }
    line(styled(FAINT, format_args!("  {}", traffic(report, &seconds))));
    if dry_run {
        would_conflict(&report.conflicts);
    } else {
        conflicts(&report.conflicts, folder);
    }
    self::skipped(skipped);
}

/// Lists the conflicts of a dry run: most of them are not known to any other command yet.
fn would_conflict(conflicts: &[Conflict]) {
    if conflicts.is_empty() {
        return;
    }
    let what = if conflicts.len() == 1 { "1 conflict would wait".to_owned() } else { format!("{} conflicts would wait", conflicts.len()) };
    line(format_args!("{}, nothing would be overwritten:", styled(NOTICE, what)));
    list(conflicts.iter().map(|c| (shown(c.id.as_str()), kind(c.kind).to_owned())).collect());
}

/// Lists conflicts, with the commands that show and settle them.
pub(crate) fn conflicts(conflicts: &[Conflict], folder: &Path) {
    let Some(first) = conflicts.first() else { return };
    let what = if conflicts.len() == 1 { "1 conflict waits".to_owned() } else { format!("{} conflicts wait", conflicts.len()) };
    line(format_args!("{}, nothing was overwritten:", styled(NOTICE, what)));
    list(conflicts.iter().map(|c| (shown(c.id.as_str()), kind(c.kind).to_owned())).collect());
    let (folder, file) = (shell(&folder.to_string_lossy()), shell(first.id.as_str()));
    line(format_args!("  see both sides:  {}", styled(COMMAND, format_args!("kite conflicts {folder} --diff {file}"))));
    line(format_args!("  choose:          {}", styled(COMMAND, format_args!("kite resolve {folder} {file} --keep local|remote|both"))));
}

/// Lists what was left out.
pub(crate) fn skipped(skipped: &BTreeMap<String, String>) {
    if skipped.is_empty() {
        return;
    }
    let what = if skipped.len() == 1 { "1 file was skipped".to_owned() } else { format!("{} files were skipped", skipped.len()) };
    line(format_args!("{}; each sync tries again:", styled(NOTICE, what)));
    list(skipped.iter().map(|(id, why)| (shown(id), shown(why))).collect());
}

/// Lists names with a text each.
pub(super) fn list(rows: Vec<(String, String)>) {
    let width = rows.iter().take(MAX_LISTED).map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(40);
    for (name, text) in rows.iter().take(MAX_LISTED) {
        line(format!("  {name:<width$}  {text}").trim_end());
    }
    if rows.len() > MAX_LISTED {
        line(format_args!("  … and {} more; --json names them all", rows.len() - MAX_LISTED));
    }
}

/// Says for people what kind of conflict it is.
pub(crate) fn kind(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::EditEdit => "edited here and on the drive",
        ConflictKind::EditDelete => "edited here, deleted on the drive",
        ConflictKind::DeleteEdit => "deleted here, edited on the drive",
        ConflictKind::Adopt => "different here and on the drive when they first met",
    }
}

fn traffic(report: &Report, seconds: &str) -> String {
    let requests = report.requests.total();
    let plural = if requests == 1 { "" } else { "s" };
    let (sent, received) = (size(report.bytes.sent), size(report.bytes.received));
    format!("{requests} request{plural}, {sent} sent, {received} received, {seconds}")
}

/// Writes a number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
