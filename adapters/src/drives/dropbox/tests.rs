#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::http::{FixedToken, Header, Method, Request, Response, Secret};
use futures::executor::block_on;
use kitestring::drive::Changed;
use std::sync::Mutex;

struct Still;

#[apply(port!)]
impl Runtime for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, duration: Duration) {
        // Time passes only where nobody waits for an answer.
        if duration > Duration::from_secs(60) {
            std::future::pending().await
        }
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(1);
        Ok(())
    }
}

/// Answers every request in the same way, and keeps what was asked.
struct Answering {
    status: u16,
    headers: Vec<Header>,
    body: &'static str,
    asked: Mutex<Vec<Request>>,
}

#[apply(port!)]
impl Http for Answering {
    async fn send(&self, request: Request) -> Result<Response> {
        self.asked.lock().unwrap().push(request);
        Ok(Response { status: self.status, headers: self.headers.clone(), body: self.body.into() })
    }
}

fn answering(status: u16, header: (&str, &str), body: &'static str) -> (Dropbox, Arc<Answering>) {
    let headers = vec![Header { name: header.0.into(), value: header.1.into() }];
    let http = Arc::new(Answering { status, headers, body, asked: Mutex::default() });
    let drive = Dropbox::new(http.clone(), Arc::new(Still), "/nötes", Arc::new(FixedToken::new(Secret::new("t")))).unwrap();
    (drive, http)
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn get(status: u16, header: (&str, &str), body: &'static str) -> Result<Got> {
    block_on(answering(status, header, body).0.get(path("f"), GetOptions::default()))
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn each_host_is_asked_for_its_own_and_only_two_are_told_who_asks() {
    let (drive, http) =
        answering(200, JSON, r#"{"changes":false,"name":"f","rev":"0123456789","entries":[],"cursor":"c","has_more":false}"#);
    block_on(drive.put(path("f"), vec![1], Condition::Absent)).unwrap();
    block_on(drive.list_dir(path("d"), None)).unwrap();
    assert_eq!(block_on(drive.wait_for_change(Some("c".into()), Duration::from_secs(3600))).unwrap(), Changed::No);
    let asked = http.asked.lock().unwrap();
    let shown = |request: &Request| {
        let signed = request.headers.iter().any(|header| header.name == "Authorization" && header.value == "Bearer t");
        (request.url.to_string(), request.method, signed)
    };
    let expected = [
        ("https://content.dropboxapi.com/2/files/upload", Method::Post, true),
        ("https://api.dropboxapi.com/2/files/list_folder", Method::Post, true),
        ("https://notify.dropboxapi.com/2/files/list_folder/longpoll", Method::Post, false),
    ];
    assert_eq!(asked.iter().map(shown).collect::<Vec<_>>(), expected.map(|(url, method, signed)| (url.to_owned(), method, signed)));
    assert_eq!(asked[2].body, r#"{"cursor":"c","timeout":480}"#);
    let arg = &asked[0].headers.iter().find(|header| header.name == "Dropbox-API-Arg").unwrap().value;
    assert_eq!(arg, r#"{"autorename":false,"mode":"add","mute":true,"path":"/n\u00f6tes/f","strict_conflict":true}"#);
}

#[test]
fn what_stands_in_a_header_is_ascii() {
    assert_eq!(routes::header_safe(&serde_json::json!("é\u{7f}😀\"")), r#""\u00e9\u007f\ud83d\ude00\"""#);
}

#[test]
fn only_what_says_which_file_it_is_is_a_file() {
    let result = |text| ("Dropbox-API-Result", text);
    assert!(matches!(get(200, result(r#"{"name":"f","rev":"0123456789"}"#), "x").unwrap(), Got::File { bytes, .. } if bytes == b"x"));
    for (header, body) in [
        (("Content-Type", "text/html"), "<html>a hotel</html>"),
        (("Content-Type", "application/octet-stream"), "x"),
        (result("{}"), "x"),
        (result("no JSON"), "x"),
    ] {
        assert_eq!(get(200, header, body).unwrap_err().kind.code(), "unavailable");
    }
}

#[test]
fn only_an_answer_of_the_service_is_a_refusal() {
    const CONFLICT: &str = r#"{"error":{".tag":"path","reason":{".tag":"conflict","conflict":{".tag":"file"}}}}"#;
    for (status, body, code) in [
        (409, CONFLICT, "condition"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"conflict","conflict":{".tag":"folder"}}}}"#, "invalid_input"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"conflict","conflict":{".tag":"file_ancestor"}}}}"#, "invalid_input"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"disallowed_name"}}}"#, "invalid_input"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"malformed_path","malformed_path":"why"}}}"#, "invalid_input"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"insufficient_space"}}}"#, "quota_exceeded"),
        (409, r#"{"error":{".tag":"path","reason":{".tag":"no_write_permission"}}}"#, "unauthorized"),
        (409, r#"{"error":{".tag":"payload_too_large"}}"#, "invalid_input"),
        (409, r#"{"error":{".tag":"of tomorrow"}}"#, "unavailable"),
        (409, "no", "unavailable"),
        (412, CONFLICT, "unavailable"),
        (403, "", "unauthorized"),
        (401, r#"{"error":{".tag":"expired_access_token"}}"#, "unauthorized"),
        (401, "no", "unauthorized"),
        (400, "Error in call to API function", "unavailable"),
        (200, "{}", "unavailable"),
        (507, "", "quota_exceeded"),
    ] {
        let (drive, _) = answering(status, JSON, body);
        let error = block_on(drive.put(path("f"), vec![1], Condition::Absent)).unwrap_err();
        assert_eq!(error.kind.code(), code, "{status} {body}: {error}");
    }
}

#[test]
fn a_batch_whose_answers_do_not_fit_is_unknown() {
    for body in [r#"{"session_ids":["a"]}"#, r#"{"session_ids":["a","b"],"entries":[{".tag":"success"}]}"#, "{}"] {
        let (drive, _) = answering(200, JSON, body);
        let file = |name: &str| PutFile { path: path(name), bytes: vec![1], condition: Condition::Absent };
        let answers = block_on(drive.put_many(vec![file("a"), file("b")]));
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|e| e.kind == kitestring::ErrorKind::Unavailable)), "{answers:?}");
    }
}
