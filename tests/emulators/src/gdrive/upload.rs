//! Uploads: in one request, alone or beside their metadata, or in a session.

use super::{
    Settings,
    account::Account,
    files::{Api, Metadata, check_tag, describe},
    reply,
};
use crate::server::{Asked, Reply};

/// What is sent in one request is no larger.
const SIMPLE: usize = 5 * 1000 * 1000 + 4096;
/// The pieces of a session but the last are multiples of this.
const GRAIN: usize = 256 << 10;

/// An upload that has begun.
#[derive(Debug)]
pub(super) struct Session {
    /// The file whose content is replaced; none for a new one.
    id: Option<String>,
    metadata: Vec<u8>,
    received: Vec<u8>,
    /// The answer, once it is done.
    done: Option<String>,
}

/// Takes an upload; without an id it makes a new file.
pub(super) fn upload(account: &mut Account, settings: Settings, asked: &Asked, api: Api, id: Option<&str>) -> Result<Reply, Reply> {
    if let Some(session) = asked.param("upload_id").map(str::to_owned) {
        return go_on(account, settings, asked, api, &session);
    }
    if let Some(id) = id {
        check_tag(account, asked, api, id)?;
    }
    match asked.param("uploadType") {
        Some("resumable") => Ok(open(account, asked, id)),
        Some("media") => {
            check_size(&asked.body)?;
            finish(account, settings, asked, api, id, &Metadata::parse(b"")?, asked.body.to_vec())
        }
        Some("multipart") => {
            check_size(&asked.body)?;
            let (metadata, content) =
                halves(asked).ok_or_else(|| reply::error(400, "global", "badContent", "Malformed multipart body.", None))?;
            finish(account, settings, asked, api, id, &Metadata::parse(&metadata)?, content)
        }
        _ => Err(reply::invalid("Invalid Value", "uploadType")),
    }
}

/// What arrives of a piece whose sender is cut off in the middle.
pub(super) fn halved(asked: &Asked) -> Asked {
    let arrives = asked.body.len() / 2 / GRAIN * GRAIN;
    let mut halved = asked.clone();
    halved.body.truncate(arrives);
    halved
}

fn check_size(body: &[u8]) -> Result<(), Reply> {
    if body.len() > SIMPLE { Err(reply::error(413, "global", "uploadTooLarge", "Request Entity Too Large", None)) } else { Ok(()) }
}

fn finish(
    account: &mut Account,
    settings: Settings,
    asked: &Asked,
    api: Api,
    id: Option<&str>,
    metadata: &Metadata,
    content: Vec<u8>,
) -> Result<Reply, Reply> {
    let id = match id {
        Some(id) => {
            account.check_room(content.len())?;
            account.write(id, content, settings.moves);
            let newest = account.files.get_mut(id).and_then(|file| file.revisions.last_mut());
            newest.into_iter().for_each(|newest| newest.kept = asked.param("keepRevisionForever") == Some("true"));
            metadata.apply(account, id);
            id.to_owned()
        }
        None => metadata.create(account, Some(content))?,
    };
    let file = account.files.get(&id).ok_or_else(|| reply::not_found(&id))?;
    describe(asked, api, file)
}

fn open(account: &mut Account, asked: &Asked, id: Option<&str>) -> Reply {
    let name = format!("session-{}", account.next());
    let session = Session { id: id.map(str::to_owned), metadata: asked.body.to_vec(), received: Vec::new(), done: None };
    account.sessions.insert(name.clone(), session);
    let host = asked.header("host").unwrap_or("127.0.0.1");
    let mut location = format!("http://{host}{}?uploadType=resumable&upload_id={name}", asked.path);
    if let Some(fields) = asked.param("fields") {
        let fields: String = url::form_urlencoded::byte_serialize(fields.as_bytes()).collect();
        location.push_str(&format!("&fields={fields}"));
    }
    Reply::new(200, "text/plain", "").with("Location", location)
}

/// Takes a piece of a session: `Content-Range: bytes 0-9/20`, `bytes */20` to ask, or none for all of it.
fn go_on(account: &mut Account, settings: Settings, asked: &Asked, api: Api, name: &str) -> Result<Reply, Reply> {
    let mut session = account.sessions.remove(name).ok_or_else(|| reply::not_found(name))?;
    if session.done.is_none() {
        match asked.header("content-range").map(piece) {
            None => session.received.extend_from_slice(&asked.body),
            Some(Some((start, total))) => {
                let fits = start.is_none_or(|start| start == session.received.len());
                let is_last = total == Some(session.received.len() + asked.body.len());
                if start.is_some() && (!fits || (!is_last && !asked.body.len().is_multiple_of(GRAIN))) {
                    account.sessions.insert(name.to_owned(), session);
                    return Err(reply::error(
                        400,
                        "global",
                        "invalid",
                        "Invalid request. Range does not fit.",
                        Some(("header", "Content-Range")),
                    ));
                }
                session.received.extend_from_slice(&asked.body);
                if total != Some(session.received.len()) {
                    let mut reply = Reply::new(308, "text/plain", "");
                    if !session.received.is_empty() {
                        reply = reply.with("Range", format!("bytes=0-{}", session.received.len() - 1));
                    }
                    account.sessions.insert(name.to_owned(), session);
                    return Ok(reply);
                }
            }
            Some(None) => return Err(reply::error(400, "global", "invalid", "Failed to parse Content-Range header.", None)),
        }
        let metadata = Metadata::parse(&session.metadata)?;
        let bytes = std::mem::take(&mut session.received);
        let reply = finish(account, settings, asked, api, session.id.as_deref(), &metadata, bytes)?;
        session.done = Some(String::from_utf8_lossy(&reply.body).into_owned());
    }
    let body = session.done.clone().unwrap_or_default();
    account.sessions.insert(name.to_owned(), session);
    Ok(Reply::new(200, "application/json; charset=UTF-8", body))
}

/// Reads where a piece begins, and how long the whole is.
fn piece(range: &str) -> Option<(Option<usize>, Option<usize>)> {
    let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let start = if part == "*" { None } else { Some(part.split_once('-')?.0.parse().ok()?) };
    Some((start, total))
}

/// Takes metadata and content out of one body (RFC 2387).
fn halves(asked: &Asked) -> Option<(Vec<u8>, Vec<u8>)> {
    let boundary = asked.header("content-type")?.split("boundary=").nth(1)?.split(';').next()?.trim_matches(['"', '\'', ' ']);
    let line = format!("--{boundary}").into_bytes();
    let body = &asked.body;
    let mut at: Vec<usize> = body.windows(line.len()).enumerate().filter(|(_, part)| *part == line).map(|(at, _)| at).collect();
    if at.len() != 3 {
        return None;
    }
    let last = at.pop()?;
    let second = at.pop()?;
    let first = body.get(at.pop()? + line.len()..second)?;
    let second = body.get(second + line.len()..last)?;
    Some((inner(first)?, inner(second)?))
}

/// Leaves the headers of a part away, and the end of its last line.
fn inner(part: &[u8]) -> Option<Vec<u8>> {
    let find = |wanted: &[u8]| part.windows(wanted.len()).position(|at| at == wanted).map(|at| at + wanted.len());
    let begins = match (find(b"\r\n\r\n"), find(b"\n\n")) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b)?,
    };
    let content = part.get(begins..)?;
    Some(content.strip_suffix(b"\r\n").or_else(|| content.strip_suffix(b"\n")).unwrap_or(content).to_vec())
}
