#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::http::{FixedToken, Header, Method, Request, Response, Secret};
use futures::executor::block_on;
use std::{collections::VecDeque, sync::Mutex, time::Duration};

/// Time passes whenever somebody waits.
struct Hasty;

#[apply(port!)]
impl Runtime for Hasty {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, duration: Duration) {
        // But not where somebody waits for an answer.
        if duration > Duration::from_secs(50) {
            std::future::pending().await
        }
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(1);
        Ok(())
    }
}

/// Answers requests one after the other, the last answer again and again, and keeps what was asked.
struct Answering {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Request>>,
}

#[apply(port!)]
impl Http for Answering {
    async fn send(&self, request: Request) -> Result<Response> {
        self.asked.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        Ok(if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.unwrap())
    }
}

fn json(status: u16, body: &str) -> Response {
    let headers = vec![Header { name: "Content-Type".into(), value: "application/json".into() }];
    Response { status, headers, body: body.into() }
}

fn answering(answers: &[Response]) -> (OneDrive, Arc<Answering>) {
    let http = Arc::new(Answering { answers: Mutex::new(answers.iter().cloned().collect()), asked: Mutex::default() });
    let drive = OneDrive::in_folder(http.clone(), Arc::new(Hasty), "/nötes", Arc::new(FixedToken::new(Secret::new("canary-t")))).unwrap();
    (drive, http)
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

/// A file that holds `x`, and whose content is at this address.
fn file(content: &str) -> Response {
    let hashes = r#"{"quickXorHash":"eAAAAAAAAAAAAAAAAQAAAAAAAAA="}"#;
    json(
        200,
        &format!(
            r#"{{"id":"A!1","name":"f","eTag":"\"e\"","cTag":"\"c\"","size":1,"file":{{"hashes":{hashes}}},"@microsoft.graph.downloadUrl":"{content}"}}"#
        ),
    )
}

fn get(answers: &[Response]) -> Result<Got> {
    block_on(answering(answers).0.get(path("f"), GetOptions::default()))
}

fn put(answer: &Response) -> Result<Version> {
    block_on(answering(std::slice::from_ref(answer)).0.put(path("f"), vec![1], Condition::Absent))
}

#[test]
fn the_token_goes_to_the_service_and_to_no_address_of_a_content() {
    let content = Response { status: 200, headers: Vec::new(), body: b"x".to_vec() };
    let (drive, http) = answering(&[file("https://content.example/canary-url?tempauth=canary"), content]);
    let got = block_on(drive.get(path("f"), GetOptions::default())).unwrap();
    assert_eq!(got, Got::File { bytes: b"x".to_vec(), version: Version::new("\"c\"") });
    let asked = http.asked.lock().unwrap();
    let shown = |request: &Request| {
        let signed = request.headers.iter().any(|header| header.name == "Authorization" && header.value == "Bearer canary-t");
        (request.method, request.url.to_string(), signed, request.headers.len())
    };
    let of_graph = "https://graph.microsoft.com/v1.0/me/drive/root:/n%C3%B6tes/f".to_owned();
    let of_content = "https://content.example/canary-url?tempauth=canary".to_owned();
    assert_eq!(asked.iter().map(shown).collect::<Vec<_>>(), [(Method::Get, of_graph, true, 1), (Method::Get, of_content, false, 0)]);
}

#[test]
fn an_address_that_is_not_safe_is_not_used_and_none_is_shown() {
    for (content, kind) in [("http://content.example/canary", "unavailable"), ("ftp://content.example/canary", "unavailable")] {
        let (drive, http) = answering(&[file(content)]);
        let error = block_on(drive.get(path("f"), GetOptions::default())).unwrap_err();
        assert_eq!((error.kind.code(), http.asked.lock().unwrap().len()), (kind, 1), "{error}");
    }
    let address = "https://content.example/canary?tempauth=canary";
    for (status, body) in [(500, "canary"), (418, "canary"), (302, "")] {
        let refused = Response { status, headers: Vec::new(), body: body.into() };
        let error = get(&[file(address), refused]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    assert!(!format!("{:?}", answering(&[file(address)]).0).contains("canary"));
}

#[test]
fn bytes_that_are_not_those_of_the_file_are_none() {
    let content = |body: &str| Response { status: 200, headers: Vec::new(), body: body.into() };
    let error = get(&[file("https://content.example/"), content("y"), file("https://content.example/"), content("xy")]).unwrap_err();
    assert_eq!(error.kind.code(), "unavailable");
    let page = Response { headers: vec![Header { name: "Content-Type".into(), value: "text/html".into() }], ..content("x") };
    assert_eq!(get(&[file("https://content.example/"), page]).unwrap_err().kind.code(), "unavailable");
}

#[test]
fn a_page_elsewhere_is_not_followed() {
    for next in ["https://elsewhere.example/v1.0/me/drive", "http://graph.microsoft.com/v1.0/me", "https://graph.microsoft.com/beta/x", "?"]
    {
        let (drive, http) = answering(&[json(200, &format!(r#"{{"value":[],"@odata.nextLink":"{next}"}}"#))]);
        let error = block_on(drive.list_dir(path("d"), None)).unwrap_err();
        assert_eq!((error.kind.code(), http.asked.lock().unwrap().len()), ("unavailable", 1), "{next}");
        let error = block_on(drive.list_dir(path("d"), Some(next.to_owned()))).unwrap_err();
        assert_eq!((error.kind.code(), http.asked.lock().unwrap().len()), ("condition", 1), "{next}");
    }
}

#[test]
fn only_an_answer_of_the_service_is_a_refusal() {
    let error = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"canary","innererror":{{"code":"inner"}}}}}}"#);
    for (status, body, code) in [
        (400, r#"{"error":{"code":"invalidRequest","innerError":{"code":"pathIsTooLong"}}}"#.to_owned(), "invalid_input"),
        (400, error("malwareDetected"), "invalid_input"),
        (413, error("maxFileSizeExceeded"), "invalid_input"),
        (507, error("quotaLimitReached"), "quota_exceeded"),
        (403, error("accessDenied"), "unauthorized"),
        (403, "no".to_owned(), "unauthorized"),
        (401, error("InvalidAuthenticationToken"), "unauthorized"),
        (409, error("ofTomorrow"), "unavailable"),
        (409, "no".to_owned(), "unavailable"),
        (412, "no".to_owned(), "unavailable"),
        (423, error("resourceLocked"), "unavailable"),
        (429, error("activityLimitReached"), "rate_limited"),
        (509, String::new(), "rate_limited"),
        (503, error("serviceNotAvailable"), "unavailable"),
        (404, "<html>".to_owned(), "unavailable"),
        (200, "{}".to_owned(), "unavailable"),
    ] {
        let error = put(&json(status, &body)).unwrap_err();
        assert_eq!(error.kind.code(), code, "{status} {body}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn a_missing_file_is_one_only_in_the_words_of_the_service() {
    assert_eq!(get(&[json(404, "not here")]).unwrap_err().kind.code(), "unavailable");
    assert_eq!(get(&[json(404, r#"{"error":{"code":"BadRequest"}}"#)]).unwrap_err().kind.code(), "unavailable");
    let missing = json(404, r#"{"error":{"code":"itemNotFound"}}"#);
    let folder = json(200, r#"{"id":"A!0","name":"nötes","folder":{}}"#);
    assert_eq!(get(&[missing.clone(), folder]).unwrap(), Got::Missing);
    assert_eq!(get(&[missing]).unwrap_err().kind.code(), "unavailable", "its folder is gone too");
}
