//! `kite restore`.

use super::{DONE, log};
use crate::{
    args::RestoreVersion,
    config,
    folder::utc_text,
    output::{
        COMMAND, GOOD, json, line,
        quote::{shell, shown},
        styled,
    },
    sealed::Opening,
    session::Session,
};
use kitestring::{DocId, Error, ErrorKind, OldVersion, Result};
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

/// Makes a file what it was. What is here now goes to the trash, whether it was ever synced or not.
pub(super) async fn run(args: &RestoreVersion, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    // Also what the folder and the drive disagree about since the last command counts as a conflict.
    let conflicts = session.conflicts().await?;
    let (id, versions) = log::history(&session, folder, &args.file, "restore").await?;
    if conflicts.iter().any(|conflict| conflict.id == id) {
        let (again, file) = (shell(&folder.to_string_lossy()), shell(id.as_str()));
        let detail = format!("a conflict about this file waits: settle it first, see `kite conflicts {again} --diff {file}`");
        return Err(Error::new(ErrorKind::InvalidInput, "restore", detail).about(id.as_str()));
    }
    let old = wanted(folder, &id, &versions, &args.revision)?;
    let path = session.tree.path().join(id.as_str());
    // An empty one gives way.
    if std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
        let detail = "a directory has this name now: move it away first";
        return Err(Error::new(ErrorKind::InvalidInput, "restore", detail).about(id.as_str()));
    }
    let there = session.tree.revision(&id).map_err(|e| Error::new(ErrorKind::Application, "restore", e.to_string()).about(id.as_str()))?;
    let did = match &there {
        Some(there) if *there == old.revision => "same",
        Some(_) => "replaced",
        None => "new",
    };
    if did != "same" {
        session.client.restore(id.clone(), old.revision.clone()).await?;
        config::touch(folder);
    }
    if args.folder.json {
        json::print(&json!({ "id": id.as_str(), "revision": old.revision.as_str(), "did": did }));
        return Ok(DONE);
    }
    let when = old.written_s.map_or_else(String::new, |s| format!("as pushed at {}", utc_text(UNIX_EPOCH + Duration::from_secs(s))));
    let what = match did {
        "same" => "is this version already".to_owned(),
        "replaced" => format!("{when}; what was here is in .kite/trash"),
        _ => when,
    };
    line(format_args!("{} {}: {what}", styled(GOOD, "Restored"), shown(id.as_str())));
    if did != "same" {
        let again = shell(&folder.to_string_lossy());
        line(format_args!("  the next sync pushes it: {}", styled(COMMAND, format_args!("kite sync {again}"))));
    }
    Ok(DONE)
}

/// Picks the version whose revision begins as it was typed.
fn wanted<'a>(folder: &Path, id: &DocId, versions: &'a [OldVersion], typed: &str) -> Result<&'a OldVersion> {
    let fits = |old: &&OldVersion| !old.deleted && !typed.is_empty() && old.revision.as_str().starts_with(typed);
    let found: Vec<&OldVersion> = versions.iter().filter(fits).collect();
    let distinct: BTreeSet<&str> = found.iter().map(|old| old.revision.as_str()).collect();
    let list = format!("`kite log {} {}`", shell(&folder.to_string_lossy()), shell(id.as_str()));
    match (found.first(), distinct.len()) {
        (Some(old), 1) => Ok(old),
        (None, _) => {
            let detail = format!("no version of this file that is kept begins with {}; {list} lists them", shown(typed));
            Err(Error::new(ErrorKind::NotFound, "restore", detail).about(id.as_str()))
        }
        (Some(_), n) => {
            let detail = format!("{n} versions of this file begin with {}: type more of it; {list} lists them", shown(typed));
            Err(Error::new(ErrorKind::InvalidInput, "restore", detail).about(id.as_str()))
        }
    }
}
