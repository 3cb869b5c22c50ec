//! `kite log`.

use super::DONE;
use crate::{
    args::Log,
    folder::utc_text,
    layout::Layout,
    output::{
        COMMAND, FAINT, NOTICE, json, line,
        quote::{shell, shown},
        styled, summary,
    },
    sealed::Opening,
    session::Session,
};
use kitestring::{DocId, Error, ErrorKind, OldVersion, Result};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

/// The fewest characters of a revision that are shown.
const MIN_CHARS: usize = 7;

/// Lists what a file was and is.
pub(super) async fn run(args: &Log, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    let (id, versions) = history(&session, folder, &args.file, "log").await?;
    let chars = chars(&versions);
    if args.folder.json {
        let all: Vec<Value> = versions.iter().map(|old| described(old, chars)).collect();
        json::print(&json!({ "id": id.as_str(), "versions": all }));
        return Ok(DONE);
    }
    for old in &versions {
        let when = old.written_s.map_or_else(|| "at an unknown time".to_owned(), |s| utc_text(UNIX_EPOCH + Duration::from_secs(s)));
        let size = if old.deleted { "deleted".to_owned() } else { summary::size(old.size) };
        let now = if old.replaced_s.is_none() { styled(NOTICE, "  now") } else { String::new() };
        let revision = if old.deleted { String::new() } else { short(old, chars).to_owned() };
        let device = old.device.get(..8).unwrap_or(&old.device);
        line(format_args!("{when:<23}  {revision:<chars$}  {size:>10}  {device}{now}"));
    }
    line(styled(FAINT, "When it was pushed, in UTC; the revision; the size; the device"));
    if let Some(old) = versions.iter().find(|old| !old.deleted && old.replaced_s.is_some()) {
        let (folder, file) = (shell(&folder.to_string_lossy()), shell(id.as_str()));
        let command = format!("kite restore {folder} {file} {}", short(old, chars));
        line(format_args!("  bring one back:  {}", styled(COMMAND, command)));
    }
    Ok(DONE)
}

/// Finds the file that was typed, and lists its versions; there is one at least.
///
/// # Errors
/// `invalid_input` in the classic layout; `not_found` if no version of it is known.
pub(super) async fn history(session: &Session, folder: &Path, typed: &str, operation: &'static str) -> Result<(DocId, Vec<OldVersion>)> {
    if session.config.layout == Layout::Classic {
        let detail = "the vault of this folder has the classic layout, which keeps no history";
        return Err(Error::new(ErrorKind::InvalidInput, operation, detail).about(folder.display().to_string()));
    }
    let ids = typed_ids(folder, typed)?;
    for id in &ids {
        let versions = session.client.history(id.clone()).await?;
        if !versions.is_empty() {
            return Ok((id.clone(), versions));
        }
    }
    let again = shell(&folder.to_string_lossy());
    let here = ids.iter().any(|id| session.tree.path().join(id.as_str()).is_file());
    let detail = if here {
        format!("this file was not synced yet; `kite sync {again}` pushes it, and its history begins there")
    } else {
        format!("no version of {} is known; if another device has it, run `kite sync {again}` first", shown(typed))
    };
    Err(Error::new(ErrorKind::NotFound, operation, detail).about(typed))
}

/// Returns what a typed path may mean: first the path in the folder, then the one from the current directory.
fn typed_ids(folder: &Path, typed: &str) -> Result<Vec<DocId>> {
    let inside = super::typed_id(folder, typed)?;
    let mut ids = vec![inside];
    let (Ok(root), Ok(path)) = (std::fs::canonicalize(folder), std::path::absolute(typed)) else { return Ok(ids) };
    // The file itself may be deleted, and directories above it as well.
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok().filter(|_| above != path)?.join(rest))
    });
    let id = |path: PathBuf| DocId::new(path.strip_prefix(&root).ok()?.to_str()?).ok();
    ids.extend(real.and_then(id).filter(|id| !ids.contains(id)));
    Ok(ids)
}

/// Returns how many characters tell all these versions apart.
pub(super) fn chars(versions: &[OldVersion]) -> usize {
    let all: BTreeSet<&str> = versions.iter().filter(|old| !old.deleted).map(|old| old.revision.as_str()).collect();
    let longest = all.iter().map(|revision| revision.len()).max().unwrap_or(MIN_CHARS);
    let apart =
        |chars: &usize| all.iter().map(|revision| revision.get(..*chars).unwrap_or(revision)).collect::<BTreeSet<_>>().len() == all.len();
    (MIN_CHARS..longest).find(apart).unwrap_or(longest)
}

/// Returns the beginning of a revision.
pub(super) fn short(old: &OldVersion, chars: usize) -> &str {
    let revision = old.revision.as_str();
    revision.get(..chars).unwrap_or(revision)
}

fn described(old: &OldVersion, chars: usize) -> Value {
    json!({
        "revision": old.revision.as_str(),
        "short": short(old, chars),
        "written_ms": old.written_s.map(|s| s.saturating_mul(1000)),
        "replaced_ms": old.replaced_s.map(|s| s.saturating_mul(1000)),
        "size": old.size,
        "device": old.device,
        "deleted": old.deleted,
        "now": old.replaced_s.is_none(),
    })
}
