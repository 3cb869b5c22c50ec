//! Uploads in steps: sessions are started, filled and finished, one or many at a time.

use super::{
    account::{Session, Tree},
    commit::{CommitInfo, Refusal, commit},
    replies::{bad, refused},
};
use crate::server::Reply;
use serde::Deserialize;
use serde_json::{Value, json};

/// So many sessions may be started or finished by one call.
const MOST: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartArg {
    #[serde(default)]
    close: bool,
    #[allow(dead_code, reason = "only those that are filled in order are known here")]
    session_type: Option<Value>,
    #[allow(dead_code, reason = "it is accepted, and not checked")]
    content_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartBatchArg {
    num_sessions: usize,
    #[allow(dead_code, reason = "only those that are filled in order are known here")]
    session_type: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    session_id: String,
    offset: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendArg {
    cursor: Cursor,
    #[serde(default)]
    close: bool,
    #[allow(dead_code, reason = "it is accepted, and not checked")]
    content_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppendEntry {
    cursor: Cursor,
    length: usize,
    #[serde(default)]
    close: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendBatchArg {
    entries: Vec<AppendEntry>,
    #[allow(dead_code, reason = "it is accepted, and not checked")]
    content_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FinishArg {
    cursor: Cursor,
    commit: CommitInfo,
    #[allow(dead_code, reason = "it is accepted, and not checked")]
    content_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FinishBatchArg {
    entries: Vec<FinishArg>,
}

fn open(tree: &mut Tree, session: Session) -> String {
    let id = format!("pid_upload_session:{:064x}", tree.next());
    tree.sessions.insert(id.clone(), session);
    id
}

pub(super) fn start(tree: &mut Tree, arg: &StartArg, bytes: Vec<u8>) -> Value {
    json!({"session_id": open(tree, Session { bytes, is_closed: arg.close })})
}

pub(super) fn start_batch(tree: &mut Tree, route: &str, arg: &StartBatchArg) -> Result<Value, Reply> {
    if !(1..=MOST).contains(&arg.num_sessions) {
        return Err(bad(route, "num_sessions: must be from 1 to 1000"));
    }
    let ids: Vec<String> = (0..arg.num_sessions).map(|_| open(tree, Session::default())).collect();
    Ok(json!({"session_ids": ids}))
}

/// Finds a session that goes on at this offset; otherwise says why there is none.
fn at<'t>(tree: &'t mut Tree, cursor: &Cursor) -> Result<&'t mut Session, Value> {
    let Some(session) = tree.sessions.get_mut(&cursor.session_id) else { return Err(json!({".tag": "not_found"})) };
    if session.bytes.len() != cursor.offset {
        return Err(json!({".tag": "incorrect_offset", "correct_offset": session.bytes.len()}));
    }
    Ok(session)
}

fn add(tree: &mut Tree, cursor: &Cursor, bytes: &[u8], close: bool) -> Result<(), Value> {
    let session = at(tree, cursor)?;
    if session.is_closed {
        return Err(json!({".tag": "closed"}));
    }
    session.bytes.extend_from_slice(bytes);
    session.is_closed = close;
    Ok(())
}

pub(super) fn append(tree: &mut Tree, arg: &AppendArg, bytes: &[u8]) -> Result<Value, Reply> {
    add(tree, &arg.cursor, bytes, arg.close).map(|()| Value::Null).map_err(|error| refused(&error))
}

/// The bytes of all sessions stand one after the other.
pub(super) fn append_batch(tree: &mut Tree, arg: &AppendBatchArg, bytes: &[u8]) -> Result<Value, Reply> {
    if arg.entries.iter().map(|entry| entry.length).sum::<usize>() != bytes.len() {
        return Err(refused(&json!({".tag": "length_mismatch"})));
    }
    let mut rest = bytes;
    let mut answers = Vec::new();
    for entry in &arg.entries {
        let (own, others) = rest.split_at(entry.length);
        rest = others;
        answers.push(match add(tree, &entry.cursor, own, entry.close) {
            Ok(()) => json!({".tag": "success"}),
            Err(error) => json!({".tag": "failure", "failure": error}),
        });
    }
    Ok(json!({"entries": answers}))
}

/// Makes a session a file. One that was refused can be finished again.
fn end(tree: &mut Tree, route: &str, arg: &FinishArg, must_be_closed: bool, more: &[u8]) -> Result<Result<Value, Value>, Reply> {
    let lookup = |error: Value| json!({".tag": "lookup_failed", "lookup_failed": error});
    let bytes = match at(tree, &arg.cursor) {
        Err(error) => return Ok(Err(lookup(error))),
        Ok(session) if must_be_closed && !session.is_closed => return Ok(Err(lookup(json!({".tag": "not_closed"})))),
        Ok(session) => [&session.bytes, more].concat(),
    };
    match commit(tree, route, &arg.commit, bytes) {
        Ok(metadata) => {
            tree.sessions.remove(&arg.cursor.session_id);
            Ok(Ok(metadata))
        }
        Err(Refusal::Bad(reply)) => Err(reply),
        Err(Refusal::Write(error)) => Ok(Err(json!({".tag": "path", "path": error}))),
    }
}

pub(super) fn finish(tree: &mut Tree, route: &str, arg: &FinishArg, bytes: &[u8]) -> Result<Value, Reply> {
    end(tree, route, arg, false, bytes)?.map_err(|error| refused(&error))
}

/// Answers once for each file; `contended` is whether the first meets another write.
pub(super) fn finish_batch(tree: &mut Tree, route: &str, arg: &FinishBatchArg, contended: bool) -> Result<Value, Reply> {
    if arg.entries.len() > MOST {
        return Err(bad(route, "entries: longer than 1000"));
    }
    let mut answers = Vec::new();
    for (n, entry) in arg.entries.iter().enumerate() {
        let ended = if contended && n == 0 {
            Err(json!({".tag": "path", "path": {".tag": "too_many_write_operations"}}))
        } else {
            end(tree, route, entry, true, &[])?
        };
        answers.push(match ended {
            Ok(mut metadata) => {
                metadata.as_object_mut().map(|fields| fields.insert(".tag".to_owned(), json!("success")));
                metadata
            }
            Err(error) => json!({".tag": "failure", "failure": error}),
        });
    }
    Ok(json!({"entries": answers}))
}
