//! Contents: the whole, or a part.

use super::reply;
use crate::server::{Asked, Reply};

/// Answers with a content, or with the part that is asked for.
pub(super) fn media(asked: &Asked, mime: &str, bytes: &[u8]) -> Reply {
    let Some(range) = asked.header("range") else { return Reply::new(200, mime, bytes) };
    let Some((start, end)) = range.strip_prefix("bytes=").and_then(|range| part(range, bytes.len())) else {
        return reply::error(416, "global", "requestedRangeNotSatisfiable", "Request range not satisfiable", Some(("header", "Range")));
    };
    let content_range = format!("bytes {start}-{}/{}", end - 1, bytes.len());
    Reply::new(206, mime, bytes.get(start..end).unwrap_or_default()).with("Content-Range", content_range)
}

fn part(range: &str, len: usize) -> Option<(usize, usize)> {
    let (start, last) = range.split_once('-')?;
    let start: usize = start.parse().ok()?;
    let end = if last.is_empty() { len } else { last.parse::<usize>().ok()?.saturating_add(1).min(len) };
    (start < end).then_some((start, end))
}
