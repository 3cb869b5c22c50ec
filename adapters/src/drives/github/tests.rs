#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::http::{FixedToken, Header, Method, Request, Response, Secret};
use futures::executor::block_on;
use std::sync::Mutex;

/// Time that passes only while somebody waits.
#[derive(Default)]
struct Clock(Mutex<Duration>);

#[apply(port!)]
impl Runtime for Clock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> Duration {
        Duration::from_secs(1000)
    }
    async fn sleep(&self, duration: Duration) {
        // What ends a request that takes too long never does.
        if duration >= Duration::from_secs(60) {
            std::future::pending::<()>().await;
        }
        *self.0.lock().unwrap() += duration;
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(1);
        Ok(())
    }
}

type Answer = (u16, &'static str, &'static str);

/// Answers as GitHub does for an empty branch, or with one answer whatever is asked, and keeps what was asked.
#[derive(Default)]
struct Answering {
    always: Option<(Answer, Vec<Header>)>,
    asked: Mutex<Vec<Request>>,
}

#[apply(port!)]
impl Http for Answering {
    async fn send(&self, request: Request) -> Result<Response> {
        let path = request.url.path().to_owned();
        self.asked.lock().unwrap().push(request);
        if let Some(((status, kind, body), headers)) = &self.always {
            let mut headers = headers.clone();
            headers.push(Header { name: "Content-Type".into(), value: (*kind).into() });
            return Ok(Response { status: *status, headers, body: (*body).into() });
        }
        let body = match path.as_str() {
            "/graphql" => r#"{"data":{"createCommitOnBranch":{"commit":{"oid":"c1"}}}}"#,
            path if path.contains("/git/ref/") => r#"{"object":{"sha":"c0"}}"#,
            _ => r#"{"sha":"c0","tree":[],"truncated":false}"#,
        };
        Ok(Response { status: 200, headers: Vec::new(), body: body.into() })
    }
}

fn drive(http: Arc<Answering>) -> GitHub {
    let place = Place { owner: "me".into(), repository: "notes".into(), ..Place::default() };
    GitHub::new(http, Arc::new(Clock::default()), &place, Arc::new(FixedToken::new(Secret::new("canary")))).unwrap()
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

const JSON: &str = "application/json; charset=utf-8";

#[test]
fn a_first_write_asks_where_the_branch_is_and_commits_on_top_of_that() {
    let http = Arc::new(Answering::default());
    block_on(drive(http.clone()).put(path("d/f"), b"x".to_vec(), Condition::Absent)).unwrap();
    let asked = http.asked.lock().unwrap();
    let shown: Vec<_> = asked.iter().map(|request| (request.method, request.url.to_string())).collect();
    let expected = [
        (Method::Get, "https://api.github.com/repos/me/notes/git/ref/heads/kitestring"),
        (Method::Get, "https://api.github.com/repos/me/notes/git/trees/c0?recursive=1"),
        (Method::Post, "https://api.github.com/graphql"),
    ];
    assert_eq!(shown, expected.map(|(method, url)| (method, url.to_owned())));
    for header in [("Authorization", "Bearer canary"), ("X-GitHub-Api-Version", "2022-11-28")] {
        assert!(asked.iter().all(|request| request.headers.iter().any(|own| (own.name.as_str(), own.value.as_str()) == header)));
    }
    let body: serde_json::Value = serde_json::from_slice(&asked[2].body).unwrap();
    let input = &body["variables"]["input"];
    assert_eq!((&input["expectedHeadOid"], &input["branch"]["branchName"]), (&"c0".into(), &"kitestring".into()));
    assert_eq!(input["fileChanges"], serde_json::json!({"additions": [{"path": "d/f", "contents": "eA=="}], "deletions": []}));
}

#[test]
fn an_answer_is_what_it_says_and_shows_no_token() {
    let header = |name: &str, value: &str| vec![Header { name: name.into(), value: value.into() }];
    let none = Vec::new;
    for (answer, headers, code) in [
        ((200, "text/html", "<html>a hotel</html>"), none(), "unavailable"),
        ((200, JSON, "no JSON"), none(), "unavailable"),
        ((200, JSON, "{}"), none(), "unavailable"),
        ((304, JSON, ""), none(), "unavailable"),
        ((401, JSON, r#"{"message":"Bad credentials canary"}"#), none(), "unauthorized"),
        ((403, JSON, r#"{"message":"Resource not accessible by personal access token"}"#), none(), "unauthorized"),
        ((403, JSON, r#"{"message":"SAML"}"#), header("X-GitHub-SSO", "required; url=canary"), "unauthorized"),
        ((404, JSON, r#"{"message":"Not Found"}"#), none(), "unavailable"),
        ((409, JSON, r#"{"message":"Git Repository is empty."}"#), none(), "unavailable"),
        ((429, JSON, "{}"), header("Retry-After", "100"), "rate_limited"),
        ((403, JSON, r#"{"message":"You have exceeded a secondary rate limit."}"#), header("Retry-After", "100"), "rate_limited"),
        ((451, JSON, "{}"), none(), "unauthorized"),
        ((500, JSON, "{}"), none(), "unavailable"),
    ] {
        let drive = drive(Arc::new(Answering { always: Some((answer, headers)), ..Answering::default() }));
        let error = block_on(drive.get(path("f"), GetOptions::default())).unwrap_err();
        assert_eq!(error.kind.code(), code, "{answer:?}: {error}");
        assert!(!format!("{error} {error:?} {drive:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn how_long_to_wait_is_told_in_three_ways() {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let used_up = vec![header("X-RateLimit-Remaining", "0"), header("X-RateLimit-Reset", "1500")];
    let limit = r#"{"message":"API rate limit exceeded"}"#;
    for (headers, body, seconds) in [(vec![header("Retry-After", "77")], limit, 77), (used_up.clone(), limit, 500), (used_up, "", 500)] {
        let drive = drive(Arc::new(Answering { always: Some(((403, JSON, body), headers)), ..Answering::default() }));
        let error = block_on(drive.get(path("f"), GetOptions::default())).unwrap_err();
        assert_eq!(error.retry, kitestring::Retry::After(Duration::from_secs(seconds)), "{error}");
    }
}
