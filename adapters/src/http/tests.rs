#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use futures::executor::block_on;
use kitestring::{Error, ErrorKind, Retry, Runtime};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(61);

/// A clock that goes on while somebody sleeps, and randomness that is always the largest.
#[derive(Default)]
struct Clock(Mutex<Duration>);

#[apply(port!)]
impl Runtime for Clock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> Duration {
        self.now()
    }
    async fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(255);
        Ok(())
    }
}

/// Answers from a list, and keeps what was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<Response>>>,
    asked: Mutex<Vec<Request>>,
}

#[apply(port!)]
impl Http for Script {
    async fn send(&self, request: Request) -> Result<Response> {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Ok(answer(200, &[])))
    }
}

/// Counts up with each token that is refused.
#[derive(Default)]
struct Tokens(Mutex<u32>);

#[apply(port!)]
impl TokenSource for Tokens {
    async fn token(&self, refused: Option<Secret>) -> Result<Secret> {
        let mut n = self.0.lock().unwrap();
        *n += u32::from(refused.is_some());
        Ok(Secret::new(format!("token-{n}")))
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
    let header = |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    Response { status, headers: headers.iter().map(header).collect(), body: Vec::new() }
}

fn cut() -> Error {
    Error::new(ErrorKind::Unavailable, "send", "the connection broke")
}

struct Setting {
    http: Arc<Script>,
    clock: Arc<Clock>,
    web: Web,
}

fn setting(credentials: Credentials, answers: Vec<Result<Response>>) -> Setting {
    let (http, clock) = (Arc::new(Script::default()), Arc::new(Clock::default()));
    http.answers.lock().unwrap().extend(answers);
    let rules = Rules { timeout: TIMEOUT, ..Rules::new("the test drive") };
    let web = Web::new(http.clone(), clock.clone(), &[&url("https://cloud.example/")], credentials, rules).unwrap();
    Setting { http, clock, web }
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn call(repeat: Repeat) -> Call {
    Call { operation: "put", subject: "docs/a.json".to_owned(), repeat }
}

impl Setting {
    fn send(&self, repeat: Repeat, method: Method) -> Result<Response> {
        block_on(self.web.send(&call(repeat), Request::new(method, url("https://cloud.example/a"))))
    }

    fn sent(&self) -> usize {
        self.http.asked.lock().unwrap().len()
    }

    fn passed(&self) -> Duration {
        self.clock.now()
    }
}

#[test]
fn what_failed_for_a_moment_is_sent_again_after_a_growing_wait() {
    let all = setting(Credentials::None, vec![Err(cut()), Ok(answer(502, &[])), Ok(answer(503, &[]))]);
    assert_eq!(all.send(Repeat::Freely, Method::Put).unwrap().status, 200);
    assert_eq!((all.sent(), all.passed()), (4, Duration::from_millis(500 + 1000 + 2000)));
    let down = setting(Credentials::None, (0..9).map(|_| Err(cut())).collect());
    let error = down.send(Repeat::Freely, Method::Put).unwrap_err();
    assert_eq!((error.kind.clone(), down.sent()), (ErrorKind::Unavailable, 4));
    assert_eq!(error.to_string(), "put: the test drive at cloud.example gave no answer: the connection broke (docs/a.json)");
}

#[test]
fn a_conditional_write_is_never_repeated_unless_it_was_refused() {
    for unclear in [Err(cut()), Ok(answer(502, &[])), Ok(answer(503, &[])), Ok(answer(504, &[]))] {
        let unclear = setting(Credentials::None, vec![unclear]);
        let _ = unclear.send(Repeat::OnlyIfRefused, Method::Put);
        assert_eq!(unclear.sent(), 1);
    }
    for refused in [429, 423] {
        let refused = setting(Credentials::None, vec![Ok(answer(refused, &[]))]);
        assert_eq!(refused.send(Repeat::OnlyIfRefused, Method::Put).unwrap().status, 200);
        assert_eq!(refused.sent(), 2);
    }
}

#[test]
fn what_the_service_asks_to_wait_is_kept_to_up_to_a_limit() {
    let date = [("Retry-After", "Thu, 01 Jan 1970 00:00:40 GMT"), ("Date", "Thu, 01 Jan 1970 00:00:31 GMT")];
    for (headers, waits) in [(&[("retry-after", "7")][..], 7), (&date[..], 9), (&date[..1], 40)] {
        let busy = setting(Credentials::None, vec![Ok(answer(429, headers))]);
        assert_eq!(busy.send(Repeat::Freely, Method::Get).unwrap().status, 200);
        assert_eq!((busy.sent(), busy.passed()), (2, Duration::from_secs(waits)), "{headers:?}");
    }
    for long in ["3600", "Thu, 01 Jan 2099 00:00:00 GMT"] {
        let busy = setting(Credentials::None, vec![Ok(answer(429, &[("retry-after", long)]))]);
        let response = busy.send(Repeat::Freely, Method::Get).unwrap();
        let error = busy.web.refused(&call(Repeat::Freely), &url("https://cloud.example/a"), &response);
        assert_eq!((busy.sent(), busy.passed(), error.kind.code()), (1, Duration::ZERO, "rate_limited"));
        assert!(matches!(error.retry, Retry::After(wait) if wait >= Duration::from_secs(3600)), "{:?}", error.retry);
    }
    let odd = setting(Credentials::None, vec![Ok(answer(429, &[("retry-after", "soon")]))]);
    assert_eq!(odd.send(Repeat::Freely, Method::Get).unwrap().status, 200);
    assert_eq!(odd.passed(), Duration::from_millis(500));
}

#[test]
fn a_pause_that_is_asked_for_holds_for_every_request() {
    let busy = setting(Credentials::None, vec![Ok(answer(429, &[("retry-after", "3600")]))]);
    busy.send(Repeat::Freely, Method::Get).unwrap();
    busy.send(Repeat::Freely, Method::Get).unwrap();
    assert_eq!((busy.sent(), busy.passed()), (2, Duration::from_secs(60)));
}

/// Never answers.
struct Silent;

#[apply(port!)]
impl Http for Silent {
    async fn send(&self, _request: Request) -> Result<Response> {
        futures::future::pending().await
    }
}

#[test]
fn who_never_answers_is_waited_for_as_long_as_the_request_deserves() {
    for (method, body, seconds) in [(Method::Propfind, 0, 61), (Method::Get, 0, 610), (Method::Put, 1 << 20, 61 + 64)] {
        let clock = Arc::new(Clock::default());
        let rules = Rules { timeout: TIMEOUT, tries: 1, ..Rules::new("the test drive") };
        let web = Web::new(Arc::new(Silent), clock.clone(), &[&url("https://h/")], Credentials::None, rules).unwrap();
        let request = Request::new(method, url("https://h/a")).containing(vec![0; body]);
        let error = block_on(web.send(&call(Repeat::Freely), request)).unwrap_err();
        assert_eq!((error.kind.code(), clock.now()), ("unavailable", Duration::from_secs(seconds)));
        assert!(error.detail().contains(&format!("longer than {seconds} seconds")), "{error}");
    }
}

#[test]
fn a_redirect_is_followed_within_its_origin_only() {
    let moved = |status, to| vec![Ok(answer(status, &[("location", to)]))];
    let within = setting(basic(), moved(301, "/a/"));
    assert_eq!(within.send(Repeat::Freely, Method::Get).unwrap().status, 200);
    assert_eq!(within.http.asked.lock().unwrap().last().unwrap().url.path(), "/a/");
    for to in ["https://portal.example/login", "http://cloud.example/a", "//evil.example/", "https://cloud.example:444/a"] {
        let away = setting(basic(), moved(307, to));
        let error = away.send(Repeat::Freely, Method::Get).unwrap_err();
        assert_eq!((error.kind.code(), away.sent()), ("unavailable", 1), "{to}");
        assert!(error.detail().contains("leads to"), "{error}");
    }
    for (repeat, method, status) in [(Repeat::Freely, Method::Put, 301), (Repeat::OnlyIfRefused, Method::Put, 307)] {
        let write = setting(basic(), moved(status, "/b"));
        assert_eq!((write.send(repeat, method).unwrap().status, write.sent()), (status, 1));
    }
    let circle = setting(basic(), (0..9).map(|_| Ok(answer(302, &[("location", "/a")]))).collect());
    assert_eq!(circle.send(Repeat::Freely, Method::Get).unwrap_err().kind.code(), "unavailable");
    assert_eq!(circle.sent(), 4);
}

fn basic() -> Credentials {
    Credentials::Basic { user: "ann".to_owned(), password: Secret::new("canary-pass") }
}

fn authorizations(setting: &Setting) -> Vec<String> {
    let asked = setting.http.asked.lock().unwrap();
    asked.iter().flat_map(|r| &r.headers).filter(|h| h.name == "Authorization").map(|h| h.value.clone()).collect()
}

#[test]
fn credentials_go_to_the_service_and_to_nobody_else() {
    let ours = setting(basic(), vec![]);
    ours.send(Repeat::Freely, Method::Get).unwrap();
    assert_eq!(authorizations(&ours), ["Basic YW5uOmNhbmFyeS1wYXNz"]);
    let elsewhere = Request::new(Method::Get, url("https://other.example/a"));
    assert_eq!(block_on(ours.web.send(&call(Repeat::Freely), elsewhere)).unwrap_err().kind.code(), "internal");
    assert_eq!(ours.sent(), 1);
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let stale = setting(Credentials::Bearer(Arc::new(Tokens::default())), vec![Ok(answer(401, &[]))]);
    assert_eq!(stale.send(Repeat::OnlyIfRefused, Method::Put).unwrap().status, 200);
    assert_eq!(authorizations(&stale), ["Bearer token-0", "Bearer token-1"]);
    let revoked = setting(Credentials::Bearer(Arc::new(Tokens::default())), (0..9).map(|_| Ok(answer(401, &[]))).collect());
    assert_eq!((revoked.send(Repeat::Freely, Method::Get).unwrap().status, revoked.sent()), (401, 2));
}

#[test]
fn statuses_have_the_kinds_that_callers_act_on() {
    let web = setting(Credentials::None, vec![]).web;
    for (status, code) in [
        (401, "unauthorized"),
        (403, "unauthorized"),
        (413, "invalid_input"),
        (414, "invalid_input"),
        (418, "unavailable"),
        (423, "unavailable"),
        (429, "rate_limited"),
        (500, "unavailable"),
        (507, "quota_exceeded"),
        (511, "unavailable"),
    ] {
        let error = web.refused(&call(Repeat::Freely), &url("https://cloud.example:8443/a?secret"), &answer(status, &[]));
        assert_eq!(error.kind.code(), code, "{status}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&format!("the test drive at cloud.example:8443 answered {status}")), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let page = answer(200, &[("content-type", "Text/HTML; charset=utf-8")]);
    let error = web.refused(&call(Repeat::Freely), &url("https://cloud.example/"), &page);
    assert!(error.detail().contains("a web page"), "{error}");
}

#[test]
fn plain_http_is_for_this_machine_only_and_an_address_holds_no_secret() {
    for good in ["https://cloud.example/dav/", "http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:1/"] {
        assert!(address(good).is_ok(), "{good}");
    }
    for bad in [
        "http://cloud.example/",
        "http://localhost.example/",
        "http://10.0.0.1/",
        "http://128.0.0.1/",
        "ftp://cloud.example/",
        "cloud.example/dav",
        "https://ann:canary-pass@cloud.example/",
        "https://canary-pass@cloud.example/",
        "https://cloud.example/?canary-pass",
        "https://cloud.example/#canary-pass",
    ] {
        let error = address(bad).unwrap_err();
        assert_eq!(error.kind.code(), "invalid_input", "{bad}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn no_debug_shows_a_secret() {
    let request = Request::new(Method::Get, url("https://cloud.example/a?canary")).with("Authorization", "canary").containing("canary");
    let response = answer(200, &[("set-cookie", "canary")]);
    let shown = format!("{:?} {:?} {request:?} {response:?} {:?}", basic(), Secret::new("canary"), setting(basic(), vec![]).web);
    assert!(!shown.contains("canary"), "{shown}");
}
