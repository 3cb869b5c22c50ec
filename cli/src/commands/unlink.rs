//! `kite unlink`.

use super::{DONE, agreed};
use crate::{
    args::Unlink,
    config::Config,
    folder::OWN,
    lock::FolderLock,
    output::{
        GOOD, error, json, line,
        quote::{shell, shown},
        styled,
    },
    sealed::Opening,
    session::Session,
    setup,
};
use kitestring::{Error, ErrorKind, Result};
use serde_json::json;

/// Forgets the drive of a folder. No file of the folder or of the drive is touched.
pub(super) async fn run(args: &Unlink, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    if !args.force {
        check_settled(args, opening).await?;
    } else if !folder.join(OWN).is_dir() {
        setup::existing(folder)?;
    }
    let question = format!("Forget the drive of {}?", shown(&folder.to_string_lossy()));
    if !args.yes && !agreed("unlink", &question)? {
        return Err(Error::new(ErrorKind::InvalidInput, "unlink", "nothing was changed"));
    }
    let lock = FolderLock::take(folder)?;
    let config = Config::read(folder).ok().flatten();
    if let Some(sealed) = config.as_ref().and_then(|config| config.sealed.as_ref()) {
        sealed.forget()?;
    }
    let drive = config.map(|config| config.drive);
    setup::unlink(folder)?;
    drop(lock);
    let drive = drive.map(|url| url.to_string());
    if args.folder.json {
        json::print(&json!({ "unlinked": drive }));
    } else {
        let drive = drive.map_or_else(|| "its drive".to_owned(), |url| shown(&url));
        line(format_args!("{} from {drive}: every file is still here, and still there", styled(GOOD, "Unlinked")));
    }
    Ok(DONE)
}

/// Refuses while something would be forgotten that is nowhere else.
async fn check_settled(args: &Unlink, opening: &Opening) -> Result<()> {
    let session = Session::for_local_work(&args.folder.folder, opening).await?;
    let warning = session.look().await?;
    let status = session.client.status().await?;
    let what = match &warning {
        Some(warning) => error::warning(warning).unwrap_or_else(|| warning.detail().to_owned()),
        None if status.queued == 0 && status.conflicts == 0 => return Ok(()),
        None => {
            format!("{} to be pushed and {} to be settled wait here", count(status.queued, "edit"), count(status.conflicts, "conflict"))
        }
    };
    let detail = format!("{what}; sync first, or `kite unlink {} --force`", shell(&args.folder.folder.to_string_lossy()));
    Err(Error::new(ErrorKind::InvalidInput, "unlink", detail).about(args.folder.folder.display().to_string()))
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
