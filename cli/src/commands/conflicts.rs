//! `kite conflicts`.

use super::{DONE, no_conflict, typed_id};
use crate::{
    args::Conflicts,
    output::{
        GOOD,
        diff::{Content, diff, since},
        json, line, styled, summary,
    },
    sealed::Opening,
    session::Session,
};
use kitestring::{Body, Conflict, Document, Error, ErrorKind, Result};
use serde_json::{Value, json};

/// Lists the conflicts, or shows both sides of one, and what each has changed where the history still has what was before.
pub(super) async fn run(args: &Conflicts, opening: &Opening) -> Result<u8> {
    let folder = &args.folder.folder;
    let session = Session::for_local_work(folder, opening).await?;
    let conflicts = session.conflicts().await?;
    if let Some(file) = &args.diff {
        let id = typed_id(folder, file)?;
        let Some(conflict) = conflicts.into_iter().find(|c| c.id == id) else { return Err(no_conflict(folder, &id)) };
        let text = both_sides(&session, &conflict).await?;
        if args.folder.json {
            json::print(&with_diff(&conflict, &text));
        } else {
            line(text);
            line("");
            summary::conflicts(&[conflict], folder);
        }
    } else if args.folder.json {
        json::print(&json::conflicts(&conflicts));
    } else if conflicts.is_empty() {
        line(styled(GOOD, "No conflicts"));
    } else {
        summary::conflicts(&conflicts, folder);
    }
    Ok(DONE)
}

async fn both_sides(session: &Session, conflict: &Conflict) -> Result<String> {
    let versions = session.client.versions(conflict.id.clone()).await?;
    let (remote, local) = (content(session, versions.remote.as_ref())?, content(session, versions.local.as_ref())?);
    let path = conflict.id.as_str();
    let mut text = diff(path, &remote, &local);
    if let Some(Body::Whole(base)) = versions.base.map(|base| base.body) {
        let base = Content::Bytes(base);
        let each = [("drive", &remote), ("folder", &local)].into_iter().filter_map(|side| since(path, &base, side));
        each.for_each(|changed| text.extend(["\n\n", &changed]));
    }
    Ok(text)
}

/// Returns the whole content of one side. A large local file comes in parts.
fn content(session: &Session, side: Option<&Document>) -> Result<Content> {
    let body = match side.map(|document| (&document.id, &document.body)) {
        None => return Ok(Content::Deleted),
        Some((_, Body::Whole(bytes))) => bytes.clone(),
        Some((id, Body::Parts { .. })) => std::fs::read(session.tree.path().join(id.as_str()))
            .map_err(|e| Error::new(ErrorKind::Application, "get", format!("the file cannot be read: {e}")).about(id.as_str()))?,
    };
    Ok(Content::Bytes(body))
}

fn with_diff(conflict: &Conflict, text: &str) -> Value {
    let mut all = json::conflicts(std::slice::from_ref(conflict));
    if let Some(fields) = all.get_mut(0).and_then(Value::as_object_mut) {
        fields.insert("diff".to_owned(), json!(anstream::adapter::strip_str(text).to_string()));
    }
    all
}
