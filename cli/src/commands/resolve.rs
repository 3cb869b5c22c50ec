//! `kite resolve`.

use super::{DONE, no_conflict, typed_id};
use crate::{
    args::{Keep, Resolve},
    config,
    output::{
        COMMAND, GOOD, json, line,
        quote::{shell, shown},
        styled,
    },
    sealed::Opening,
    session::Session,
};
use kitestring::{Body, Conflict, DocId, Error, ErrorKind, Resolution, Result};
use serde_json::json;
use std::io;

/// How many names are tried for the drive's copy.
const MAX_NAMES: u32 = 1000;

/// Settles a conflict.
pub(super) async fn run(args: &Resolve, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    let id = typed_id(folder, &args.file)?;
    let conflicts = session.conflicts().await?;
    let Some(conflict) = conflicts.into_iter().find(|c| c.id == id) else { return Err(no_conflict(folder, &id)) };
    let was_here = conflict.local.is_some();
    let (keep, copy) = settle(&session, conflict, args.keep).await?;
    if args.folder.json {
        json::print(&json!({ "id": id.as_str(), "kept": word(keep), "copy": copy.as_ref().map(DocId::as_str) }));
        return Ok(DONE);
    }
    let what = match (keep, &copy) {
        (Keep::Remote, _) if was_here => "took the drive's side; what was here is in .kite/trash".to_owned(),
        (Keep::Remote, _) => "took the drive's side".to_owned(),
        (_, Some(copy)) => format!("kept this folder's side; the drive's is beside it: {}", shown(copy.as_str())),
        (_, None) => "kept this folder's side".to_owned(),
    };
    line(format_args!("{} {}: {what}", styled(GOOD, "Settled"), shown(id.as_str())));
    if keep != Keep::Remote {
        line(format_args!(
            "  the next sync pushes it: {}",
            styled(COMMAND, format_args!("kite sync {}", shell(&folder.to_string_lossy())))
        ));
    }
    Ok(DONE)
}

/// Settles a conflict, and returns what was kept in the end and where the drive's copy lies, if there is one.
async fn settle(session: &Session, conflict: Conflict, keep: Keep) -> Result<(Keep, Option<DocId>)> {
    let (keep, copy) = match (keep, &conflict.local, &conflict.remote) {
        (Keep::Both, Some(_), Some(_)) => (Keep::Local, Some(put_beside(session, &conflict.id).await?)),
        // One side is deleted: keeping both means keeping the other.
        (Keep::Both, None, _) => (Keep::Remote, None),
        (Keep::Both, Some(_), None) => (Keep::Local, None),
        (keep, ..) => (keep, None),
    };
    let resolution = if keep == Keep::Remote { Resolution::TakeRemote } else { Resolution::KeepLocal };
    session.client.resolve(conflict, resolution).await?;
    config::touch(session.tree.path());
    Ok((keep, copy))
}

/// Writes the drive's side to a new file beside the local one.
async fn put_beside(session: &Session, id: &DocId) -> Result<DocId> {
    let failed = |detail: String| Error::new(ErrorKind::Application, "resolve", detail).about(id.as_str());
    let remote = session.client.versions(id.clone()).await?.remote;
    let Some(Body::Whole(bytes)) = remote.map(|document| document.body) else {
        return Err(failed("the drive's copy cannot be had now: sync, then try again".to_owned()));
    };
    for n in 1..=MAX_NAMES {
        let copy = DocId::new(name_beside(id.as_str(), n))?;
        match session.tree.add_file(&copy, &bytes) {
            Ok(()) => return Ok(copy),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                // A command that was killed may have put it there already.
                if std::fs::read(session.tree.path().join(copy.as_str())).is_ok_and(|found| found == bytes) {
                    return Ok(copy);
                }
            }
            Err(e) => return Err(failed(format!("the drive's copy cannot be put beside the file: {e}"))),
        }
    }
    Err(failed("every name for the drive's copy is taken".to_owned()))
}

/// Names the copy: `notes.md` becomes `notes (from drive).md`, then `notes (from drive 2).md`.
fn name_beside(path: &str, n: u32) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mark = if n == 1 { " (from drive)".to_owned() } else { format!(" (from drive {n})") };
    let room = 255_usize.saturating_sub(mark.len() + extension.len());
    let end = stem.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last().unwrap_or(0);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}{}{mark}{extension}", stem.get(..end).unwrap_or_default())
}

fn word(keep: Keep) -> &'static str {
    match keep {
        Keep::Local => "local",
        Keep::Remote => "remote",
        Keep::Both => "both",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_a_clear_name() {
        for (path, n, name) in [
            ("notes.md", 1, "notes (from drive).md"),
            ("a.b/notes", 2, "a.b/notes (from drive 2)"),
            (".bashrc", 1, ".bashrc (from drive)"),
            ("x.tar.gz", 1, "x.tar (from drive).gz"),
        ] {
            assert_eq!(name_beside(path, n), name);
        }
        let long = name_beside(&format!("d/{}.md", "ü".repeat(126)), 1);
        assert!(long.len() <= 2 + 255 && long.ends_with("ü (from drive).md"), "{long}");
    }
}
