//! What a service may answer to a refresh, and what becomes of it.

use crate::{
    service::{self, APP, LIFE, Odd, Service},
    sim::{BEGIN, Sim, Strike},
};
use futures::executor::block_on;
use kitestring::{BoxFuture, Error, ErrorKind, Result, Runtime as _, apply, port};
use kitestring_adapters::{
    http::{Http, Request, Response, Secret, TokenSource as _},
    oauth::{App, Endpoint, Grant, MemoryTokens, Provider, RefreshingTokens, TokenStore as _},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A service, somebody signed in to it, and a clock that stands still unless somebody waits.
pub struct Setting {
    pub sim: Arc<Sim>,
    pub service: Arc<Service>,
    pub store: Arc<MemoryTokens>,
    pub tokens: RefreshingTokens,
    pub asked: Arc<Mutex<u32>>,
    /// What happens while the next request is on its way.
    pub meanwhile: Meanwhile,
}

type Meanwhile = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

struct Net(Arc<Sim>, Arc<Service>, Arc<Mutex<u32>>, Meanwhile);

#[apply(port!)]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response> {
        *self.2.lock().unwrap() += 1;
        if let Some(happen) = self.3.lock().unwrap().take() {
            happen();
        }
        Ok(service::answer(&self.1, &request, self.0.wall()))
    }
}

