#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::http::{Header, Method};
use futures::executor::block_on;
use std::{collections::VecDeque, sync::Mutex, time::Duration};

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
#[derive(Default)]
struct Script(Mutex<VecDeque<(&'static str, u16, &'static str)>>);

#[apply(port!)]
impl Http for Script {
    async fn send(&self, request: Request) -> Result<Response> {
        let asked = format!("{} {}", request.method.as_str(), request.url.path());
        let (expected, status, body) = self.0.lock().unwrap().pop_front().unwrap_or(("nothing more", 0, ""));
        assert_eq!(asked, expected);
        if request.method == Method::Delete {
            assert!(request.headers.iter().any(|h| h.name == "Depth" && h.value == "0"));
        }
        let kind = if body.starts_with("<html") { "text/html" } else { "application/octet-stream" };
        let mut headers = vec![Header { name: "Content-Type".into(), value: kind.into() }];
        if status == 206 {
            headers.push(Header { name: "Content-Range".into(), value: "bytes 2-4/9".into() });
        }
        Ok(Response { status, headers, body: body.into() })
    }
}

const FOLDER: &str = r#"<multistatus xmlns="DAV:"><response><href>/dav/</href><propstat><prop><resourcetype><collection/></resourcetype></prop></propstat></response></multistatus>"#;
const FILE: &str =
    r#"<multistatus xmlns="DAV:"><response><href>/dav/f</href><propstat><prop><resourcetype/></prop></propstat></response></multistatus>"#;
const PAGE: &str = "<html>a web page</html>";

