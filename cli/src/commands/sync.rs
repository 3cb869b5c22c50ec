//! `kite sync`.

use super::{CONFLICTS, DONE, SKIPPED};
use crate::{
    args::{Sync, Warning},
    folder::{Expired, Trash},
    output::{FAINT, NOTICE, aside::Aside, json, note, progress::Bar, styled, summary},
    sealed::Opening,
    session::Session,
    signals::Watch,
};
use kitestring::{Allow, Report, Result, SyncOptions};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

/// Syncs a folder and tells what that did.
pub(super) async fn run(args: &Sync, opening: &Opening, watch: &Watch) -> Result<u8> {
    let session = if args.dry_run { Session::for_dry_run(args, opening).await? } else { Session::for_sync(args, opening).await? };
    let before = session.client.status().await?.last_sync_ms;
    // Log lines and a bar would write over each other.
    let bar = Bar::new(opening.verbose);
    let options = SyncOptions {
        cancel: Some(watch.cancel_token()),
        progress: bar.sink(),
        allow: allow(&args.yes),
        reconcile: true,
        dry_run: args.dry_run,
        wait: Duration::from_secs(args.wait),
        pairing: args.pairing.clone(),
        ..SyncOptions::default()
    };
    let synced = session.client.sync(options).await;
    drop(bar);
    // What is dangerous may be why it failed.
    if let Some(danger) = session.danger().await? {
        note(format_args!("{} {danger}", styled(NOTICE, "kite:")));
    }
    let report = synced?;
    if !args.dry_run {
        opening.keep(&session)?;
    }
    if opening.verbose {
        let strategy = session.status().await?.strategy.map(|strategy| format!(", strategy {strategy}")).unwrap_or_default();
        note(styled(FAINT, format_args!("Info: layout {}{strategy}", session.config.layout)));
    }
    let mut skipped = skipped(&report, &session);
    let mut aside = Aside::of(&session.tree);
    if !args.dry_run {
        aside.expired = expire(&session, before, &mut skipped);
    }
    if args.folder.json {
        let mut value = aside.add_to(json::report(&report, &skipped, args.dry_run));
        json::add(&mut value, "expired", json!(aside.expired.files));
        if let Some(from) = &session.copied_from {
            json::add(&mut value, "copied_from", json!(from));
        }
        json::print(&value);
    } else {
        summary::show(&report, &skipped, session.tree.path(), &session.config.drive.shown(), args.dry_run);
        aside.show();
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
        host_older: yes.contains(&Warning::HostOlder),
    }
}

/// Clears the trash of what is older than thirty days now and was so at the last sync too. If that fails, so it is said.
pub(super) fn expire(session: &Session, before_ms: Option<u64>, skipped: &mut BTreeMap<String, String>) -> Expired {
    let Some(before_ms) = before_ms else { return Expired::default() };
    let before = SystemTime::UNIX_EPOCH + Duration::from_millis(before_ms);
    Trash::of(session.tree.path()).expire(before, SystemTime::now()).unwrap_or_else(|e| {
        skipped.insert(".kite/trash".to_owned(), format!("cannot be cleared of what is older than 30 days: {e}"));
        Expired::default()
    })
}

/// Joins what the client and the folder left out. The folder knows its own reasons better, and what is only held back
/// because it is ignored is told elsewhere.
pub(super) fn skipped(report: &Report, session: &Session) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = report.skipped.iter().map(|s| (s.id.as_str().to_owned(), s.why.clone())).collect();
    all.extend(session.tree.notes.all());
    let held = session.tree.held.all();
    all.retain(|id, _| !held.contains_key(id));
    all
}
