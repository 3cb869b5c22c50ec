//! `kite move`: the vault of a folder to another drive, and after it.

use super::{DONE, agreed};
use crate::{
    args::Move,
    config::Config,
    drive_url::DriveUrl,
    folder::OWN,
    layout::Layout,
    output::{
        GOOD, json, line,
        progress::Bar,
        quote::{shell, shown},
        styled, summary,
    },
    sealed::Opening,
    session::Session,
    setup,
    signals::Watch,
};
use kitestring::{Error, ErrorKind, MoveOptions, Moved, Result, SyncOptions};
use serde_json::json;
use std::path::Path;

/// Moves the vault of a folder, or follows one that was moved.
pub(super) async fn run(args: &Move, opening: &Opening, watch: &Watch) -> Result<u8> {
    let session = Session::for_local_work(&args.folder.folder, opening).await?;
    if args.follow { follow(args, &session).await } else { move_to(args, &session, opening, watch).await }
}

async fn move_to(args: &Move, session: &Session, opening: &Opening, watch: &Watch) -> Result<u8> {
    let folder = &args.folder.folder;
    let url = typed(args)?.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "move", "say where the vault is to be"))?;
    check_layout(session, folder)?;
    setup::check_apart(folder, &url)?;
    let drive = url.open(true, session.config.layout, None)?;
    let bar = Bar::new(opening.verbose);
    let options = MoveOptions { address: url.to_string(), cancel: Some(watch.cancel_token()), progress: bar.sink() };
    let moved = session.client.move_to(drive, options).await;
    drop(bar);
    let moved = moved?;
    remember(folder, &session.config.moved_to(url.clone()))?;
    let Moved { files, bytes, resumed } = moved;
    if args.folder.json {
        json::print(&json!({ "moved": url.to_string(), "files": files, "bytes": bytes, "resumed": resumed }));
        return Ok(DONE);
    }
    let size = summary::size(bytes);
    line(format_args!("{} the vault to {}: {files} files, {size}", styled(GOOD, "Moved"), shown(&url.shown_dataset())));
    line(format_args!("On each other device: kite move {} --follow", shell("FOLDER")));
    Ok(DONE)
}

async fn follow(args: &Move, session: &Session) -> Result<u8> {
    let folder = &args.folder.folder;
    let named = address(session).await?;
    let url = match typed(args)? {
        Some(url) => url,
        None => named.as_deref().map_or_else(|| Err(nowhere("its address is sealed", folder)), |to| read_address(to, folder))?,
    };
    setup::check_apart(folder, &url)?;
    let question = format!("The vault of {} was moved to {}. Follow it?", shown(&folder.to_string_lossy()), shown(&url.to_string()));
    if !args.yes && !agreed("follow", &question)? {
        return Err(Error::new(ErrorKind::InvalidInput, "follow", "nothing was changed"));
    }
    if session.config.layout == Layout::Classic {
        // What was agreed is forgotten: only now it shows what is gone from the folder.
        session.look().await?;
    }
    session.client.follow(url.open(false, Layout::Journal, None)?).await?;
    remember(folder, &session.config.moved_to(url.clone()))?;
    if args.folder.json {
        json::print(&json!({ "followed": url.to_string() }));
    } else {
        let again = shell(&folder.to_string_lossy());
        line(format_args!("{} the vault to {}; `kite sync {again}` goes on there", styled(GOOD, "Followed"), shown(&url.shown_dataset())));
    }
    Ok(DONE)
}

fn typed(args: &Move) -> Result<Option<DriveUrl>> {
    let typed = args.drive.as_ref().map(|typed| DriveUrl::parse(typed.as_os_str())).transpose()?;
    typed.map(|url| url.with_collection(args.collection.as_deref())).transpose()
}

/// Asks the old drive where the vault has gone: by a sync that writes nothing.
async fn address(session: &Session) -> Result<Option<String>> {
    match session.client.sync(SyncOptions { dry_run: true, ..SyncOptions::default() }).await {
        Err(e) => match e.kind.clone() {
            ErrorKind::Moved { to } => Ok(to),
            _ => Err(e),
        },
        Ok(_) => Err(Error::new(ErrorKind::InvalidInput, "follow", "the vault of this folder was not moved")),
    }
}

fn read_address(to: &str, folder: &Path) -> Result<DriveUrl> {
    let url = DriveUrl::parse(to.as_ref());
    // What is no URL would be taken for a path from here.
    if to.contains(':') { url } else { Err(nowhere(&format!("it was moved to {}, which is no address of a drive", shown(to)), folder)) }
}

fn nowhere(why: &str, folder: &Path) -> Error {
    let again = shell(&folder.to_string_lossy());
    Error::new(ErrorKind::InvalidInput, "follow", format!("{why}: name the place, `kite move {again} URL --follow`"))
}

fn check_layout(session: &Session, folder: &Path) -> Result<()> {
    if session.config.layout == Layout::Journal {
        return Ok(());
    }
    let detail = format!(
        "a vault in the classic layout is not moved, for programs made for db-to-cloud would go on in the old place: `kite migrate {} \
         URL` brings it there in the journal layout",
        shell(&folder.to_string_lossy())
    );
    Err(Error::new(ErrorKind::InvalidInput, "move", detail))
}

/// Writes down where the folder's vault is. What was noted about the old drive is of no use.
pub(super) fn remember(folder: &Path, config: &Config) -> Result<()> {
    setup::forget_notes(&folder.join(OWN))?;
    config.write(folder)
}
