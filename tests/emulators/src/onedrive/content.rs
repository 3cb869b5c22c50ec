//! Contents, at addresses that name a file and hold a secret. Whoever sends a token there is refused.

use super::{Failure, account::Account, answer::refused};
use crate::server::{Asked, Reply};

/// Answers with a content, or a part of it.
pub(super) fn download(account: &Account, key: &str, asked: &Asked, failure: Option<Failure>) -> Result<Reply, Reply> {
    if asked.param("tempauth") != Some("canary") {
        return Err(refused(401, "unauthenticated"));
    }
    let is_asked = |own: &str| own == key;
    let file = account.items.values().filter_map(|item| item.file.as_ref()).find(|file| is_asked(&file.key));
    let file = file.ok_or_else(|| refused(404, "itemNotFound"))?;
    let bytes = if failure == Some(Failure::OldContent) { &file.before } else { &file.bytes };
    let whole = |bytes: &[u8]| Reply::new(200, "application/octet-stream", bytes);
    let Some((first, last)) = asked.header("range").and_then(range) else { return Ok(whole(bytes)) };
    if first >= bytes.len() {
        return Err(refused(416, "invalidRange"));
    }
    let last = last.min(bytes.len() - 1);
    let part = bytes.get(first..=last).unwrap_or_default();
    Ok(Reply { status: 206, ..whole(part) }.with("Content-Range", format!("bytes {first}-{last}/{}", bytes.len())))
}

fn range(header: &str) -> Option<(usize, usize)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, if last.is_empty() { usize::MAX } else { last.parse().ok()? }))
}
