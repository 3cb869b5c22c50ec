//! `kite migrate`: the vault of a folder from the classic layout to the journal layout.

use super::{DONE, agreed, relocate::remember};
use crate::{
    args::Migrate,
    config::Config,
    drive_url::DriveUrl,
    layout::{self, Layout},
    output::{
        GOOD, json, line,
        progress::Bar,
        quote::{shell, shown},
        styled,
    },
    sealed::{Opening, Sealed},
    session::Session,
    setup,
    signals::Watch,
};
use kitestring::{Error, ErrorKind, MigrateOptions, Migrated, Result, SyncOptions};
use serde_json::json;
use std::{path::Path, time::Duration};

/// The collection of the drive to which a vault goes if nothing is said.
const BESIDE: &str = "kitestring";

/// Brings the vault of a folder to the journal layout, after asking.
pub(super) async fn run(args: &Migrate, opening: &Opening, watch: &Watch) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    if session.config.layout == Layout::Journal {
        return Err(invalid("the vault of this folder is in the journal layout already"));
    }
    let there = there(args, &session.config)?;
    setup::check_apart(folder, &there.drive)?;
    if !args.yes && !agreed("migrate", &question(folder, &there.drive))? {
        return Err(invalid("nothing was changed"));
    }
    let encryption = opening.for_sync(&there)?;
    let drive = there.drive.open(true, there.layout, None)?;
    // What is gone from the folder is to go for every device.
    session.client.reconcile(SyncOptions::default()).await?;
    let bar = Bar::new(opening.verbose);
    let options = MigrateOptions {
        address: there.drive.to_string(),
        journal: layout::journal(there.strategy()),
        encryption,
        wait: Duration::from_secs(args.wait),
        cancel: Some(watch.cancel_token()),
        progress: bar.sink(),
    };
    let migrated = session.client.migrate(drive, options).await;
    drop(bar);
    let Migrated { documents } = migrated?;
    remember(folder, &Config { drive_is_new: false, ..there.clone() })?;
    if args.folder.json {
        json::print(&json!({ "migrated": there.drive.to_string(), "documents": documents }));
        return Ok(DONE);
    }
    let (again, place) = (shell(&folder.to_string_lossy()), shown(&there.drive.shown_dataset()));
    let files = if documents == 1 { "file" } else { "files" };
    line(format_args!("{} the vault to {place}: {documents} {files}; `kite sync {again}` goes on there", styled(GOOD, "Migrated")));
    line(format_args!("On each other device: kite move {} --follow", shell("FOLDER")));
    Ok(DONE)
}

/// What the folder syncs with then.
fn there(args: &Migrate, config: &Config) -> Result<Config> {
    let url = match &args.drive {
        Some(typed) => DriveUrl::parse(typed.as_os_str())?.with_collection(args.collection.as_deref())?,
        None => beside(&config.drive)?,
    };
    let mut sealed = if args.unlock.seals() { Some(Sealed::new()?) } else { None };
    sealed.iter_mut().for_each(|sealed| sealed.ask = args.unlock.ask);
    Ok(Config { drive_is_new: true, sealed, ..config.moved_to(url) })
}

/// A place on the same drive that no vault in the classic layout uses.
fn beside(drive: &DriveUrl) -> Result<DriveUrl> {
    let name = drive.collection().map_or_else(|| BESIDE.to_owned(), |own| format!("{own}-{BESIDE}"));
    drive.without_collection().with_collection(Some(&name))
}

fn question(folder: &Path, drive: &DriveUrl) -> String {
    let (folder, drive) = (shown(&folder.to_string_lossy()), shown(&drive.to_string()));
    format!(
        "The vault of {folder} goes to {drive}, in the journal layout. Programs made for db-to-cloud cannot follow it, and there is no \
         way back. Migrate it?"
    )
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "migrate", detail)
}