/// A drive whose requests are answered so, and how many answers are left over.
fn drive(script: &[(&'static str, u16, &'static str)]) -> (WebDav, Arc<Script>) {
    let http = Arc::new(Script(Mutex::new(script.iter().copied().collect())));
    (WebDav::new(http.clone(), Arc::new(Still), "https://h/dav", Credentials::None).unwrap(), http)
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn get(script: &[(&'static str, u16, &'static str)], options: GetOptions) -> Result<Got> {
    let (drive, http) = drive(script);
    let got = block_on(drive.get(path("d/f"), options));
    assert!(http.0.lock().unwrap().is_empty(), "not all was asked for");
    got
}

fn whole(script: &[(&'static str, u16, &'static str)]) -> Result<Got> {
    get(script, GetOptions::default())
}

fn put(script: &[(&'static str, u16, &'static str)]) -> Result<Version> {
    let (drive, http) = drive(script);
    let put = block_on(drive.put(path("d/f"), vec![1], Condition::Any));
    assert!(http.0.lock().unwrap().is_empty(), "not all was asked for");
    put
}

#[test]
fn a_missing_file_is_one_only_if_the_root_is_there() {
    let missing = ("GET /dav/d/f", 404, "");
    assert_eq!(whole(&[missing, ("PROPFIND /dav/", 207, FOLDER)]).unwrap(), Got::Missing);
    for (status, body, code) in
        [(404, "", "unavailable"), (207, FILE, "unavailable"), (401, "", "unauthorized"), (200, PAGE, "unavailable")]
    {
        assert_eq!(whole(&[missing, ("PROPFIND /dav/", status, body)]).unwrap_err().kind.code(), code);
    }
}

#[test]
fn a_web_page_is_no_file_unless_the_server_says_so() {
    let page = ("GET /dav/d/f", 200, PAGE);
    assert!(matches!(whole(&[page, ("PROPFIND /dav/d/f", 207, FILE)]).unwrap(), Got::File { .. }));
    assert_eq!(whole(&[page, ("PROPFIND /dav/d/f", 207, FOLDER)]).unwrap(), Got::Missing);
    let portal = whole(&[page, ("PROPFIND /dav/d/f", 200, PAGE)]).unwrap_err();
    assert!(portal.kind.code() == "unavailable" && portal.detail().contains("a web page"), "{portal}");
    let written = put(&[("PUT /dav/d/f", 200, PAGE)]).unwrap_err();
    assert_eq!(written.kind.code(), "unavailable");
    let (drive, _) = drive(&[("PROPFIND /dav/", 200, PAGE), ("PROPFIND /dav/", 200, PAGE)]);
    assert_eq!(block_on(drive.list_dir(DrivePath::root(), None)).unwrap_err().kind.code(), "unavailable");
}

#[test]
fn a_folder_is_no_file_however_the_server_says_it() {
    for status in [403, 405, 400, 409] {
        assert_eq!(whole(&[("GET /dav/d/f", status, ""), ("PROPFIND /dav/d/f", 207, FOLDER)]).unwrap(), Got::Missing);
    }
    let forbidden = whole(&[("GET /dav/d/f", 403, ""), ("PROPFIND /dav/d/f", 207, FILE)]).unwrap_err();
    assert_eq!(forbidden.kind.code(), "unauthorized");
}

#[test]
fn a_part_is_cut_from_what_comes() {
    let part = |status, body| get(&[("GET /dav/d/f", status, body)], GetOptions { range: Some(2..5), unless: None });
    for (status, body) in [(206, "234"), (206, "2345678"), (200, "012345678")] {
        assert!(matches!(part(status, body).unwrap(), Got::File { bytes, .. } if bytes == b"234"), "{status}");
    }
    assert!(matches!(part(416, "").unwrap(), Got::File { bytes, .. } if bytes.is_empty()));
    let other = get(&[("GET /dav/d/f", 206, "234")], GetOptions { range: Some(3..5), unless: None });
    assert_eq!(other.unwrap_err().kind.code(), "unavailable");
}

#[test]
fn folders_are_made_from_the_first_that_is_missing() {
    for lacking in [409, 404, 500] {
        let script =
            [("PUT /dav/a/b/f", lacking, ""), ("MKCOL /dav/a/b/", 409, ""), ("MKCOL /dav/a/", 201, ""), ("MKCOL /dav/a/b/", 201, "")];
        let (drive, _) = drive(&[&script[..], &[("PUT /dav/a/b/f", 201, ""), ("PUT /dav/a/b/g", 201, "")]].concat());
        for name in ["a/b/f", "a/b/g"] {
            block_on(drive.put(path(name), vec![1], Condition::Any)).unwrap();
        }
    }
}

#[test]
fn a_folder_that_the_root_does_not_list_is_made_first() {
    const ROOT: &str = r#"<multistatus xmlns="DAV:"><response><href>/dav/</href><propstat><prop><resourcetype><collection/></resourcetype>
        </prop></propstat></response><response><href>/dav/there/</href><propstat><prop><resourcetype><collection/></resourcetype></prop>
        </propstat></response></multistatus>"#;
    let script = [("PROPFIND /dav/", 207, ROOT), ("PUT /dav/there/f", 201, ""), ("MKCOL /dav/d/", 201, ""), ("PUT /dav/d/f", 201, "")];
    let (drive, http) = drive(&script);
    block_on(drive.list_dir(DrivePath::root(), None)).unwrap();
    for name in ["there/f", "d/f"] {
        block_on(drive.put(path(name), vec![1], Condition::Any)).unwrap();
    }
    assert!(http.0.lock().unwrap().is_empty());
}

#[test]
fn a_large_body_is_sent_once_although_its_folder_is_missing() {
    for status in [201, 405] {
        let large = vec![1; 300 << 10];
        let (drive, http) = drive(&[("MKCOL /dav/d/", status, ""), ("PUT /dav/d/f", 201, ""), ("PUT /dav/d/g", 201, "")]);
        for name in ["d/f", "d/g"] {
            block_on(drive.put(path(name), large.clone(), Condition::Any)).unwrap();
        }
        assert_eq!(http.0.lock().unwrap().len(), 0, "{status}");
    }
    // Who may make no folder may write into one.
    let (drive, _) = drive(&[("MKCOL /dav/d/", 403, ""), ("PUT /dav/d/f", 201, "")]);
    block_on(drive.put(path("d/f"), vec![1; 300 << 10], Condition::Any)).unwrap();
}

#[test]
fn a_write_that_may_have_taken_place_is_not_repeated_by_its_condition() {
    // A fault of the server, and no folder was missing.
    let (drive, http) = drive(&[
        ("PUT /dav/d/f", 500, ""),
        ("MKCOL /dav/d/", 405, ""),
        ("PROPFIND /dav/d/f", 404, ""),
        ("PROPFIND /dav/", 207, FOLDER),
        ("PROPFIND /dav/d", 207, FOLDER),
    ]);
    let drive = drive.claiming_create();
    let error = block_on(drive.put(path("d/f"), vec![1], Condition::Absent)).unwrap_err();
    assert_eq!((error.kind.code(), http.0.lock().unwrap().len()), ("unavailable", 0));
}

#[test]
fn a_refused_name_is_told_from_a_server_that_fails() {
    let through = [
        ("PUT /dav/d/f", 409, ""),
        ("MKCOL /dav/d/", 405, ""),
        ("PUT /dav/d/f", 409, ""),
        ("PROPFIND /dav/d/f", 400, ""),
        ("PROPFIND /dav/d", 207, FILE),
        ("PROPFIND /dav/d", 207, FILE),
    ];
    assert_eq!(put(&through).unwrap_err().kind.code(), "invalid_input");
    let odd =
        [("PUT /dav/d/f", 400, ""), ("PROPFIND /dav/d/f", 404, ""), ("PROPFIND /dav/", 207, FOLDER), ("PROPFIND /dav/d", 207, FOLDER)];
    assert_eq!(put(&odd).unwrap_err().kind.code(), "invalid_input");
    for (status, code) in [(507, "quota_exceeded"), (403, "unauthorized"), (413, "invalid_input"), (502, "unavailable")] {
        let tries = if status == 502 { 4 } else { 1 };
        assert_eq!(put(&vec![("PUT /dav/d/f", status, ""); tries]).unwrap_err().kind.code(), code);
    }
}

#[test]
fn a_folder_is_never_deleted_by_the_name_of_a_file() {
    for (body, deletes) in [(FOLDER, false), (FILE, true)] {
        let look = ("PROPFIND /dav/d/f", 207, body);
        let script: &[_] = if deletes { &[look, ("DELETE /dav/d/f", 204, "")] } else { &[look] };
        let (drive, http) = drive(script);
        block_on(drive.delete(path("d/f"), Condition::Any)).unwrap();
        assert!(http.0.lock().unwrap().is_empty());
    }
}

#[test]
fn an_entry_that_the_server_could_not_look_at_fails_the_listing() {
    const PARTLY: &str = r#"<multistatus xmlns="DAV:"><response><href>https://h/dav/</href><propstat><prop><resourcetype><collection/></resourcetype>
        </prop></propstat></response><response><href>/dav/f</href><status>HTTP/1.1 STATUS x</status></response></multistatus>"#;
    for (status, named) in [("404", Some(0)), ("200", Some(1)), ("500", None), ("403", None)] {
        let answer: &'static str = Box::leak(PARTLY.replace("STATUS", status).into_boxed_str());
        let (drive, _) = drive(&[("PROPFIND /dav/", 207, answer)]);
        let listed = block_on(drive.list_dir(DrivePath::root(), None)).map(|listing| listing.entries.len());
        assert_eq!(listed.ok(), named);
    }
}
