//! How a person signs in.

use crate::service::{APP, Odd, Service};
use futures::executor::block_on;
use kitestring::{ErrorKind, Result};
use kitestring_adapters::{
    NativeRuntime,
    http::{NativeHttp, Secret},
    oauth::{App, Endpoint, Grant, Loopback, Provider, SignIn},
};
use kitestring_emulators::sign_in::wall;
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    thread,
};
use url::Url;

fn app() -> App {
    App { id: APP.to_owned(), secret: Some(Secret::new("canary-app")) }
}

fn endpoint(provider: Provider, server: &str) -> Endpoint {
    let http = Arc::new(NativeHttp::new().unwrap());
    Endpoint::new(provider.at(server).unwrap(), http, Arc::new(NativeRuntime::new())).unwrap()
}

fn begin(endpoint: &Endpoint, redirect: Option<&str>) -> SignIn {
    SignIn::begin(endpoint, app(), redirect, &NativeRuntime::new()).unwrap()
}

/// A browser, which opens a page and reads what it says.
fn open(url: &Url, target: &str) -> String {
    let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap())
}

#[test]
fn the_address_for_the_browser_asks_for_what_the_drives_need_and_no_more() {
    for (provider, host, wanted) in [
        (Provider::dropbox(), "www.dropbox.com", vec![("token_access_type", "offline")]),
        (Provider::gdrive(), "accounts.google.com", vec![("access_type", "offline"), ("prompt", "consent")]),
        (Provider::onedrive(), "login.microsoftonline.com", vec![("scope", "Files.ReadWrite.AppFolder offline_access")]),
        (Provider::onedrive_files(), "login.microsoftonline.com", vec![("scope", "Files.ReadWrite offline_access")]),
    ] {
        let scopes = provider.scopes.join(" ");
        let endpoint = Endpoint::new(provider, Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new())).unwrap();
        let (one, other) = (begin(&endpoint, None), begin(&endpoint, Some("http://127.0.0.1:7/")));
        let query: BTreeMap<_, _> = one.url().query_pairs().into_owned().collect();
        assert_eq!((one.url().scheme(), one.url().host_str()), ("https", Some(host)));
        assert!(wanted.iter().all(|(name, value)| query[*name] == *value), "{query:?}");
        assert_eq!((&*query["scope"], &*query["code_challenge_method"], &*query["response_type"]), (&*scopes, "S256", "code"));
        assert_eq!((query["state"].len(), query["code_challenge"].len()), (43, 43));
        assert!(!query.contains_key("redirect_uri") && !one.url().as_str().contains("canary"));
        let second: BTreeMap<_, _> = other.url().query_pairs().into_owned().collect();
        assert!(query["state"] != second["state"] && query["code_challenge"] != second["code_challenge"]);
        assert_eq!(second["redirect_uri"], "http://127.0.0.1:7/");
    }
}

#[test]
fn the_browser_brings_the_code_and_nobody_else_does() {
    let service = Arc::new(Service::new(true));
    let endpoint = endpoint(Provider::gdrive(), &service.clone().serve());
    let loopback = Loopback::open(0).unwrap();
    let redirect = loopback.redirect().clone();
    assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/"));
    let sign_in = begin(&endpoint, Some(redirect.as_str()));
    let back = service.agree(sign_in.url());
    let browser = thread::spawn(move || {
        let _idle = TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).unwrap();
        for stray in ["/favicon.ico", "/", "/?code=canary&state=wrong", "/?code=canary", "/?error=access_denied&state=wrong", "*"] {
            assert!(open(&redirect, stray).starts_with("HTTP/1.1 404"), "{stray}");
        }
        open(&redirect, &path_of(&back))
    });
    let code = block_on(loopback.code(&sign_in)).unwrap();
    let page = browser.join().unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("no-store") && page.ends_with("can be closed."), "{page}");
    assert!(!page.contains("canary"));
    let grant = block_on(sign_in.finish(&endpoint, code)).unwrap();
    assert!(service.accepts(grant.access.expose(), wall()));
    assert_eq!(grant.refresh.expose(), service.refresh_token());
    block_on(endpoint.revoke(&grant)).unwrap();
    assert!(!service.accepts_refresh(grant.refresh.expose()));
    block_on(endpoint.revoke(&grant)).unwrap();
}

#[test]
fn who_says_no_is_not_asked_again() {
    let endpoint = endpoint(Provider::gdrive(), "http://127.0.0.1:9/");
    let loopback = Loopback::open(0).unwrap();
    let redirect = loopback.redirect().clone();
    let sign_in = begin(&endpoint, Some(redirect.as_str()));
    let query: BTreeMap<_, _> = sign_in.url().query_pairs().into_owned().collect();
    let browser = thread::spawn(move || open(&redirect, &format!("/?error=access_denied&state={}", query["state"])));
    assert_eq!(block_on(loopback.code(&sign_in)).unwrap_err().kind, ErrorKind::Cancelled);
    assert!(browser.join().unwrap().ends_with("Not signed in. This page can be closed."));
}

