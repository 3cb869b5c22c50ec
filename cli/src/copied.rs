//! A folder whose `.kite` was copied with it, or brought back from a backup. It goes on as a device of its own: from
//! what was last synced, if its files are exactly those; else nobody can say whether a file that differs was edited or
//! is merely old, or whether one that is missing was deleted or merely not copied, and every file is compared afresh.

use crate::{
    config::Config,
    folder::{Folder, Usage},
    output::{self, quote},
    session::{open_tree, options},
    unreachable::Unreachable,
};
use kitestring::{Client, Error, ErrorKind, Options, Result, State, SyncOptions};
use std::{path::Path, sync::Arc};

/// Gives a copied state an identity of its own, and says whether the files of the folder are those of its last sync.
///
/// # Errors
/// Those of opening the folder.
pub(crate) async fn is_exact(folder: &Path, config: &Config, state: Option<Arc<dyn State>>) -> Result<bool> {
    let Some(state) = state else { return Ok(false) };
    let tree = Arc::new(open_tree(folder, config, Usage::Look(None))?);
    let application = Arc::new(Folder::new(tree, state.clone(), false));
    let drive = Arc::new(Unreachable::because(&Error::new(ErrorKind::Unavailable, "open", "the drive is not asked yet")));
    let client = Client::open(application, state, drive, Options { new_incarnation: true, ..options(config) }).await?;
    // The comparison is not to leave a trace: should this be interrupted, it is made once more.
    match client.reconcile(SyncOptions { dry_run: true, ..SyncOptions::default() }).await {
        Ok(found) => Ok(found.put == 0 && found.deleted == 0),
        Err(e) if matches!(e.kind, ErrorKind::MassDelete { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Tells what becomes of the copy.
pub(crate) fn tell(from: &str, afresh: bool) {
    let how =
        if afresh { "every file is compared afresh, for they are not those of its last sync" } else { "it goes on from its last sync" };
    let what = format!("this folder is a copy of {}, or was brought back: it is a device of its own now; {how}", quote::shown(from));
    output::note(format_args!("{} {what}", output::styled(output::NOTICE, "kite:")));
}

/// Refuses what is not a sync.
pub(crate) fn refused(folder: &Path, from: &str) -> Error {
    let (from, again) = (quote::shown(from), quote::shell(&folder.to_string_lossy()));
    let detail = format!(
        "this folder is a copy of {from}: `kite sync {again}` makes it a device of its own, `kite unlink {again} --force` forgets the drive"
    );
    Error::new(ErrorKind::InvalidInput, "open", detail).about(folder.display().to_string())
}
