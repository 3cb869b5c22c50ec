//! The calls of both APIs: where they go, and what their answers mean.

use super::GitHub;
use crate::http::{Call, Method, Request, Response};
use kitestring::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// The version of the REST API that this was written for.
const VERSION: &str = "2022-11-28";

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";

/// What a query answers if it is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    message: String,
}

impl Refusal {
    /// Whether the branch is somewhere else than it was expected to be.
    pub(super) fn is_stale(&self) -> bool {
        let says = |text: &str| self.message.contains(text);
        self.kind == "STALE_DATA" || says("Expected branch to point to") || says("requested for deletion which does not exist")
    }

    /// Whether it is one of the files that is wrong.
    pub(super) fn is_about_files(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        ["path", "tree", "too large", "too big"].iter().any(|word| message.contains(word))
    }

    /// What it means to the caller. GitHub's own words are not shown: they may repeat what was sent.
    fn meaning(&self) -> (ErrorKind, String) {
        let message = self.message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&["protected branch", "pull request", "rule violation", "repository rule", "protected ref"]) {
            return (ErrorKind::Unauthorized, "protects this branch: let this account push to it, or name another branch".to_owned());
        }
        if says(&["archived"]) {
            return (ErrorKind::Unauthorized, ARCHIVED.to_owned());
        }
        match self.kind.as_str() {
            "NOT_FOUND" => (ErrorKind::Unavailable, format!("has no such repository or branch; {SEEN}")),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => (ErrorKind::Unauthorized, FORBIDDEN.to_owned()),
            kind => (ErrorKind::Unavailable, format!("refused: {}", word(kind))),
        }
    }
}

const SEEN: &str = "a token sees only the repositories that it was made for";
/// Whoever asks without a name is refused (GitHub, "User agent required").
const AGENT: &str = concat!("kitestring/", env!("CARGO_PKG_VERSION"));
const FORBIDDEN: &str = "does not let this token do that: a fine-grained one needs Contents, read and write, for this repository; an \
                         older one the scope repo";
const ARCHIVED: &str = "has archived this repository, so that nobody can write to it: bring it back, or take another";

impl GitHub {
    /// Makes a request of the REST API, below the repository.
    pub(super) fn rest(&self, method: Method, route: &str) -> Result<Request> {
        let path = format!("repos/{}/{}{}{route}", self.spot.owner, self.spot.repository, if route.is_empty() { "" } else { "/" });
        self.request(method, &path, JSON)
    }

    /// The same for a content, as it is.
    pub(super) fn raw(&self, route: &str) -> Result<Request> {
        self.request(Method::Get, &format!("repos/{}/{}/{route}", self.spot.owner, self.spot.repository), RAW)
    }

    fn request(&self, method: Method, path: &str, accept: &str) -> Result<Request> {
        let url = self.service.join(path).map_err(|e| Error::new(ErrorKind::Internal, "send", e.to_string()))?;
        let request = Request::new(method, url).with("Accept", accept).with("X-GitHub-Api-Version", VERSION);
        // A host's own HTTP may name nobody, and is refused then. A browser names itself.
        Ok(if cfg!(target_arch = "wasm32") { request } else { request.with("User-Agent", AGENT) })
    }

    /// Asks for something of the REST API, with an answer in JSON.
    ///
    /// # Errors
    /// If that is not the answer.
    pub(super) async fn ask<T: for<'a> Deserialize<'a>>(&self, call: &Call, request: Request) -> Result<T> {
        let url = request.url.clone();
        let response = self.reading.send(call, request).await?;
        self.told(call, &url, &response)
    }

    /// Makes something by the REST API, which nobody sees yet.
    ///
    /// # Errors
    /// As [`GitHub::ask`].
    pub(super) async fn make<T: for<'a> Deserialize<'a>>(&self, call: &Call, route: &str, what: &Value) -> Result<T> {
        let request = self.rest(Method::Post, route)?.with("Content-Type", "application/json").containing(what.to_string());
        let url = request.url.clone();
        let response = self.writing.send(call, request).await?;
        self.told(call, &url, &response)
    }