fn pasted(service: &Arc<Service>, server: &str, paste: impl Fn(&Url) -> String) -> Result<Grant> {
    let endpoint = endpoint(Provider::dropbox(), server);
    let sign_in = begin(&endpoint, None);
    let back = service.agree(sign_in.url());
    let code = sign_in.pasted(&paste(&back))?;
    block_on(sign_in.finish(&endpoint, code))
}

#[test]
fn the_code_or_the_last_address_can_be_pasted() {
    let service = Arc::new(Service::new(false));
    let server = service.clone().serve();
    let code = |back: &Url| back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    for paste in [&code as &dyn Fn(&Url) -> String, &|back| format!("  {}\n", code(back)), &|back| back.to_string()] {
        let grant = pasted(&service, &server, paste).unwrap();
        assert!(service.accepts(grant.access.expose(), wall()));
    }
    let other = "https://shown.example/?code=canary&state=other".to_owned();
    for bad in [String::new(), "two words".to_owned(), other, "https://".to_owned(), "https://shown.example/".to_owned()] {
        let error = pasted(&service, &server, |_| bad.clone()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{bad}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    let wrong = pasted(&service, &server, |_| "canary-wrong".to_owned()).unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Unauthorized);
    assert!(wrong.detail().contains("Dropbox at 127.0.0.1") && !wrong.detail().contains("canary"), "{wrong}");
}

#[test]
fn a_code_of_one_sign_in_is_worth_nothing_in_another() {
    let service = Arc::new(Service::new(false));
    let endpoint = endpoint(Provider::dropbox(), &service.clone().serve());
    let (theirs, ours) = (begin(&endpoint, None), begin(&endpoint, None));
    let stolen = service.agree(theirs.url()).query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let code = ours.pasted(&stolen).unwrap();
    assert_eq!(block_on(ours.finish(&endpoint, code)).unwrap_err().kind, ErrorKind::Unauthorized);
}

#[test]
fn a_sign_in_that_grants_too_little_is_none() {
    let service = Arc::new(Service::new(false));
    let server = service.clone().serve();
    for (odd, word) in [(Odd::FewerScopes, "allow everything"), (Odd::TokenType("mac"), "a kind that drives do not know")] {
        service.books().odd.push_back(odd);
        let error = pasted(&service, &server, Url::to_string).unwrap_err();
        assert!(error.detail().contains(word), "{error}");
    }
}

#[test]
fn tokens_are_given_back_also_when_the_access_token_has_run_out_and_not_twice() {
    let service = Arc::new(Service::new(false));
    let server = service.clone().serve();
    for (provider, refreshes) in [(Provider::dropbox(), 1), (Provider::gdrive(), 0)] {
        let endpoint = endpoint(provider, &server);
        let sign_in = begin(&endpoint, None);
        let code = sign_in.code_of(&service.agree(sign_in.url())).unwrap();
        let grant = block_on(sign_in.finish(&endpoint, code)).unwrap();
        service.forget_access();
        service.books().refreshes.clear();
        service.books().odd.push_back(Odd::Answer(400, "application/json", r#"{"error":"canary"}"#.to_owned()));
        let error = block_on(endpoint.revoke(&grant)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert!(service.accepts_refresh(grant.refresh.expose()), "{error}");
        block_on(endpoint.revoke(&grant)).unwrap();
        assert!(!service.accepts_refresh(grant.refresh.expose()));
        block_on(endpoint.revoke(&grant)).unwrap();
        assert_eq!(service.books().refreshes.len(), refreshes);
    }
}

#[test]
fn microsoft_names_the_scopes_but_one_gives_another_refresh_token_each_time_and_takes_none_back() {
    let service = Arc::new(Service::new(true));
    let endpoint = endpoint(Provider::onedrive(), &service.clone().serve());
    let loopback = Loopback::open(0).unwrap();
    let redirect = loopback.redirect_as(endpoint.provider().redirect);
    assert_eq!(redirect, format!("http://localhost:{}", loopback.redirect().port().unwrap()));
    let sign_in = begin(&endpoint, Some(&redirect));
    let back = service.agree(sign_in.url());
    assert_eq!(service.books().scopes, "Files.ReadWrite.AppFolder");
    let code = sign_in.code_of(&back).unwrap();
    let grant = block_on(sign_in.finish(&endpoint, code)).unwrap();
    block_on(endpoint.revoke(&grant)).unwrap();
    assert!(service.accepts_refresh(grant.refresh.expose()), "it was asked for nothing");
    // Another scope that is missing is noticed.
    service.books().odd.push_back(Odd::FewerScopes);
    let again = begin(&endpoint, None);
    let code = again.code_of(&service.agree(again.url())).unwrap();
    assert_eq!(block_on(again.finish(&endpoint, code)).unwrap_err().kind, ErrorKind::Unauthorized);
}
