//! Uploads that are too large for one request: a session takes them in pieces, and goes on where it was cut.

use super::{GDrive, routes::BINARY};
use crate::http::{Call, Method, Repeat, Request, Response};
use bytes::Bytes;
use kitestring::{ErrorKind, Result};
use url::Url;

/// So much is sent at once: a multiple of 256 KiB, as Google wants it.
const PIECE: usize = 8 << 20;
/// So often in a row nothing may arrive.
const TRIES: u32 = 6;

/// What became of a session.
enum State {
    /// It has this many bytes.
    Has(usize),
    /// It is over, by this answer.
    Over(Response),
}

impl GDrive {
    /// Opens a session and sends the content there. The answer is that to the last piece.
    pub(super) async fn send_large(&self, call: &Call, opening: Request, bytes: Vec<u8>) -> Result<Response> {
        let length = bytes.len().to_string();
        let opening = opening.with("X-Upload-Content-Type", BINARY).with("X-Upload-Content-Length", length);
        let opened = self.send(call, opening).await?;
        let session = opened.header("location").and_then(|to| self.service.join(to).ok());
        match session {
            Some(session) if opened.status == 200 => self.send_pieces(call, &session, &bytes.into()).await,
            _ => Ok(opened),
        }
    }

    async fn send_pieces(&self, call: &Call, session: &Url, content: &Bytes) -> Result<Response> {
        let (mut at, mut failed) = (0, 0);
        loop {
            // What has arrived of a piece is not sent again.
            let piece = Call { repeat: Repeat::OnlyIfRefused, ..call.clone() };
            let answer = self.send(&piece, piece_from(session, content, at)).await;
            let state = match answer {
                Ok(response) if !is_cut(response.status) => state_of(response, content.len()),
                Err(error) if error.kind != ErrorKind::Unavailable => return Err(error),
                cut if failed >= TRIES => return cut,
                _ => {
                    self.web.wait(failed).await?;
                    self.ask(call, session, content.len()).await?
                }
            };
            match state {
                State::Over(response) => return Ok(response),
                State::Has(now) if now > at => (at, failed) = (now, 0),
                State::Has(_) if failed >= TRIES => return Err(self.senseless(call)),
                State::Has(now) => (at, failed) = (now, failed + 1),
            }
        }
    }

    /// Asks a session how much it has.
    async fn ask(&self, call: &Call, session: &Url, total: usize) -> Result<State> {
        let request = Request::new(Method::Put, session.clone()).with("Content-Range", format!("bytes */{total}"));
        let response = self.send(call, request).await?;
        match response.status {
            404 | 410 => Err(self.error(call, ErrorKind::Unavailable, "has forgotten an upload that was cut; it begins anew later")),
            status if is_cut(status) => Err(self.refused(call, &response)),
            _ => Ok(state_of(response, total)),
        }
    }
}

/// Whether nothing is known of what became of a piece.
fn is_cut(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504)
}

fn piece_from(session: &Url, content: &Bytes, at: usize) -> Request {
    let end = at.saturating_add(PIECE).min(content.len());
    let range = format!("bytes {at}-{}/{}", end.saturating_sub(1), content.len());
    let request = Request::new(Method::Put, session.clone()).with("Content-Type", BINARY).with("Content-Range", range);
    request.containing(content.slice(at.min(end)..end))
}

/// Reads `Range: bytes=0-99` of an answer that says to go on; without it nothing has arrived.
fn state_of(response: Response, total: usize) -> State {
    if response.status != 308 {
        return State::Over(response);
    }
    let last = response.header("range").and_then(|range| range.rsplit_once('-')?.1.trim().parse::<usize>().ok());
    // There is always something left to send: an answer to the whole is no such one.
    State::Has(last.map_or(0, |last| last.saturating_add(1)).min(total.saturating_sub(1)))
}
