//! The limits of GitHub, told as HTTP tells them: too many requests, and for how long to wait.
//!
//! GitHub says so by 403, by 429, and of a query by 200; how long to wait stands in one of two headers, or nowhere ("Rate
//! limits for the REST API", "Rate limits and query limits for the GraphQL API").

use crate::http::{Header, Http, Request, Response};
use kitestring::{Result, Runtime, apply, port};
use std::{sync::Arc, time::Duration};

/// How long GitHub asks to wait where it does not say how long.
const UNSAID: Duration = Duration::from_secs(60);
/// A refusal is short.
const LONGEST_REFUSAL: usize = 16 << 10;

/// Sends requests, and makes every form of "too many" the same one.
pub(super) struct Limits {
    http: Arc<dyn Http>,
    runtime: Arc<dyn Runtime>,
}

impl Limits {
    pub(super) fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>) -> Self {
        Self { http, runtime }
    }

    fn wait(&self, response: &Response) -> Option<Duration> {
        let is_used_up = response.header("x-ratelimit-remaining").map(str::trim) == Some("0");
        let is_limit = match response.status {
            429 => true,
            403 => is_used_up || response.header("retry-after").is_some() || says_so(response),
            200 => is_refused_query(response),
            _ => false,
        };
        let until_reset = || {
            let reset = response.header("x-ratelimit-reset").filter(|_| is_used_up)?.trim().parse().ok()?;
            Some(Duration::from_secs(reset).saturating_sub(self.runtime.wall()).max(Duration::from_secs(1)))
        };
        is_limit.then(|| asked(response).or_else(until_reset).unwrap_or(UNSAID))
    }
}

/// How long the answer asks to wait, in so many words.
fn asked(response: &Response) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

fn says_so(response: &Response) -> bool {
    let text = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    text.contains("rate limit") || text.contains("abuse detection")
}

fn is_refused_query(response: &Response) -> bool {
    let is_short = response.body.len() <= LONGEST_REFUSAL;
    is_short && response.body.windows(8).any(|part| part == b"\"errors\"") && {
        let errors = serde_json::from_slice::<serde_json::Value>(&response.body)
            .ok()
            .and_then(|mut value| value.get_mut("errors").map(serde_json::Value::take));
        errors.is_some_and(|errors| {
            let text = errors.to_string().to_ascii_lowercase();
            text.contains("rate_limited") || text.contains("secondary rate limit")
        })
    }
}

#[apply(port!)]
impl Http for Limits {
    async fn send(&self, request: Request) -> Result<Response> {
        let mut response = self.http.send(request).await?;
        if let Some(wait) = self.wait(&response) {
            response.status = 429;
            response.headers.retain(|header| !header.name.eq_ignore_ascii_case("retry-after"));
            response.headers.push(Header { name: "Retry-After".to_owned(), value: wait.as_secs().to_string() });
        }
        Ok(response)
    }
}
