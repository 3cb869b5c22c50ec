//! `kite sync`.

use super::{CONFLICTS, DONE, SKIPPED};
use crate::{
    args::{Sync, Warning},
    output::{json, progress::Bar, summary},
    session::Session,
    signals::Watch,
};
use kitestring::{Allow, Report, Result, SyncOptions};
use std::{collections::BTreeMap, time::Duration};

/// Syncs a folder and tells what that did.
pub(super) async fn run(args: &Sync, verbose: bool, watch: &Watch) -> Result<u8> {
    let session = if args.dry_run { Session::for_dry_run(args, verbose).await? } else { Session::for_sync(args, verbose).await? };
    // Log lines and a bar would write over each other.
    let bar = Bar::new(verbose);
    let options = SyncOptions {
        cancel: Some(watch.cancel_token()),
        progress: bar.sink(),
        allow: allow(&args.yes),
        reconcile: true,
        dry_run: args.dry_run,
        wait: Duration::from_secs(args.wait),
        ..SyncOptions::default()
    };
    let synced = session.client.sync(options).await;
    drop(bar);
    let report = synced?;
    let skipped = skipped(&report, &session);
    if args.folder.json {
        json::print(&json::report(&report, &skipped, args.dry_run));
    } else {
        summary::show(&report, &skipped, session.tree.path(), session.config.drive.path(), args.dry_run);
    }
    Ok(match (report.conflicts.is_empty(), skipped.is_empty()) {
        (false, _) => CONFLICTS,
        (true, false) => SKIPPED,
        (true, true) => DONE,
    })
}

fn allow(yes: &[Warning]) -> Allow {
    Allow {
        mass_delete: yes.contains(&Warning::MassDelete),
        vault_changed: yes.contains(&Warning::VaultChanged),
        rollback: yes.contains(&Warning::Rollback),
    }
}

/// Joins what the client and the folder left out. The folder knows its own reasons better.
pub(super) fn skipped(report: &Report, session: &Session) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = report.skipped.iter().map(|s| (s.id.as_str().to_owned(), s.why.clone())).collect();
    all.extend(session.tree.notes.all());
    all
}
