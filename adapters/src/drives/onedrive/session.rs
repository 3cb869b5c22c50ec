//! New files that are too large for one request: a session takes them in pieces, and goes on where it was cut.

use super::{
    OneDrive,
    refusal::Refusal,
    write::{BINARY, CONFLICT},
};
use crate::http::{Call, Method, Repeat, Request, Response};
use bytes::Bytes;
use kitestring::{DrivePath, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// So much is sent at once: a multiple of 320 KiB, as OneDrive wants it.
const PIECE: usize = 32 * (320 << 10);
/// So often in a row nothing may arrive.
const TRIES: u32 = 6;

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "uploadUrl")]
    url: String,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "nextExpectedRanges")]
    ranges: Vec<String>,
}

/// What became of a session.
enum State {
    /// It has this many bytes.
    Has(usize),
    /// It is over, by this answer.
    Over(Result<Value, Refusal>),
}

impl OneDrive {
    /// Makes a file where there is none. The answer is that to the last piece, if it comes to that.
    pub(super) async fn make_large(&self, call: &Call, path: &DrivePath, content: &Bytes) -> Result<Result<Value, Refusal>> {
        let about = json!({"item": {CONFLICT: "fail"}});
        let request = Request::new(Method::Post, self.address(path, "createUploadSession")?);
        let opened = self.ask(call, request.with("Content-Type", "application/json").containing(about.to_string())).await?;
        let value = match opened {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let session: Option<Session> = serde_json::from_value(value).ok();
        let url = session.and_then(|session| Url::parse(&session.url).ok()).ok_or_else(|| self.senseless(call))?;
        self.send_pieces(call, &url, content).await
    }

    async fn send_pieces(&self, call: &Call, url: &Url, content: &Bytes) -> Result<Result<Value, Refusal>> {
        let (mut at, mut failed) = (0, 0);
        loop {
            // What has arrived of a piece is not sent again.
            let answer = self.elsewhere.send(call, Repeat::OnlyIfRefused, piece_from(url, content, at)).await;
            let state = match answer {
                // The piece is there already, or part of it.
                Ok(response) if response.status == 416 => self.ask_session(call, url, content.len()).await?,
                Ok(response) if response.status < 500 || response.status == 507 => self.state_of(call, url, &response, content.len())?,
                Err(error) if error.kind != ErrorKind::Unavailable || failed >= TRIES => return Err(error),
                Ok(response) if failed >= TRIES => return Err(self.elsewhere.refused(call, url, &response)),
                _ => {
                    self.web.wait(failed).await?;
                    self.ask_session(call, url, content.len()).await?
                }
            };
            match state {
                State::Over(answer) => return Ok(answer),
                State::Has(now) if now > at => (at, failed) = (now, 0),
                State::Has(_) if failed >= TRIES => return Err(self.senseless(call)),
                State::Has(now) => (at, failed) = (now, failed + 1),
            }
        }
    }

    /// Asks a session what it wants next.
    async fn ask_session(&self, call: &Call, url: &Url, total: usize) -> Result<State> {
        let response = self.elsewhere.send(call, Repeat::Freely, Request::new(Method::Get, url.clone())).await?;
        self.state_of(call, url, &response, total)
    }

    /// Reads what a session wants next. The address of one is never shown.
    fn state_of(&self, call: &Call, url: &Url, response: &Response, total: usize) -> Result<State> {
        // Whoever has the address may send there: 401 is that it holds no longer.
        if matches!(response.status, 401 | 404 | 410) {
            return Err(self.error(call, ErrorKind::Unavailable, "has forgotten an upload that was cut; it begins anew later"));
        }
        let value = match self.answer(call, url, response)? {
            Ok(value) => value,
            Err(refusal) => return Ok(State::Over(Err(refusal))),
        };
        if value.get("id").is_some() {
            return Ok(State::Over(Ok(value)));
        }
        let Wanted { ranges } = serde_json::from_value(value).map_err(|_| self.senseless(call))?;
        let next = ranges.first().and_then(|range| range.split('-').next()?.trim().parse::<usize>().ok());
        // There is always something left to send: an answer to the whole is no such one.
        next.map(|next| State::Has(next.min(total.saturating_sub(1)))).ok_or_else(|| self.senseless(call))
    }
}

fn piece_from(url: &Url, content: &Bytes, at: usize) -> Request {
    let end = at.saturating_add(PIECE).min(content.len());
    let range = format!("bytes {at}-{}/{}", end.saturating_sub(1), content.len());
    let request = Request::new(Method::Put, url.clone()).with("Content-Type", BINARY).with("Content-Range", range);
    request.containing(content.slice(at.min(end)..end))
}
