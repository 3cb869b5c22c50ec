//! Nothing that is secret is ever shown: not by an error, not by what it has underneath, not by `Debug`.

use crate::{answers::Setting, service::Odd};
use kitestring::Error;
use kitestring_adapters::{
    NativeRuntime,
    http::{NativeHttp, Secret},
    oauth::{App, Endpoint, Provider, SignIn},
};
use std::{error::Error as StdError, fmt::Debug, sync::Arc};

fn silent(what: &str, shown: &str) {
    assert!(!shown.to_lowercase().contains("canary"), "{what}: {shown}");
}

/// Everything that an error shows, in every form, down to the last cause.
fn all_of(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?} {:?} {:?}", error.detail(), error.subject());
    let mut below = error.source();
    while let Some(cause) = below {
        shown += &format!(" {cause} {cause:?} {cause:#?}");
        below = cause.source();
    }
    shown
}

fn forms(of: &dyn Debug) -> String {
    format!("{of:?} {of:#?}")
}

#[test]
fn no_error_shows_a_token_whatever_the_service_says() {
    let bodies = |token: &str| {
        [
            token.to_owned(),
            format!(r#"{{"error":"{token}"}}"#),
            format!(r#"{{"error":"invalid_grant","error_description":"{token}","error_uri":"https://x/{token}"}}"#),
            format!(r#"{{"error":"invalid_client","error_description":"{token}"}}"#),
            format!(r#"{{"access_token":"{token}"}}"#),
            format!(r#"{{"access_token":"{token}","token_type":"{token}"}}"#),
            format!(r#"{{"access_token":"{token}","refresh_token":["{token}"],"token_type":"bearer"}}"#),
            format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":"{token}"}}"#),
        ]
    };
    let mut tried = 0;
    for status in [200, 201, 302, 400, 401, 403, 404, 429, 500, 503] {
        for kind in ["application/json", "text/html", "text/plain", ""] {
            for body in bodies("canary-refresh-2") {
                let setting = Setting::new();
                (0..9).for_each(|_| setting.service.books().odd.push_back(Odd::Answer(status, kind, body.clone())));
                let error = setting.token_at(1.1, None).expect_err(&body);
                silent(&format!("{status} {kind} {body}"), &all_of(&error));
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 320);
}

#[test]
fn no_debug_shows_a_token() {
    let setting = Setting::new();
    setting.token_at(0.9, None).unwrap();
    let app = App { id: "key".to_owned(), secret: Some(Secret::new("canary")) };
    let endpoint = Endpoint::new(Provider::gdrive(), Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new())).unwrap();
    let sign_in = SignIn::begin(&endpoint, app.clone(), None, &NativeRuntime::new()).unwrap();
    for shown in
        [&setting.tokens as &dyn Debug, &setting.kept(), &setting.store, &app, &endpoint, &sign_in, &sign_in.pasted("canary").unwrap()]
    {
        silent("debug", &forms(shown));
    }
    let state = sign_in.url().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert!(!forms(&sign_in).contains(&state));
    assert!(String::from_utf8_lossy(&setting.kept().to_json()).contains("canary"), "the search finds what is there");
}
