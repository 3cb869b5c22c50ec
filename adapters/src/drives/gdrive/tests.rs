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

const GONE: &str = r#"{"error":{"errors":[{"domain":"global","reason":"notFound"}],"code":404}}"#;
const MOVED: &str = r#"{"error":{"errors":[{"domain":"global","reason":"conditionNotMet"}],"code":412}}"#;
const DIGEST_OF_A: &str = "0cc175b9c0f1b6a831c399e269772661";
const DIGEST_OF_B: &str = "92eb5ffee6ae2fec3ad71c777531578f";

#[test]
fn the_version_is_that_of_the_bytes_which_came() {
    let got = get(&[(MEDIA, 200, "b")]).unwrap();
    assert_eq!(got, Got::File { bytes: b"b".to_vec(), version: Version::new(DIGEST_OF_B) });
    let unless = |script: &[(&'static str, u16, &'static str)]| {
        let options = GetOptions { unless: Some(Version::new(DIGEST_OF_A)), ..GetOptions::default() };
        play(script, async |drive| drive.get(path("f"), options).await).unwrap()
    };
    assert_eq!(unless(&[(LOOK, 200, A)]), Got::Unchanged);
    assert_eq!(unless(&[(LOOK, 200, B), (MEDIA, 200, "b")]), got);
}

#[test]
fn a_part_is_one_of_the_revision_that_was_looked_at() {
    let part = |script: &[(&'static str, u16, &'static str)]| {
        let options = GetOptions { range: Some(1..9), ..GetOptions::default() };
        play(script, async |drive| drive.get(path("f"), options).await).unwrap()
    };
    let (first, second) = ("GET /drive/v3/files/F/revisions/r1", "GET /drive/v3/files/F/revisions/r2");
    let got = part(&[(LOOK, 200, A), (first, 403, "{}"), (LOOK, 200, B), (second, 200, "bcd")]);
    assert_eq!(got, Got::File { bytes: b"cd".to_vec(), version: Version::new(DIGEST_OF_B) });
    let busy: Vec<_> = [(LOOK, 200, A), (first, 404, GONE)].into_iter().cycle().take(6).chain([(MEDIA, 200, "b")]).collect();
    assert_eq!(part(&busy), Got::File { bytes: Vec::new(), version: Version::new(DIGEST_OF_B) });
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
    assert_eq!(get(&[(MEDIA, 404, GONE), table, names, search]).unwrap(), Got::Missing);
    let unless = GetOptions { unless: Some(Version::new(DIGEST_OF_A)), ..GetOptions::default() };
    let binned = play(&[(LOOK, 200, TRASHED), table, names, search], async |drive| drive.get(path("f"), unless).await);
    assert_eq!(binned.unwrap(), Got::Missing);
    // Somebody on the way may say so of anything.
    assert_eq!(get(&[(MEDIA, 404, "<html>not here</html>")]).unwrap_err().kind.code(), "unavailable");
    let gone = ("GET /drive/v2/files/T", 404, GONE);
    assert_eq!(get(&[(MEDIA, 404, GONE), gone]).unwrap_err().kind.code(), "unavailable");
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
        assert_eq!(get(&[(MEDIA, 403, body)]).unwrap_err().kind.code(), code, "{reason}");
    }
    let rate: &'static str = said("userRateLimitExceeded").leak();
    assert_eq!(get(&[(MEDIA, 403, rate); 6]).unwrap_err().kind.code(), "rate_limited");
    let got = get(&[(MEDIA, 403, rate), (MEDIA, 200, "a")]).unwrap();
    assert!(matches!(got, Got::File { .. }));
    assert_eq!(get(&[(MEDIA, 401, ""), (MEDIA, 401, "")]).unwrap_err().kind.code(), "unauthorized");
    assert_eq!(get(&[(MEDIA, 200, "<html>sign in</html>")]).unwrap_err().kind.code(), "unavailable");
}

#[test]
fn a_tag_that_moved_is_looked_at_and_a_content_that_moved_is_refused() {
    let write = "PUT /upload/drive/v2/files/F";
    let put = |script: &[(&'static str, u16, &'static str)]| {
        play(script, async |drive| {
            let version = Version::new(DIGEST_OF_A);
            drive.put(path("f"), b"b".to_vec(), Condition::Matches(version)).await
        })
    };
    put(&[(LOOK, 200, A), (write, 412, MOVED), (LOOK, 200, A), (write, 200, B)]).unwrap();
    assert!(is_condition(&put(&[(LOOK, 200, A), (write, 412, MOVED), (LOOK, 200, B)]).unwrap_err()));
    // Nobody knows whether it was written, so that nothing is sent again.
    let unknown = put(&[(LOOK, 200, A), (write, 503, "{}")]).unwrap_err();
    assert_eq!(unknown.kind.code(), "unavailable");
}

#[test]
fn names_are_quoted_and_parts_kept_apart() {
    assert_eq!(root::quoted(r"Ann's \ notes"), r"'Ann\'s \\ notes'");
    assert_eq!(routes::boundary(b"kitestring-0-part"), "kitestring-1-part");
}