impl Setting {
    pub fn new() -> Self {
        let (sim, service, asked) = (Sim::new(7), Arc::new(Service::new(true)), Arc::default());
        let (access, refresh) = service.signed_in(BEGIN);
        let app = App { id: APP.to_owned(), secret: Some(Secret::new("canary-app")) };
        let grant = Grant { app, access: Secret::new(access), refresh: Secret::new(refresh), issued: BEGIN, life: Some(LIFE) };
        let store = Arc::new(MemoryTokens::new(Some(grant)));
        let meanwhile = Meanwhile::default();
        let net = Arc::new(Net(sim.clone(), service.clone(), Arc::clone(&asked), meanwhile.clone()));
        let endpoint = Endpoint::new(Provider { rotates: true, ..Provider::gdrive() }, net, sim.clone()).unwrap();
        let spawning = sim.clone();
        let spawn = Arc::new(move |work: BoxFuture<'static, ()>| spawning.begin(0, false, work));
        let tokens = RefreshingTokens::new(endpoint, store.clone(), sim.clone(), spawn, "run `kite connect gdrive`");
        Self { sim, service, store, tokens, asked, meanwhile }
    }

    /// Lets a part of the token's life pass, and asks for a token.
    pub fn token_at(&self, part: f64, refused: Option<Secret>) -> Result<Secret> {
        let until = (BEGIN + LIFE.mul_f64(part)).saturating_sub(self.sim.wall());
        let (tokens, sim, answer) = (self.tokens.clone(), self.sim.clone(), Arc::new(Mutex::new(None)));
        let told = answer.clone();
        self.sim.begin(
            0,
            true,
            Box::pin(async move {
                sim.sleep(until).await;
                *told.lock().unwrap() = Some(tokens.token(refused).await);
            }),
        );
        self.sim.run(|_| Strike::Nothing);
        answer.lock().unwrap().take().unwrap()
    }

    pub fn kept(&self) -> Grant {
        block_on(self.store.load()).unwrap().unwrap()
    }

    pub fn answers(&self, status: u16, kind: &'static str, body: &str) {
        self.service.books().odd.push_back(Odd::Answer(status, kind, body.to_owned()));
    }

    fn refreshes(&self) -> usize {
        self.service.books().refreshes.len()
    }
}

const JSON: &str = "application/json";

#[test]
fn a_token_is_renewed_at_four_fifths_of_its_life_and_not_before() {
    let setting = Setting::new();
    let first = setting.token_at(0.74, None).unwrap();
    assert_eq!((setting.refreshes(), &first), (0, &setting.kept().access));
    let second = setting.token_at(0.86, None).unwrap();
    assert_eq!((setting.refreshes(), &second), (1, &setting.kept().access));
    assert!(first != second && setting.service.accepts(second.expose(), setting.sim.wall()));
}

#[test]
fn a_refusal_leads_to_one_refresh_for_all_who_were_refused() {
    let setting = Setting::new();
    let first = setting.token_at(0.1, None).unwrap();
    setting.service.forget_access();
    let second = setting.token_at(0.1, Some(first.clone())).unwrap();
    assert_eq!(setting.token_at(0.2, Some(first)).unwrap(), second);
    assert_eq!(setting.refreshes(), 1);
}

#[test]
fn while_the_service_is_away_a_token_that_still_counts_is_used() {
    let setting = Setting::new();
    for _ in 0..9 {
        setting.answers(500, JSON, "");
    }
    let first = setting.kept().access;
    assert_eq!(setting.token_at(0.9, None).unwrap(), first);
    let asked = *setting.asked.lock().unwrap();
    assert_eq!(setting.token_at(0.9, None).unwrap(), first);
    assert_eq!(*setting.asked.lock().unwrap(), asked, "it is not asked again and again");
    let error = setting.token_at(1.1, None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.detail().contains("Google Drive at oauth2.googleapis.com"), "{error}");
    setting.service.books().odd.clear();
    assert!(setting.token_at(1.1, None).unwrap() != first);
}

#[test]
fn what_ended_says_how_to_go_on() {
    let revoked = Setting::new();
    revoked.service.revoke_all();
    let nobody = Setting::new();
    let kept = nobody.kept();
    assert!(block_on(nobody.store.replace(Some(kept), None)).unwrap());
    for (setting, word) in [(revoked, "expired or was revoked"), (nobody, "nobody is signed in to Google Drive")] {
        let error = setting.token_at(1.1, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized, "{error}");
        assert!(error.detail().contains(word) && error.detail().ends_with("run `kite connect gdrive`"), "{error}");
    }
}

#[test]
fn each_refusal_has_its_own_kind() {
    use ErrorKind::{RateLimited, Unauthorized, Unavailable};
    for (status, body, kind, word) in [
        (400, r#"{"error":"invalid_client"}"#, Unauthorized, "does not know this app"),
        (401, r#"{"error":"invalid_client"}"#, Unauthorized, "does not know this app"),
        (400, r#"{"error":"invalid_client_id: canary"}"#, Unauthorized, "does not know this app"),
        (400, r#"{"error":"invalid_grant","error_description":"canary"}"#, Unauthorized, "expired or was revoked"),
        (400, r#"{"error":"invalid_scope"}"#, Unauthorized, "check its settings"),
        (400, r#"{"error":"canary"}"#, Unavailable, "at the moment"),
        (400, "canary", Unavailable, "makes no sense"),
        (200, "canary", Unavailable, "makes no sense"),
        (200, r#"{"token":"canary"}"#, Unavailable, "makes no sense"),
        (429, "canary", RateLimited, "too many"),
        (503, "canary", Unavailable, "a fault of its own"),
        (302, "canary", Unavailable, "makes no sense"),
    ] {
        let setting = Setting::new();
        (0..9).for_each(|_| setting.answers(status, JSON, body));
        let error: Error = setting.token_at(1.1, None).unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}: {error}");
        assert!(error.detail().contains(word) && !format!("{error} {error:?}").contains("canary"), "{status} {body}: {error}");
    }
    let setting = Setting::new();
    setting.answers(200, "text/html", "<h1>Welcome to the hotel</h1>");
    assert!(setting.token_at(1.1, None).unwrap_err().detail().contains("a web page"));
}

#[test]
fn whoever_signs_in_anew_meanwhile_is_served() {
    let setting = Setting::new();
    setting.token_at(0.1, None).unwrap();
    setting.service.revoke_all();
    let (access, refresh) = setting.service.signed_in(BEGIN + Duration::from_secs(60));
    let old = setting.kept();
    let new = Grant { access: Secret::new(access), refresh: Secret::new(refresh), ..old.clone() };
    let refused = old.access.clone();
    assert!(block_on(setting.store.replace(Some(old), Some(new.clone()))).unwrap());
    assert_eq!(setting.token_at(0.1, Some(refused)).unwrap(), new.access);
    assert_eq!(*setting.asked.lock().unwrap(), 0);
}

#[test]
fn a_refusal_counts_only_if_nobody_has_renewed_meanwhile() {
    for (age, requests) in [(Duration::ZERO, 1), (LIFE * 2, 2)] {
        let setting = Setting::new();
        setting.service.revoke_all();
        let issued = (BEGIN + LIFE.mul_f64(1.1)).saturating_sub(age);
        let (access, refresh) = setting.service.signed_in(issued);
        let old = setting.kept();
        let new = Grant { access: Secret::new(access), refresh: Secret::new(refresh), issued, ..old.clone() };
        let store = setting.store.clone();
        let happen = move || assert!(block_on(store.replace(Some(old), Some(new))).unwrap());
        *setting.meanwhile.lock().unwrap() = Some(Box::new(happen));
        let token = setting.token_at(1.1, None).unwrap();
        assert!(setting.service.accepts(token.expose(), setting.sim.wall()));
        assert_eq!(*setting.asked.lock().unwrap(), requests);
    }
}
