//! The calls of the API: where they go, how they carry their argument, and how they answer.

use super::{Dropbox, refusal::Refusal};
use crate::http::{Call, Method, Request, Response, Web, address};
use bytes::Bytes;
use kitestring::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// The hosts of the service, each with what stands before a route.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    api: Url,
    content: Url,
    pub(super) notify: Url,
}

impl Hosts {
    pub(super) fn real() -> Result<Self> {
        Ok(Self {
            api: address("https://api.dropboxapi.com/")?,
            content: address("https://content.dropboxapi.com/")?,
            notify: address("https://notify.dropboxapi.com/")?,
        })
    }

    pub(super) fn all_at(url: Url) -> Self {
        Self { api: url.clone(), content: url.clone(), notify: url }
    }

    pub(super) fn api(&self) -> &Url {
        &self.api
    }

    /// Returns those that are to know who asks.
    pub(super) fn with_credentials(&self) -> [&Url; 2] {
        [&self.api, &self.content]
    }
}

/// Returns the address of a route.
pub(super) fn route(host: &Url, route: &str) -> Result<Url> {
    host.join(&format!("2/files/{route}")).map_err(|e| Error::new(ErrorKind::Internal, "send", e.to_string()))
}

/// Makes a request whose argument is its body.
pub(super) fn rpc(url: Url, arg: &Value) -> Request {
    Request::new(Method::Post, url).with("Content-Type", "application/json").containing(arg.to_string())
}

impl Dropbox {
    /// Makes a call whose argument is its body.
    pub(super) async fn rpc(&self, call: &Call, name: &str, arg: &Value) -> Result<Result<Value, Refusal>> {
        let request = rpc(route(&self.hosts.api, name)?, arg);
        self.send(call, request).await
    }

    /// The same for a call whose argument comes from outside; none if it is not accepted as one.
    pub(super) async fn rpc_or_bad(&self, call: &Call, name: &str, arg: &Value) -> Result<Option<Result<Value, Refusal>>> {
        let request = rpc(route(&self.hosts.api, name)?, arg);
        let url = request.url.clone();
        let response = self.web.send(call, request).await?;
        if response.status == 400 && !is_about_the_token(&response) {
            return Ok(None);
        }
        answer(&self.web, call, &url, &response).map(Some)
    }

    /// Makes a call whose body is content.
    pub(super) async fn upload(&self, call: &Call, name: &str, arg: &Value, body: Bytes) -> Result<Result<Value, Refusal>> {
        let request = Request::new(Method::Post, route(&self.hosts.content, name)?);
        let request = request.with("Content-Type", "application/octet-stream").with("Dropbox-API-Arg", header_safe(arg));
        self.send(call, request.containing(body)).await
    }

    /// Makes the request that reads a file. `GET` rather than `POST`: with it Dropbox promises ranges.
    pub(super) fn download(&self, arg: &Value) -> Result<Request> {
        Ok(Request::new(Method::Get, route(&self.hosts.content, "download")?).with("Dropbox-API-Arg", header_safe(arg)))
    }

    async fn send(&self, call: &Call, request: Request) -> Result<Result<Value, Refusal>> {
        let url = request.url.clone();
        let response = self.web.send(call, request).await?;
        answer(&self.web, call, &url, &response)
    }
}

#[derive(Deserialize)]
struct Refused {
    error: Value,
}

/// Reads an answer: what was asked for, or the error of the call.
///
/// # Errors
/// For everything that is not an answer of the call.
pub(super) fn answer(web: &Web, call: &Call, url: &Url, response: &Response) -> Result<Result<Value, Refusal>> {
    let senseless = || web.error(call, url, ErrorKind::Unavailable, "gave an answer that makes no sense");
    match response.status {
        200 if response.is_html() => Err(web.refused(call, url, response)),
        200 => serde_json::from_slice(&response.body).map(Ok).map_err(|_| senseless()),
        409 => serde_json::from_slice(&response.body).map(|refused: Refused| Err(Refusal::new(&refused.error))).map_err(|_| senseless()),
        400 => Err(bad_request(web, call, url, response)),
        401 => Err(web.error(call, url, ErrorKind::Unauthorized, unauthorized(response))),
        429 => contention(response).map(Err).ok_or_else(|| web.refused(call, url, response)),
        _ => Err(web.refused(call, url, response)),
    }
}

/// Whether it was not too many requests, but another write under way in the namespace. That is soon over.
fn contention(response: &Response) -> Option<Refusal> {
    let refused: Refused = serde_json::from_slice(&response.body).ok()?;
    Some(Refusal::new(refused.error.get("reason")?)).filter(Refusal::is_contention)
}

/// A request that is no call: of a token, or of something else that was given from outside.
fn bad_request(web: &Web, call: &Call, url: &Url, response: &Response) -> Error {
    if is_about_the_token(response) {
        return web.error(call, url, ErrorKind::Unauthorized, "answered 400: what was given as the token is none; sign in again");
    }
    web.refused(call, url, response)
}

fn is_about_the_token(response: &Response) -> bool {
    const HEADER: &[u8] = b"authorization";
    response.body.windows(HEADER.len()).any(|part| part.eq_ignore_ascii_case(HEADER))
}

/// Says what is wrong with a token.
fn unauthorized(response: &Response) -> &'static str {
    let tag = serde_json::from_slice(&response.body).ok().map(|refused: Refused| Refusal::new(&refused.error));
    match tag.as_ref().map(Refusal::first).unwrap_or_default() {
        "expired_access_token" => "answered 401: the token has expired; sign in again",
        "invalid_access_token" => "answered 401: the token is wrong, or access was withdrawn; sign in again",
        "missing_scope" => {
            "answered 401: the app lacks a permission; it needs files.content.read, files.content.write and files.metadata.read, and to \
             sign in again after they were given"
        }
        "user_suspended" => "answered 401: the account is suspended",
        _ => "answered 401: the token is not accepted; sign in again",
    }
}

/// Makes a header's value of an argument: everything outside of ASCII is escaped, and so is DEL.
pub(super) fn header_safe(arg: &Value) -> String {
    let mut safe = String::new();
    let mut units = [0; 2];
    for c in arg.to_string().chars() {
        if c.is_ascii() && c != '\u{7f}' {
            safe.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        }
    }
    safe
}
