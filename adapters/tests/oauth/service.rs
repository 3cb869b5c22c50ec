//! A service that gives tokens. Everything secret in it says `canary`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kitestring_adapters::http::{Header, Request, Response};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use url::{Url, form_urlencoded};

/// The app that the service knows.
pub const APP: &str = "app-1";
/// How long an access token lasts.
pub const LIFE: Duration = Duration::from_secs(3600);

/// What the service answers in the place of what it should.
#[derive(Debug, Clone)]
pub enum Odd {
    /// This, and nothing is done.
    Answer(u16, &'static str, String),
    /// Without the scope that the app needs.
    FewerScopes,
    /// With this in the place of `bearer`.
    TokenType(&'static str),
}

/// The service.
#[derive(Default)]
pub struct Service(Mutex<Books>);

/// What it knows.
#[derive(Default)]
pub struct Books {
    codes: BTreeMap<String, Asked>,
    /// The refresh tokens that were given for each sign-in; the last one counts.
    families: Vec<Family>,
    counter: u64,
    /// Whether a refresh token counts once.
    pub rotates: bool,
    pub odd: VecDeque<Odd>,
    /// When each refresh was, and of how old a token.
    pub refreshes: Vec<Refresh>,
    /// How often a refresh token came twice.
    pub reused: u32,
    pub scopes: String,
}

pub struct Refresh {
    pub age: Duration,
    pub was_refused: bool,
}

#[derive(Default)]
struct Family {
    alive: bool,
    refresh: Vec<String>,
    access: String,
    issued: Duration,
    is_access_void: bool,
}

struct Asked {
    challenge: String,
    redirect: Option<String>,
}

impl Service {
    pub fn new(rotates: bool) -> Self {
        let service = Self::default();
        service.books().rotates = rotates;
        service
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    /// What a person does in the browser: looks at the page and agrees. Returns the address that the browser is sent to; without
    /// a redirect, one with the code that is shown.
    pub fn agree(&self, page: &Url) -> Url {
        let query: BTreeMap<_, _> = page.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!((&*query["client_id"], &*query["code_challenge_method"]), (APP, "S256"));
        let mut books = self.books();
        books.scopes = query["scope"].clone();
        let code = books.name("code");
        let (challenge, redirect) = (query["code_challenge"].clone(), query.get("redirect_uri").cloned());
        let mut to = Url::parse(redirect.as_deref().unwrap_or("https://shown.example/")).unwrap();
        to.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        books.codes.insert(code, Asked { challenge, redirect });
        to
    }

    /// Signs somebody in without a browser, and returns the access and the refresh token.
    pub fn signed_in(&self, now: Duration) -> (String, String) {
        let mut books = self.books();
        books.families.push(Family { alive: true, ..Family::default() });
        let family = books.families.len() - 1;
        books.renew(family, now)
    }

    /// Whether a request with this access token is served.
    pub fn accepts(&self, access: &str, now: Duration) -> bool {
        let fits = |family: &Family| family.alive && !family.is_access_void && family.access == access && now < family.issued + LIFE;
        self.books().families.iter().any(fits)
    }

    /// Accepts the access token of each sign-in no longer, although it has not run out.
    pub fn forget_access(&self) {
        self.books().families.iter_mut().for_each(|family| family.is_access_void = true);
    }

    /// Ends every sign-in.
    pub fn revoke_all(&self) {
        self.books().families.iter_mut().for_each(|family| family.alive = false);
    }

    /// Whether this refresh token could be used.
    pub fn accepts_refresh(&self, token: &str) -> bool {
        self.books().families.iter().any(|family| family.alive && family.refresh.last().is_some_and(|last| last == token))
    }

    /// The refresh token that counts.
    pub fn refresh_token(&self) -> String {
        self.books().families.last().and_then(|family| family.refresh.last().cloned()).unwrap_or_default()
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request, now: Duration) -> Response {
        let form: BTreeMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
        let mut books = self.books();
        let odd = books.odd.pop_front();
        match &odd {
            Some(Odd::Answer(status, kind, body)) => return answer(*status, kind, body),
            Some(Odd::FewerScopes) => books.scopes = "nothing".to_owned(),
            _ => {}
        }
        let kind = if let Some(Odd::TokenType(kind)) = odd { kind } else { "bearer" };
        match request.url.path() {
            "/oauth2/token" | "/token" => books.tokens(&form, now, kind),
            "/revoke" => books.end(|family| family.refresh.contains(&form["token"])),
            "/2/auth/token/revoke" => {
                let signed = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("authorization")).map(|h| h.value.clone());
                let access = signed.unwrap_or_default().trim_start_matches("Bearer ").to_owned();
                if books.families.iter().any(|family| family.alive && family.access == access && !family.is_access_void) {
                    return books.end(|family| family.access == access);
                }
                answer(401, "application/json", r#"{"error_summary":"invalid_access_token/"}"#)
            }
            _ => answer(404, "text/plain", "nothing here"),
        }
    }
}

impl Books {
    fn name(&mut self, what: &str) -> String {
        self.counter += 1;
        format!("canary-{what}-{}", self.counter)
    }

    fn tokens(&mut self, form: &BTreeMap<String, String>, now: Duration, kind: &str) -> Response {
        if form["client_id"] != APP {
            return answer(400, "application/json", r#"{"error":"invalid_client"}"#);
        }
        let family = match &*form["grant_type"] {
            "authorization_code" => self.by_code(form),
            _ => self.by_refresh(form, now),
        };
        let Some(family) = family else {
            // Some services repeat what they were sent.
            let body = format!(r#"{{"error":"invalid_grant","error_description":"no such token: {form:?}"}}"#).replace("\"code", "'code");
            let body =
                if serde_json::from_str::<serde_json::Value>(&body).is_ok() { body } else { r#"{"error":"invalid_grant"}"#.to_owned() };
            return answer(400, "application/json", &body);
        };
        let (access, refresh) = self.renew(family, now);
        let life = LIFE.as_secs();
        let body = serde_json::json!({
            "access_token": access, "refresh_token": refresh, "token_type": kind, "expires_in": life, "scope": self.scopes,
        });
        answer(200, "application/json", &body.to_string())
    }

    fn by_code(&mut self, form: &BTreeMap<String, String>) -> Option<usize> {
        let asked = self.codes.remove(&form["code"])?;
        let verifies = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == asked.challenge;
        if !verifies || asked.redirect.as_ref() != form.get("redirect_uri") {
            return None;
        }
        self.families.push(Family { alive: true, ..Family::default() });
        Some(self.families.len() - 1)
    }

    fn by_refresh(&mut self, form: &BTreeMap<String, String>, now: Duration) -> Option<usize> {
        let token = &form["refresh_token"];
        let at = self.families.iter().position(|family| family.refresh.contains(token))?;
        let family = &mut self.families[at];
        if family.refresh.last() != Some(token) {
            family.alive = false;
            self.reused += 1;
            return None;
        }
        if !family.alive {
            return None;
        }
        let refresh = Refresh { age: now.saturating_sub(family.issued), was_refused: family.is_access_void };
        self.refreshes.push(refresh);
        Some(at)
    }

    fn renew(&mut self, family: usize, now: Duration) -> (String, String) {
        let access = self.name("access");
        let renews = self.rotates || self.families[family].refresh.is_empty();
        let refresh = renews.then(|| self.name("refresh"));
        let family = &mut self.families[family];
        (family.access, family.issued, family.is_access_void) = (access.clone(), now, false);
        family.refresh.extend(refresh);
        (access, family.refresh.last().cloned().unwrap())
    }

    fn end(&mut self, which: impl Fn(&Family) -> bool) -> Response {
        match self.families.iter_mut().find(|family| family.alive && which(family)) {
            Some(family) => {
                family.alive = false;
                answer(200, "application/json", "null")
            }
            None => answer(400, "application/json", r#"{"error":"invalid_token"}"#),
        }
    }
}

fn answer(status: u16, kind: &str, body: &str) -> Response {
    let headers = vec![Header { name: "Content-Type".to_owned(), value: kind.to_owned() }];
    Response { status, headers, body: body.as_bytes().to_vec() }
}
