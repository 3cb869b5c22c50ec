//! Parts of a file: how they are asked for, and cut from what comes (RFC 9110, 14).

#![allow(dead_code, reason = "each drive takes some of it, and there may be only one")]

use super::{Request, Response};
use std::ops::Range;

/// Positions beyond this one are none for any service.
const LAST: u64 = i64::MAX as u64;

/// Returns the range with an end that services take.
pub(crate) fn bounded(range: Range<u64>) -> Range<u64> {
    range.start..range.end.min(LAST)
}

/// Asks for a range that is not empty, or for the whole.
pub(crate) fn asking(request: Request, range: Option<&Range<u64>>) -> Request {
    match range {
        Some(Range { start, end }) if *end == LAST => request.with("Range", format!("bytes={start}-")),
        Some(Range { start, end }) => request.with("Range", format!("bytes={start}-{}", end - 1)),
        None => request,
    }
}

/// Whether a part begins where it was asked to.
pub(crate) fn is_asked(response: &Response, range: Option<&Range<u64>>) -> bool {
    let begins = response.header("content-range").and_then(beginning);
    begins.is_some_and(|begins| range.is_some_and(|range| range.start == begins))
}

/// Returns how long the whole is of which a part came, if that is told.
#[cfg(feature = "gdrive")]
pub(crate) fn total(response: &Response) -> Option<u64> {
    response.header("content-range")?.rsplit_once('/')?.1.trim().parse().ok()
}

/// Reads `bytes 7-9/20`.
fn beginning(content_range: &str) -> Option<u64> {
    content_range.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// Cuts bytes that begin at a position of the file down to the range.
pub(crate) fn cut(mut bytes: Vec<u8>, begins: u64, range: Option<&Range<u64>>) -> Vec<u8> {
    let Some(range) = range else { return bytes };
    let at = |position: u64| usize::try_from(position.saturating_sub(begins)).unwrap_or(usize::MAX).min(bytes.len());
    let (start, end) = (at(range.start), at(range.end));
    bytes.truncate(end);
    bytes.drain(..start.min(end));
    bytes
}