    pub(super) fn told<T: for<'a> Deserialize<'a>>(&self, call: &Call, url: &Url, response: &Response) -> Result<T> {
        match response.status {
            200 | 201 if !response.is_html() => serde_json::from_slice(&response.body).map_err(|_| self.senseless(call, url)),
            _ => Err(self.refused(call, url, response)),
        }
    }

    /// Sends a mutation.
    ///
    /// # Errors
    /// If there is no answer to it.
    pub(super) async fn mutate(&self, call: &Call, query: &str, input: Value) -> Result<Result<Value, Refusal>> {
        self.query(call, query, json!({"input": input})).await
    }

    /// Sends a query or a mutation.
    ///
    /// # Errors
    /// If there is no answer to it.
    pub(super) async fn query(&self, call: &Call, query: &str, variables: Value) -> Result<Result<Value, Refusal>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            data: Option<Value>,
            #[serde(default)]
            errors: Vec<Refusal>,
        }
        let body = json!({"query": query, "variables": variables}).to_string();
        let request = self.request(Method::Post, "graphql", JSON)?.with("Content-Type", "application/json").containing(body);
        let url = request.url.clone();
        let response = self.writing.send(call, request).await?;
        let answer: Answer = self.told(call, &url, &response)?;
        match (answer.errors.into_iter().next(), answer.data) {
            (Some(refusal), _) => Ok(Err(refusal)),
            (None, Some(data)) => Ok(Ok(data)),
            (None, None) => Err(self.senseless(call, &url)),
        }
    }

    /// Says what an answer means that is none.
    pub(super) fn refused(&self, call: &Call, url: &Url, response: &Response) -> Error {
        let message = serde_json::from_slice::<Refusal>(&response.body).unwrap_or_default().message.to_ascii_lowercase();
        let (kind, what) = match response.status {
            401 => (ErrorKind::Unauthorized, "does not accept the token (any longer): was it withdrawn, or has it run out? Make a new one"),
            403 if response.header("x-github-sso").is_some() => {
                (ErrorKind::Unauthorized, "wants the token to be authorized for the single sign-on of this organization")
            }
            403 if message.contains("archived") => (ErrorKind::Unauthorized, ARCHIVED),
            403 if !message.is_empty() => (ErrorKind::Unauthorized, FORBIDDEN),
            409 if message.contains("empty") => (ErrorKind::Unavailable, "has nothing in this repository, not even a branch"),
            422 if ["too large", "timed out"].iter().any(|word| message.contains(word)) => {
                (ErrorKind::InvalidInput, "takes no file as large as that")
            }
            451 => (ErrorKind::Unauthorized, "has blocked this repository"),
            _ => return self.reading.refused(call, url, response),
        };
        self.reading.error(call, url, kind, what)
    }

    /// Says what a refused query means.
    pub(super) fn refused_query(&self, call: &Call, refusal: &Refusal) -> Error {
        let (kind, what) = refusal.meaning();
        self.reading.error(call, &self.service, kind, &what)
    }

    pub(super) fn senseless(&self, call: &Call, url: &Url) -> Error {
        self.reading.error(call, url, ErrorKind::Unavailable, "gave an answer that makes no sense")
    }

    /// Says what is not there: the repository, as far as the token sees, or its branch.
    pub(super) async fn gone(&self, call: &Call) -> Error {
        let (kind, what) = match self.is_repository_there(call).await {
            Ok(true) => (ErrorKind::Unavailable, format!("has no branch {} (any longer) in {}", self.spot.branch, self.spot.name())),
            Ok(false) => (ErrorKind::Unavailable, format!("has no repository {} (any longer); {SEEN}", self.spot.name())),
            Err(error) => return error,
        };
        self.reading.error(call, &self.service, kind, &what)
    }

    pub(super) async fn is_repository_there(&self, call: &Call) -> Result<bool> {
        let request = self.rest(Method::Get, "")?;
        let url = request.url.clone();
        let response = self.reading.send(call, request).await?;
        match response.status {
            404 => Ok(false),
            _ => self.told::<Value>(call, &url, &response).map(|_| true),
        }
    }
}

/// A code is a word: whatever else an answer holds is not repeated.
fn word(code: &str) -> &str {
    if !code.is_empty() && code.len() <= 40 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
        code
    } else {
        "no reason was given"
    }
}
