//! Sends one request: signed, and again where the store says that it was not carried out.

use super::{S3, refusal::Refusal};
use crate::http::{Call, Method, Request, Response};
use kitestring::Result;
use url::Url;

/// A request that is refused because of others is sent so many times.
const TRIES: u32 = 6;

/// A request that is not signed yet.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) request: Request,
    query: Vec<(&'static str, String)>,
}

impl Asked {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { request: Request::new(method, url), query: Vec::new() }
    }

    /// Adds to the query.
    pub(super) fn asking(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Changes the request in some other way.
    pub(super) fn map(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        self.request = change(self.request);
        self
    }
}

/// An answer, and what it says if it is none.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) refusal: Refusal,
}

impl S3 {
    /// Sends a request. One that the store takes for one of another time is signed by the clock of the store, once.
    pub(super) async fn send(&self, call: &Call, asked: &Asked) -> Result<Answer> {
        let (mut tries, mut is_corrected) = (1, false);
        loop {
            let response = self.web.send(call, self.signed(asked)?).await?;
            let refusal = Refusal::of(&response);
            if refusal.may_be_the_time() && !is_corrected && self.signer.correct(&response) {
                is_corrected = true;
            } else if (refusal.is_contention() || refusal.is_too_much()) && tries < TRIES {
                self.web.wait(tries).await?;
                tries += 1;
            } else {
                return Ok(Answer { response, refusal });
            }
        }
    }

    fn signed(&self, asked: &Asked) -> Result<Request> {
        let query: Vec<(&str, &str)> = asked.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let url = self.signer.signed(asked.request.method, asked.request.url.clone(), &query)?;
        Ok(Request { url, ..asked.request.clone() })
    }
}

/// Whether this is the page of a network that wants a login. Some stores call their own answers pages too, and SeaweedFS a
/// file by its name, but they say beside it that they are stores.
pub(super) fn is_page(response: &Response) -> bool {
    response.is_html() && !response.headers.iter().any(|header| header.name.to_ascii_lowercase().starts_with("x-amz"))
}
