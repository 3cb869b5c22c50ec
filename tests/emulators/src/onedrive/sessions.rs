//! Uploads in pieces.

use super::{
    account::Account,
    answer::{answered, done, refused},
    upload::{Target, commit},
};
use crate::server::{Asked, Reply};
use serde_json::{Value, json};

/// Every piece but the last is a multiple of this.
const UNIT: usize = 320 << 10;
/// No piece is larger.
const MAX_PIECE: usize = 60 << 20;

#[derive(Debug)]
pub(super) struct Session {
    pub(super) target: Target,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn wanted(next: usize) -> Value {
    json!({"expirationDateTime": "2027-01-01T00:00:00Z", "nextExpectedRanges": [format!("{next}-")]})
}

/// How a request to a session ended.
pub(super) enum Ended {
    Reply(Reply),
    /// The file of this id is whole.
    File {
        id: String,
        is_new: bool,
    },
}

pub(super) fn serve(account: &mut Account, number: u64, asked: &Asked) -> Result<Ended, Reply> {
    let session = account.sessions.get_mut(&number).ok_or_else(|| refused(404, "itemNotFound"))?;
    match asked.method.as_str() {
        "GET" => return Ok(Ended::Reply(answered(200, &wanted(session.bytes.len())))),
        "DELETE" => {
            account.sessions.remove(&number);
            return Ok(Ended::Reply(done()));
        }
        "PUT" => {}
        _ => return Err(refused(400, "invalidRequest")),
    }
    let (first, last, total) = asked.header("content-range").and_then(range).ok_or_else(|| refused(400, "invalidRequest"))?;
    let length = last + 1 - first;
    let is_last = last + 1 == total;
    if length != asked.body.len() || length > MAX_PIECE || (!is_last && length % UNIT != 0) {
        return Err(refused(400, "invalidRequest"));
    }
    if first != session.bytes.len() {
        return Err(refused(416, "invalidRange"));
    }
    session.bytes.extend_from_slice(&asked.body);
    if !is_last {
        return Ok(Ended::Reply(answered(202, &wanted(session.bytes.len()))));
    }
    let Some(session) = account.sessions.remove(&number) else { return Err(refused(404, "itemNotFound")) };
    commit(account, &session.target, session.bytes).map(|(id, is_new)| Ended::File { id, is_new })
}

/// Reads `bytes 0-99/200`.
fn range(header: &str) -> Option<(usize, usize, usize)> {
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, total) = (first.parse().ok()?, last.parse().ok()?, total.parse().ok()?);
    (first <= last && last < total).then_some((first, last, total))
}
