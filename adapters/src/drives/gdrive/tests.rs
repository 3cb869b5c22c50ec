#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::http::{FixedToken, Header, Request, Response, Secret};
use futures::executor::block_on;
use std::{collections::VecDeque, sync::Mutex};

struct Still;

#[apply(port!)]
impl Runtime for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _duration: Duration) {}
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(1);
        Ok(())
    }
}

/// Answers each request as its script says: method and path, then status and body.
struct Script(Mutex<VecDeque<(&'static str, u16, &'static str)>>);

#[apply(port!)]
impl Http for Script {
    async fn send(&self, request: Request) -> Result<Response> {
        let asked = format!("{} {}", request.method.as_str(), request.url.path());
        let (expected, status, body) = self.0.lock().unwrap().pop_front().unwrap_or(("nothing more", 0, ""));
        assert_eq!(asked, expected);
        let kind = if body.starts_with("<html") { "text/html" } else { "application/json; charset=UTF-8" };
        Ok(Response { status, headers: vec![Header { name: "Content-Type".into(), value: kind.into() }], body: body.into() })
    }
}

/// Plays a call on a drive that knows where it is, and where the file `f` is, and makes sure that all was asked for.
fn play<T>(script: &[(&'static str, u16, &'static str)], call: impl AsyncFnOnce(&GDrive) -> Result<T>) -> Result<T> {
    let http = Arc::new(Script(Mutex::new(script.iter().copied().collect())));
    let tokens = Arc::new(FixedToken::new(Secret::new("canary")));
    let drive = GDrive::in_app_data(http.clone(), Arc::new(Still), tokens).unwrap();
    drive.known.lock().root = Some(root::Root { folder: "appDataFolder".into(), table: "T".into() });
    drive.known.keep(&path("f"), known::Place::new("F"));
    let answer = block_on(call(&drive));
    assert!(http.0.lock().unwrap().is_empty(), "not all was asked for");
    if let Err(error) = &answer {
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    answer
}

fn is_condition(error: &kitestring::Error) -> bool {
    error.kind == kitestring::ErrorKind::Condition
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn get(script: &[(&'static str, u16, &'static str)]) -> Result<Got> {
    play(script, async |drive| drive.get(path("f"), GetOptions::default()).await)
}

const LOOK: &str = "GET /drive/v2/files/F";
const MEDIA: &str = "GET /drive/v3/files/F";
/// What is known of a file that holds `a`, and of one that holds `b`.
const A: &str = r#"{"etag":"\"1\"","headRevisionId":"r1","md5Checksum":"0cc175b9c0f1b6a831c399e269772661","labels":{"trashed":false}}"#;
const B: &str = r#"{"etag":"\"2\"","headRevisionId":"r2","md5Checksum":"92eb5ffee6ae2fec3ad71c777531578f","labels":{"trashed":false}}"#;
const TRASHED: &str =
    r#"{"etag":"\"2\"","headRevisionId":"r2","md5Checksum":"92eb5ffee6ae2fec3ad71c777531578f","labels":{"trashed":true}}"#;

#[test]
fn a_content_is_never_paired_with_the_version_of_another() {
    let got = get(&[(LOOK, 200, A), (MEDIA, 200, "b"), (LOOK, 200, B), (MEDIA, 200, "b")]).unwrap();
    assert_eq!(got, Got::File { bytes: b"b".to_vec(), version: Version::new("r2-92eb5ffee6ae2fec3ad71c777531578f") });
    let busy: Vec<_> = [(LOOK, 200, A), (MEDIA, 200, "c")].into_iter().cycle().take(10).collect();
    assert_eq!(get(&busy).unwrap_err().kind.code(), "unavailable");
}

#[test]
fn a_file_that_is_gone_or_in_the_bin_is_looked_for_by_its_name() {
    let table = (
        "GET /drive/v2/files/T",
        200,
        r#"{"etag":"\"3\"","headRevisionId":"r3","md5Checksum":"7e0183db9c8a56d414cd518c4e1404bf","labels":{"trashed":false}}"#,
    );
    let names = ("GET /drive/v3/files/T", 200, r#"{"files":{"f":"F"}}"#);
    let search = ("GET /drive/v3/files", 200, r#"{"files":[]}"#);
    for look in [(LOOK, 404, "{}"), (LOOK, 200, TRASHED)] {
        assert_eq!(get(&[look, table, names, search]).unwrap(), Got::Missing);
    }
    let gone = ("GET /drive/v2/files/T", 404, "{}");
    assert_eq!(get(&[(LOOK, 404, "{}"), gone]).unwrap_err().kind.code(), "unavailable");
}

#[test]
fn each_refusal_has_its_kind() {
    let said = |reason: &str| format!(r#"{{"error":{{"errors":[{{"domain":"global","reason":"{reason}"}}],"code":403}}}}"#);
    for (reason, code) in [
        ("storageQuotaExceeded", "quota_exceeded"),
        ("dailyLimitExceeded", "rate_limited"),
        ("insufficientPermissions", "unauthorized"),
        ("somethingNew", "unavailable"),
    ] {
        let body: &'static str = said(reason).leak();
        assert_eq!(get(&[(LOOK, 403, body)]).unwrap_err().kind.code(), code, "{reason}");
    }
    let rate: &'static str = said("userRateLimitExceeded").leak();
    assert_eq!(get(&[(LOOK, 403, rate); 6]).unwrap_err().kind.code(), "rate_limited");
    let got = get(&[(LOOK, 403, rate), (LOOK, 200, A), (MEDIA, 200, "a")]).unwrap();
    assert!(matches!(got, Got::File { .. }));
    assert_eq!(get(&[(LOOK, 401, ""), (LOOK, 401, "")]).unwrap_err().kind.code(), "unauthorized");
    for page in [(LOOK, 200, "<html>sign in</html>"), (LOOK, 200, "no JSON")] {
        assert_eq!(get(&[page]).unwrap_err().kind.code(), "unavailable");
    }
}

#[test]
fn a_tag_that_moved_is_looked_at_and_a_content_that_moved_is_refused() {
    let write = "PUT /upload/drive/v2/files/F";
    let put = |script: &[(&'static str, u16, &'static str)]| {
        play(script, async |drive| {
            let version = Version::new("r1-0cc175b9c0f1b6a831c399e269772661");
            drive.put(path("f"), b"b".to_vec(), Condition::Matches(version)).await
        })
    };
    put(&[(LOOK, 200, A), (write, 412, "{}"), (LOOK, 200, A), (write, 200, B)]).unwrap();
    assert!(is_condition(&put(&[(LOOK, 200, A), (write, 412, "{}"), (LOOK, 200, B)]).unwrap_err()));
    // Nobody knows whether it was written, so that nothing is sent again.
    let unknown = put(&[(LOOK, 200, A), (write, 503, "{}")]).unwrap_err();
    assert_eq!(unknown.kind.code(), "unavailable");
}

#[test]
fn names_are_quoted_and_parts_kept_apart() {
    assert_eq!(root::quoted(r"Ann's \ notes"), r"'Ann\'s \\ notes'");
    assert_eq!(routes::boundary(b"kitestring-0-part"), "kitestring-1-part");
}
