//! The requests that the host reads, one JSON object a line, and the answers it gives.

use crate::documents::{Documents, stored};
use kitestring::{
    Action, Allow, Body, Change, Client, Conflict, DocId, Document, Error, ErrorKind, Resolution, Result, Revision, SyncOptions,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::time::Duration;

/// What the test asks for, as `{"put": {…}}` or `"dump"`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A person edited these documents.
    Put {
        /// Objects with `_id` and `_rev`.
        docs: Vec<Box<RawValue>>,
    },
    /// A person deleted a document.
    Delete {
        /// Which document.
        id: DocId,
        /// The revision of the deletion.
        rev: Revision,
    },
    /// Syncs.
    Sync {
        /// How long to wait for another's lock, in milliseconds.
        #[serde(default)]
        wait_ms: u64,
        /// Whether the user agreed to a mass deletion.
        #[serde(default)]
        mass_delete: bool,
        /// Whether the user agreed to go on with an older drive.
        #[serde(default)]
        rollback: bool,
    },
    /// Asks for every document.
    Dump,
    /// Asks for the conflicts with their contents.
    Conflicts,
    /// Settles a conflict.
    Resolve {
        /// Which document.
        id: DocId,
        /// How.
        how: How,
    },
}

/// How to settle a conflict.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Keeps this host's side.
    KeepLocal,
    /// Takes the drive's side.
    TakeRemote,
    /// Stores this document.
    Merged(Box<RawValue>),
}

/// Does what one line asks for, and returns the answer.
pub async fn answer(line: &str, documents: &Documents, client: &Client) -> Value {
    let request = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(e) => return error(&Error::new(ErrorKind::InvalidInput, "request", e.to_string())),
    };
    perform(request, documents, client).await.unwrap_or_else(|e| error(&e))
}

async fn perform(request: Request, documents: &Documents, client: &Client) -> Result<Value> {
    match request {
        Request::Put { docs } => {
            let changes = documents.put(docs)?;
            client.queue_changes(changes).await?;
            Ok(json!({}))
        }
        Request::Delete { id, rev } => {
            documents.remove(&id)?;
            client.queue_change(Change { id, revision: rev, action: Action::Delete }).await?;
            Ok(json!({}))
        }
        Request::Sync { wait_ms, mass_delete, rollback } => {
            let allow = Allow { mass_delete, rollback, ..Allow::default() };
            sync(client, SyncOptions { wait: Duration::from_millis(wait_ms), allow, ..SyncOptions::default() }).await
        }
        Request::Dump => Ok(json!({ "docs": documents.dump() })),
        Request::Conflicts => conflicts(client).await,
        Request::Resolve { id, how } => {
            client.resolve(seen(client, &id).await?, resolution(how)?).await?;
            Ok(json!({}))
        }
    }
}

async fn sync(client: &Client, options: SyncOptions) -> Result<Value> {
    let report = client.sync(options).await?;
    let skipped: Vec<_> = report.skipped.iter().map(|s| json!({ "id": s.id, "why": s.why })).collect();
    let conflicts: Vec<_> = report.conflicts.iter().map(|c| &c.id).collect();
    Ok(json!({
        "pushed": report.pushed, "pulled": report.pulled, "deleted": report.deleted,
        "conflicts": conflicts, "skipped": skipped, "requests": report.requests.total(),
    }))
}

async fn conflicts(client: &Client) -> Result<Value> {
    let mut list = Vec::new();
    for conflict in client.conflicts().await? {
        let versions = client.versions(conflict.id.clone()).await?;
        list.push(json!({
            "id": conflict.id, "kind": conflict.kind.code(),
            "local": content(versions.local), "remote": content(versions.remote),
        }));
    }
    Ok(json!({ "conflicts": list }))
}

fn content(document: Option<Document>) -> Option<Value> {
    match document?.body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).ok(),
        Body::Parts { .. } => None,
    }
}

async fn seen(client: &Client, id: &DocId) -> Result<Conflict> {
    let found = client.conflicts().await?.into_iter().find(|c| c.id == *id);
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, "resolve", "there is no such conflict").about(id.as_str()))
}

fn resolution(how: How) -> Result<Resolution> {
    Ok(match how {
        How::KeepLocal => Resolution::KeepLocal,
        How::TakeRemote => Resolution::TakeRemote,
        How::Merged(doc) => {
            let merged = stored(doc)?;
            Resolution::Merged { revision: merged.rev, body: Body::Whole(merged.doc.get().as_bytes().to_vec()) }
        }
    })
}

/// Spells an error as an answer.
pub fn error(e: &Error) -> Value {
    let mut fields = json!({ "code": e.kind.code(), "operation": e.operation(), "subject": e.subject(), "detail": e.detail() });
    if let (ErrorKind::Locked { owner, until_ms }, Some(map)) = (&e.kind, fields.as_object_mut()) {
        map.insert("owner".to_owned(), json!(owner));
        map.insert("until_ms".to_owned(), json!(until_ms));
    }
    json!({ "error": fields })
}
