//! HTTP requests, sent by the library or by the host. Requests and answers are objects, which print nothing: headers and bodies
//! hold tokens.

use crate::{
    KiteError,
    error::{Port, raised_by},
};
use kitestring::{Result, apply, port};
use kitestring_adapters::http::{Header, Request, Response};
use std::{collections::HashMap, sync::Arc};

/// Sends HTTP requests for the host. It follows no redirect, keeps no cookie, repeats nothing, adds no credentials, and checks
/// the certificate of whoever answers. Any status is an answer; what it raises is `unavailable`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait Http: Send + Sync {
    /// Sends one request, and returns the whole answer.
    async fn send(&self, request: Arc<HttpRequest>) -> Result<Arc<HttpResponse>, KiteError>;
}

/// A request.
#[derive(uniffi::Object)]
pub struct HttpRequest(Request);

#[uniffi::export]
impl HttpRequest {
    /// The word that is sent: `GET`, `PUT`, `PROPFIND`, ...
    pub fn method(&self) -> String {
        self.0.method.as_str().to_owned()
    }

    /// Where.
    pub fn url(&self) -> String {
        self.0.url.to_string()
    }

    /// The headers, but those that the connection sets itself (`Host`, `Content-Length`).
    pub fn headers(&self) -> HashMap<String, String> {
        self.0.headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect()
    }

    /// The body; empty for none.
    pub fn body(&self) -> Vec<u8> {
        self.0.body.to_vec()
    }
}

/// An answer.
#[derive(uniffi::Object)]
pub struct HttpResponse(Response);

#[uniffi::export]
impl HttpResponse {
    /// Makes an answer. Of several headers of one name, the first is given.
    #[uniffi::constructor]
    pub fn new(status: u16, headers: HashMap<String, String>, body: Vec<u8>) -> Arc<Self> {
        let headers = headers.into_iter().map(|(name, value)| Header { name, value }).collect();
        Arc::new(Self(Response { status, headers, body }))
    }
}

struct Foreign(Arc<dyn Http>);

#[apply(port!)]
impl kitestring_adapters::http::Http for Foreign {
    async fn send(&self, request: Request) -> Result<Response> {
        let answer = self.0.send(Arc::new(HttpRequest(request))).await;
        answer.map(|answer| answer.0.clone()).map_err(raised_by(Port::Http, "send"))
    }
}

/// Returns what sends requests: the host's, or the library's own.
pub(crate) fn sending(http: Option<Arc<dyn Http>>) -> Result<Arc<dyn kitestring_adapters::http::Http>> {
    match http {
        Some(http) => Ok(Arc::new(Foreign(http))),
        None => own(),
    }
}

#[cfg(feature = "http-native")]
fn own() -> Result<Arc<dyn kitestring_adapters::http::Http>> {
    Ok(Arc::new(kitestring_adapters::http::NativeHttp::new()?))
}

#[cfg(not(feature = "http-native"))]
fn own() -> Result<Arc<dyn kitestring_adapters::http::Http>> {
    let detail = "this build of the library sends no requests: give it an `Http`";
    Err(kitestring::Error::new(kitestring::ErrorKind::InvalidInput, "open", detail))
}
