#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use super::*;
use crate::http::{Header, Method, Request, Response, Secret};
use futures::executor::block_on;
use std::{collections::VecDeque, sync::Mutex, time::Duration};

/// Noon of a day; time does not pass.
const NOW: Duration = Duration::from_secs(1_780_315_200);
const DATE: &str = "Mon, 01 Jun 2026 12:00:00 GMT";

struct Still;

#[apply(port!)]
impl Runtime for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> Duration {
        NOW
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

#[derive(Clone)]
struct Said {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
}

fn said(status: u16, body: &'static str) -> Said {
    Said { status, headers: vec![("ETag", "\"tag\""), ("Date", DATE)], body }
}

/// Says one thing after the other, the last one again and again, and keeps what was asked.
struct Scripted {
    says: Mutex<VecDeque<Said>>,
    asked: Mutex<Vec<Request>>,
}

#[apply(port!)]
impl Http for Scripted {
    async fn send(&self, request: Request) -> Result<Response> {
        self.asked.lock().unwrap().push(request);
        let mut says = self.says.lock().unwrap();
        let Said { status, headers, body } = if says.len() > 1 { says.pop_front().unwrap() } else { says[0].clone() };
        let headers = headers.into_iter().map(|(name, value)| Header { name: name.into(), value: value.into() }).collect();
        Ok(Response { status, headers, body: body.into() })
    }
}

fn scripted(says: impl IntoIterator<Item = Said>) -> (S3, Arc<Scripted>) {
    let http = Arc::new(Scripted { says: Mutex::new(says.into_iter().collect()), asked: Mutex::default() });
    let place = Place { bucket: "notes".into(), folder: "app".into(), region: Some("eu-west-1".into()), ..Place::default() };
    let keys = Keys { id: "KEYID".into(), secret: Secret::new("canary-secret"), session: Some(Secret::new("canary-session")) };
    (S3::new(http.clone(), Arc::new(Still), &place, keys).unwrap(), http)
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn put(drive: &S3, condition: Condition) -> Result<Version> {
    block_on(drive.put(path("d/f"), b"x".to_vec(), condition))
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
}

fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

#[test]
fn a_request_is_signed_by_its_query_and_says_its_condition_in_a_header() {
    let (drive, http) = scripted([said(200, "")]);
    let version = put(&drive, Condition::Absent).unwrap();
    assert_eq!(version.as_str(), "tag");
    put(&drive, Condition::Matches(version)).unwrap();
    put(&drive, Condition::Any).unwrap();
    let asked = http.asked.lock().unwrap();
    for request in asked.iter() {
        assert!(request.url.as_str().starts_with("https://notes.s3.eu-west-1.amazonaws.com/app/d/f?X-Amz-Algorithm="), "{}", request.url);
        assert_eq!(query(request, "X-Amz-Date").unwrap(), "20260601T120000Z");
        assert_eq!(query(request, "X-Amz-Credential").unwrap(), "KEYID/20260601/eu-west-1/s3/aws4_request");
        assert_eq!(query(request, "X-Amz-Security-Token").unwrap(), "canary-session");
        assert!(!request.url.as_str().contains("canary-secret") && header(request, "Authorization").is_none());
    }
    let conditions: Vec<_> = asked.iter().map(|request| (header(request, "If-None-Match"), header(request, "If-Match"))).collect();
    assert_eq!(conditions, [(Some("*"), None), (None, Some("\"tag\"")), (None, None)]);
}

#[test]
fn only_what_the_kind_settles_is_claimed_as_proven() {
    let (amazon, _) = scripted([said(200, "")]);
    let claims = amazon.capabilities();
    assert!(claims.create && claims.replace && claims.versions && claims.exact && claims.consistent && !claims.unproven);
    let place = Place { bucket: "notes".into(), endpoint: Some("https://s3.example".into()), ..Place::default() };
    let keys = Keys { id: "k".into(), secret: Secret::new("s"), session: None };
    let other = S3::new(amazon_http(), Arc::new(Still), &place, keys).unwrap();
    let claims = other.capabilities();
    assert!(claims.create && claims.replace && claims.versions && !claims.exact && !claims.consistent && claims.unproven);
    let without = other.without_conditions();
    assert!(!without.capabilities().create && !without.capabilities().replace && !without.capabilities().unproven);
    put(&without, Condition::Absent).unwrap();
}

fn amazon_http() -> Arc<Scripted> {
    scripted([said(200, "")]).1
}

/// An error, as stores write it.
macro_rules! error {
    ($code:literal $($more:literal)?) => {
        concat!("<?xml version=\"1.0\"?>\n<Error><Code>", $code, "</Code><Message>canary</Message>", $($more,)? "</Error>")
    };
}

#[test]
fn each_refusal_is_told_by_what_is_to_be_done_about_it() {
    use ErrorKind::{Condition as Refused, InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
    for (status, body, kind, told) in [
        (403, error!("InvalidAccessKeyId"), Unauthorized, "does not know this access key"),
        (403, error!("SignatureDoesNotMatch"), Unauthorized, "secret access key wrong"),
        (403, error!("AccessDenied"), Unauthorized, "needs ListBucket"),
        (400, error!("ExpiredToken"), Unauthorized, "session token"),
        (403, "", Unauthorized, "rights"),
        (403, error!("RequestTimeTooSkewed"), Unavailable, "set the clock"),
        (403, error!("QuotaExceeded"), QuotaExceeded, "no space"),
        (404, error!("NoSuchBucket"), Unavailable, "no bucket notes"),
        (301, error!("PermanentRedirect" "<Endpoint>s3.us-west-2.amazonaws.com</Endpoint>"), Unavailable, "another region"),
        (400, error!("AuthorizationHeaderMalformed" "<Region>us-west-2</Region>"), Unavailable, "in the region us-west-2"),
        (503, error!("SlowDown"), RateLimited, "fewer requests"),
        (429, "", RateLimited, "too many"),
        (409, error!("ConditionalRequestConflict"), Refused, "at the same time"),
        (412, error!("PreconditionFailed"), Refused, "another version"),
        (400, error!("EntityTooLarge"), InvalidInput, "EntityTooLarge"),
        (400, error!("Strange"), Unavailable, "400: Strange"),
        (501, error!("NotImplemented"), Unavailable, "501"),
        (507, "", QuotaExceeded, "no space"),
    ] {
        let (drive, _) = scripted([said(status, body)]);
        let error = put(&drive, Condition::Absent).unwrap_err();
        assert!(error.kind == kind && error.detail().contains(told), "{status} {body}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn the_region_that_a_store_names_is_told() {
    let says = Said { headers: vec![("x-amz-bucket-region", "ap-south-1")], ..said(301, "") };
    let error = put(&scripted([says]).0, Condition::Any).unwrap_err();
    assert!(error.detail().contains("in the region ap-south-1"), "{error}");
}

#[test]
fn an_absent_file_is_missing_and_an_absent_bucket_is_not() {
    let get = |says| block_on(scripted(says).0.get(path("f"), GetOptions::default()));
    let listing = "<ListBucketResult></ListBucketResult>";
    assert_eq!(get(vec![said(404, error!("NoSuchKey"))]).unwrap(), Got::Missing);
    assert_eq!(get(vec![said(404, "gone"), said(200, listing)]).unwrap(), Got::Missing);
    for says in [vec![said(404, error!("NoSuchBucket"))], vec![said(404, "gone"), said(404, error!("NoSuchBucket"))]] {
        assert_eq!(get(says).unwrap_err().kind, ErrorKind::Unavailable);
    }
    let matches = put(&scripted([said(404, error!("NoSuchKey"))]).0, Condition::Matches(Version::new("tag")));
    assert_eq!(matches.unwrap_err().kind, ErrorKind::Condition);
}

#[test]
fn a_request_that_is_refused_because_of_others_is_sent_again() {
    for refusal in [said(409, error!("ConditionalRequestConflict")), said(503, error!("SlowDown"))] {
        let (drive, http) = scripted([refusal.clone(), refusal, said(200, "")]);
        put(&drive, Condition::Absent).unwrap();
        assert_eq!(http.asked.lock().unwrap().len(), 3);
    }
    // Without the store's own word for it, it may have been carried out.
    let (drive, http) = scripted([said(503, "")]);
    assert_eq!(put(&drive, Condition::Absent).unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(http.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_clock_that_is_wrong_is_corrected_by_the_stores() {
    let late = Said { headers: vec![("Date", "Mon, 01 Jun 2026 15:30:00 GMT")], ..said(403, error!("AccessDenied")) };
    let (drive, http) = scripted([late.clone(), said(200, "")]);
    put(&drive, Condition::Absent).unwrap();
    put(&drive, Condition::Any).unwrap();
    let dates: Vec<_> = http.asked.lock().unwrap().iter().map(|request| query(request, "X-Amz-Date").unwrap()).collect();
    assert_eq!(dates, ["20260601T120000Z", "20260601T153000Z", "20260601T153000Z"]);
    let (drive, http) = scripted([late]);
    assert_eq!(put(&drive, Condition::Absent).unwrap_err().kind, ErrorKind::Unauthorized);
    assert_eq!(http.asked.lock().unwrap().len(), 2, "once is enough");
}

#[test]
fn a_part_that_is_called_the_whole_is_cut_where_it_begins() {
    let part = Said { headers: vec![("ETag", "tag"), ("Content-Range", "bytes 2-4/9")], ..said(200, "cde") };
    let (drive, _) = scripted([part]);
    let got = block_on(drive.get(path("f"), GetOptions { range: Some(2..4), unless: None })).unwrap();
    assert_eq!(got, Got::File { bytes: b"cd".to_vec(), version: Version::new("tag") });
    let other = block_on(drive.get(path("f"), GetOptions { range: Some(3..4), unless: None }));
    assert_eq!(other.unwrap_err().kind, ErrorKind::Unavailable);
}

#[test]
fn a_page_of_a_network_is_neither_a_file_nor_a_listing() {
    let page = Said { headers: vec![("ETag", "\"tag\""), ("Content-Type", "text/html")], ..said(200, "<html></html>") };
    let (drive, _) = scripted([page]);
    let errors = [
        block_on(drive.get(path("f"), GetOptions::default())).unwrap_err(),
        put(&drive, Condition::Any).unwrap_err(),
        block_on(drive.list_dir(path("d"), None)).unwrap_err(),
        block_on(drive.delete(path("f"), Condition::Any)).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.kind == ErrorKind::Unavailable), "{errors:?}");
}

#[test]
fn a_large_file_that_fails_at_its_end_is_aborted() {
    let begun = said(200, "<InitiateMultipartUploadResult><UploadId>an id</UploadId></InitiateMultipartUploadResult>");
    let no_uploads = said(200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
    let parts = (0..5).map(|_| said(200, ""));
    let failed = said(200, error!("InternalError"));
    let says = [no_uploads, begun].into_iter().chain(parts).chain([failed, said(204, "")]);
    let (drive, http) = scripted(says);
    let error = block_on(drive.put(path("f"), vec![0; (64 << 20) + 1], Condition::Any)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let asked = http.asked.lock().unwrap();
    let shown: Vec<_> = asked.iter().map(|request| (request.method, query(request, "uploadId"))).collect();
    let (id, last) = (Some("an id".to_owned()), shown.len() - 1);
    assert_eq!((&shown[0], &shown[1]), (&(Method::Get, None), &(Method::Post, None)));
    assert!(shown[2..7].iter().all(|part| *part == (Method::Put, id.clone())), "{shown:?}");
    assert_eq!((&shown[7], &shown[last]), (&(Method::Post, id.clone()), &(Method::Delete, id)));
}

#[test]
fn no_secret_is_shown() {
    let (drive, http) = scripted([said(403, error!("SignatureDoesNotMatch" "<StringToSign>canary-session</StringToSign>"))]);
    let error = put(&drive, Condition::Any).unwrap_err();
    let shown = format!("{error} {error:?} {drive:?} {:?}", http.asked.lock().unwrap());
    assert!(!shown.contains("canary"), "{shown}");
    for broken in ["two words", "", "ümlaut"] {
        let keys = Keys { id: "k".into(), secret: Secret::new(broken), session: None };
        let place = Place { bucket: "notes".into(), ..Place::default() };
        assert_eq!(S3::new(amazon_http(), Arc::new(Still), &place, keys).unwrap_err().kind, ErrorKind::InvalidInput);
    }
}
