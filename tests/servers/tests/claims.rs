//! What each server makes of conditions, measured: why the WebDAV drive claims none. The table is printed.
//!
//! What holds of one request after the other is asserted. How many of sixteen win a race depends on the moment: that more
//! than one can is the reason, and is not asserted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use async_io::block_on;
use kitestring::Drive as _;
use kitestring_adapters::http::{Http as _, Method, NativeHttp, Request, Response};
use kitestring_servers::{Kind, drive};
use std::{collections::BTreeSet, sync::Barrier, thread};
use url::Url;

const RACERS: usize = 16;
const ROUNDS: usize = 5;

fn put(http: &NativeHttp, url: &Url, body: impl Into<String>, headers: &[(&str, &str)]) -> Response {
    let request = Request::new(Method::Put, url.clone()).containing(body.into());
    block_on(http.send(headers.iter().fold(request, |request, (name, value)| request.with(name, *value)))).unwrap()
}

fn etag(http: &NativeHttp, url: &Url) -> Option<String> {
    let response = block_on(http.send(Request::new(Method::Head, url.clone()))).unwrap();
    response.header("etag").map(str::to_owned)
}

/// What was found out about a server.
#[derive(Debug)]
#[allow(dead_code, reason = "it is printed")]
struct Found {
    /// A second PUT under `If-None-Match: *` is refused.
    creates: bool,
    /// PUT under an invented `If-Match` is refused.
    matches: bool,
    /// The tag that a new file has.
    tag: String,
    /// How many tags six contents of one size have that are written as fast as it goes.
    tags_of_six: usize,
    /// The most that won of sixteen who create the same file.
    creators: usize,
    /// The most that won of sixteen who replace the same tag.
    replacers: usize,
}

fn look_at(kind: Kind) -> Found {
    let folder = format!("{}/", kind.empty_folder().unwrap());
    let (http, url) = (NativeHttp::new().unwrap(), |name: &str| Url::parse(&format!("{folder}{name}")).unwrap());
    let file = url("probe");
    assert!(put(&http, &file, "1", &[("If-None-Match", "*")]).status < 300);
    let tag = etag(&http, &file).unwrap_or_else(|| "none".to_owned());
    let creates = put(&http, &file, "2", &[("If-None-Match", "*")]).status == 412;
    let matches = put(&http, &file, "3", &[("If-Match", "\"invented\"")]).status == 412;
    let one_after_the_other = |n: usize| {
        put(&http, &file, n.to_string(), &[]);
        etag(&http, &file)
    };
    let tags_of_six = (0..6).map(one_after_the_other).collect::<BTreeSet<_>>().len();
    let creators = (0..ROUNDS).map(|n| race(&url(&format!("c{n}")), ("If-None-Match", "*"))).max().unwrap_or_default();
    let replaced = |n: usize| {
        let contested = url(&format!("r{n}"));
        put(&http, &contested, "old", &[]);
        race(&contested, ("If-Match", &etag(&http, &contested).unwrap_or_default()))
    };
    let replacers = (0..ROUNDS).map(replaced).max().unwrap_or_default();
    Found { creates, matches, tag, tags_of_six, creators, replacers }
}

/// How many of sixteen are told that their write has taken place.
fn race(url: &Url, condition: (&str, &str)) -> usize {
    let barrier = Barrier::new(RACERS);
    thread::scope(|scope| {
        let racer = |n: usize| {
            let (barrier, url, condition) = (&barrier, url, condition);
            scope.spawn(move || {
                let http = NativeHttp::new().unwrap();
                barrier.wait();
                put(&http, url, n.to_string(), &[condition]).status < 300
            })
        };
        let racers: Vec<_> = (0..RACERS).map(racer).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).filter(|won| *won).count()
    })
}

#[test]
fn no_condition_of_any_server_is_one_to_rely_on() {
    for kind in Kind::ALL {
        let found = look_at(kind);
        println!("{kind:?}: {found:?}");
        let honours = matches!(kind, Kind::WsgiDav | Kind::Apache);
        assert_eq!((found.creates, found.matches), (honours, honours), "{kind:?} has changed: see spec/adapters.md");
        let claims = drive(&kind.empty_folder().unwrap()).unwrap().capabilities();
        assert!(!claims.create && !claims.replace && !claims.versions && !claims.exact && !claims.consistent, "{claims:?}");
    }
}
