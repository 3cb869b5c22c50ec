//! The ports of drives over HTTP: what the package's `http.js` does with `fetch`, and tokens that the host gives.

use crate::{
    convert::{Parsed, read, write},
    host::{Host, arguments},
};
use js_sys::Array;
use kitestring::{ErrorKind, Result, apply, port};
use kitestring_adapters::http::{Header, Http, Request, Response};
#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "github", feature = "onedrive"))]
use kitestring_adapters::http::{Secret, TokenSource};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct JsHttp(Host);

impl JsHttp {
    /// Takes an object with `send`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "http", ErrorKind::Unavailable, &["send"]).map(Self)
    }
}

#[apply(port!)]
impl Http for JsHttp {
    async fn send(&self, request: Request) -> Result<Response> {
        let asked = write::object(&[
            ("method", request.method.as_str().into()),
            ("url", request.url.as_str().into()),
            ("headers", write::list(&request.headers, header)),
            ("body", write::bytes(&request.body)),
        ]);
        self.0.ask_for("send", arguments(&[asked]), read_response).await
    }
}

fn header(header: &Header) -> JsValue {
    [header.name.as_str(), header.value.as_str()].into_iter().map(JsValue::from).collect::<Array>().into()
}

fn read_response(value: &JsValue) -> Parsed<Response> {
    let status = read::required(value, "status", read::count)?;
    Ok(Response {
        status: u16::try_from(status).map_err(|_| "`status` is no status of HTTP")?,
        headers: read::required(value, "headers", |headers| read::list(headers, read_header))?,
        body: read::required(value, "body", read::bytes)?,
    })
}

fn read_header(value: &JsValue) -> Parsed<Header> {
    match <[String; 2]>::try_from(read::list(value, read::text)?) {
        Ok([name, value]) => Ok(Header { name, value }),
        Err(_) => Err("must be a name and a value".into()),
    }
}

#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "github", feature = "onedrive"))]
pub(crate) struct JsTokens(Host);

#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "github", feature = "onedrive"))]
impl JsTokens {
    /// Takes an object with `token`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "token source", ErrorKind::Unavailable, &["token"]).map(Self)
    }
}

#[cfg(any(feature = "dropbox", feature = "gdrive", feature = "github", feature = "onedrive"))]
#[apply(port!)]
impl TokenSource for JsTokens {
    async fn token(&self, refused: Option<Secret>) -> Result<Secret> {
        let refused = refused.map_or(JsValue::UNDEFINED, |token| token.expose().into());
        self.0.ask_for("token", arguments(&[refused]), read::text).await.map(Secret::new)
    }
}
