//! Addresses that OneDrive gives for contents: of other hosts, each for one file, and with no need of a token. None is sent
//! there, and none of them is shown: whoever has one has the file.

use super::rules;
use crate::http::{Call, Credentials, Http, Repeat, Request, Response, Web};
use kitestring::{Error, ErrorKind, Result, Runtime};
use std::sync::Arc;
use url::Url;

/// What sends requests to wherever a content is.
pub(super) struct Elsewhere {
    http: Arc<dyn Http>,
    runtime: Arc<dyn Runtime>,
}

impl Elsewhere {
    pub(super) fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>) -> Self {
        Self { http, runtime }
    }

    /// Sends a request there: by TLS, or to this machine.
    ///
    /// # Errors
    /// As [`Web::send`].
    pub(super) async fn send(&self, call: &Call, repeat: Repeat, request: Request) -> Result<Response> {
        let call = Call { repeat, ..call.clone() };
        self.web(&request.url)?.send(&call, request).await
    }

    pub(super) fn refused(&self, call: &Call, url: &Url, response: &Response) -> Error {
        self.web(url).map_or_else(|error| error, |web| web.refused(call, url, response))
    }

    fn web(&self, url: &Url) -> Result<Web> {
        let plain = |_| Error::new(ErrorKind::Unavailable, "send", "OneDrive has named an address that is not safe to use");
        Web::new(self.http.clone(), self.runtime.clone(), &[url], Credentials::None, rules()).map_err(plain)
    }
}
