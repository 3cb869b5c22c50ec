//! The service that gives tokens, asked without a network.

use kitestring_adapters::http::{Header, Request, Response};
pub use kitestring_emulators::sign_in::{APP, LIFE, Odd, SignIn as Service};
use std::time::Duration;

/// Answers a request.
pub fn answer(service: &Service, request: &Request, now: Duration) -> Response {
    let signed = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("authorization"));
    let (status, kind, body) = service.answer(request.url.path(), signed.map(|h| h.value.as_str()), &request.body, now);
    let headers = vec![Header { name: "Content-Type".to_owned(), value: kind.to_owned() }];
    Response { status, headers, body: body.into_bytes() }
}
