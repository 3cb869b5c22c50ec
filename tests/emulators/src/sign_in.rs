//! The sign-in of a service: it gives tokens, refreshes them and ends them. Everything secret in it says `canary`.

use crate::server::{self, Asked, Reply};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, SystemTime},
};
use url::{Url, form_urlencoded};

/// The app that the service knows.
pub const APP: &str = "app-1";
/// How long an access token lasts, if nothing else is said.
pub const LIFE: Duration = Duration::from_secs(3600);
/// Who signs in, if nothing else is said.
const PERSON: &str = "person";
/// Where a person signs in with a browser, who agrees at once.
const AUTHORIZE: [&str; 3] = ["/oauth2/authorize", "/o/oauth2/v2/auth", "/common/oauth2/v2.0/authorize"];
/// Where a program gets tokens.
const TOKENS: [&str; 3] = ["/oauth2/token", "/token", "/common/oauth2/v2.0/token"];
/// How every access token begins. No other token does.
const ACCESS: &str = "canary-access-";
/// How long an answer takes on a port: long enough for everybody else to come meanwhile.
const DELAY: Duration = Duration::from_millis(100);

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

/// The sign-in of a service.
#[derive(Debug)]
pub struct SignIn(Mutex<Books>);

/// What it knows.
#[derive(Debug)]
pub struct Books {
    codes: BTreeMap<String, Code>,
    /// The refresh tokens that were given for each sign-in; the last one counts.
    families: Vec<Family>,
    counter: u64,
    /// Whether a refresh token counts once.
    pub rotates: bool,
    /// What the next answers are instead.
    pub odd: VecDeque<Odd>,
    /// When each refresh was, and of how old a token.
    pub refreshes: Vec<Refresh>,
    /// How often a refresh token came twice.
    pub reused: u32,
    /// What the tokens allow.
    pub scopes: String,
    /// How long an access token lasts from now on.
    pub life: Duration,
    /// Whose account the next sign-in is for.
    pub person: String,
}

/// A refresh.
#[derive(Debug)]
pub struct Refresh {
    /// How old the access token was.
    pub age: Duration,
    /// Whether that was accepted no longer.
    pub was_refused: bool,
}

/// What an access token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It was not given here.
    Other,
    /// It is that of this account.
    Account(String),
    /// It has run out, or is accepted no longer.
    Expired,
    /// Its sign-in has ended.
    Ended,
}

#[derive(Debug, Default)]
struct Family {
    person: String,
    alive: bool,
    refresh: Vec<String>,
    access: String,
    issued: Duration,
    life: Duration,
    is_access_void: bool,
}

#[derive(Debug)]
struct Code {
    person: String,
    challenge: String,
    redirect: Option<String>,
}

/// The time by the device's clock.
pub fn wall() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl SignIn {
    /// Makes one whose refresh tokens count once, or stay the same.
    pub fn new(rotates: bool) -> Self {
        Self(Mutex::new(Books {
            codes: BTreeMap::new(),
            families: Vec::new(),
            counter: 0,
            rotates,
            odd: VecDeque::new(),
            refreshes: Vec::new(),
            reused: 0,
            scopes: String::new(),
            life: LIFE,
            person: PERSON.to_owned(),
        }))
    }

    /// Lets it answer on a port of this machine, until the process ends, and returns its address.
    pub fn serve(self: Arc<Self>) -> String {
        server::start(move |asked| self.reply(&asked).unwrap_or_else(|| Reply::new(404, "text/plain", "nothing here")))
    }

    /// Answers a request if it is for the sign-in. A page of another origin may read what it answers, as at the services.
    pub(crate) fn reply(&self, asked: &Asked) -> Option<Reply> {
        if asked.method == "GET" && AUTHORIZE.contains(&asked.path.as_str()) {
            let page = Url::parse_with_params("https://page.example/", &asked.query).ok()?;
            return Some(Reply::new(302, "text/plain", "").with("Location", self.agree(&page)));
        }
        let is_own = TOKENS.contains(&asked.path.as_str()) || matches!(asked.path.as_str(), "/revoke" | "/2/auth/token/revoke");
        if !is_own {
            return None;
        }
        thread::sleep(DELAY);
        let (status, kind, body) = self.answer(&asked.path, asked.header("authorization"), &asked.body, wall());
        Some(Reply::new(status, kind, body).with("Access-Control-Allow-Origin", "*"))
    }

    /// Returns what an access token is worth now.
    pub(crate) fn worth(&self, access: &str) -> Worth {
        if !access.starts_with(ACCESS) {
            return Worth::Other;
        }
        let books = self.books();
        match books.families.iter().find(|family| family.access == access) {
            Some(family) if !family.alive => Worth::Ended,
            Some(family) if family.accepts(access, wall()) => Worth::Account(family.person.clone()),
            _ => Worth::Expired,
        }
    }

    /// Opens the books.
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
        // Microsoft gives a refresh token for this one, and does not name it among what was granted.
        books.scopes = query["scope"].split(' ').filter(|scope| *scope != "offline_access").collect::<Vec<_>>().join(" ");
        let code = books.name("code");
        let (challenge, redirect) = (query["code_challenge"].clone(), query.get("redirect_uri").cloned());
        let mut to = Url::parse(redirect.as_deref().unwrap_or("https://shown.example/")).unwrap();
        to.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        let person = books.person.clone();
        books.codes.insert(code, Code { person, challenge, redirect });
        to
    }

    /// Signs somebody in without a browser, and returns the access and the refresh token.
    pub fn signed_in(&self, now: Duration) -> (String, String) {
        let mut books = self.books();
        let person = books.person.clone();
        let family = books.begin(person);
        books.renew(family, now)
    }

    /// Whether a request with this access token is served.
    pub fn accepts(&self, access: &str, now: Duration) -> bool {
        self.books().families.iter().any(|family| family.accepts(access, now))
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

    /// Answers a request at a path, which may be signed: by a status, a type and a body.
    pub fn answer(&self, path: &str, signed: Option<&str>, body: &[u8], now: Duration) -> (u16, &'static str, String) {
        let form: BTreeMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let mut books = self.books();
        let odd = books.odd.pop_front();
        match &odd {
            Some(Odd::Answer(status, kind, body)) => return (*status, kind, body.clone()),
            Some(Odd::FewerScopes) => books.scopes = "nothing".to_owned(),
            _ => {}
        }
        let kind = if let Some(Odd::TokenType(kind)) = odd { kind } else { "bearer" };
        match path {
            path if TOKENS.contains(&path) => books.tokens(&form, now, kind),
            "/revoke" => books.end(|family| family.refresh.contains(&form["token"])),
            "/2/auth/token/revoke" => {
                let access = signed.unwrap_or_default().trim_start_matches("Bearer ");
                if books.families.iter().any(|family| family.accepts(access, now)) {
                    return books.end(|family| family.access == access);
                }
                (401, JSON, r#"{"error_summary":"invalid_access_token/"}"#.to_owned())
            }
            _ => (404, "text/plain", "nothing here".to_owned()),
        }
    }
}

const JSON: &str = "application/json";

impl Family {
    fn accepts(&self, access: &str, now: Duration) -> bool {
        self.alive && !self.is_access_void && self.access == access && now < self.issued + self.life
    }
}

impl Books {
    fn name(&mut self, what: &str) -> String {
        self.counter += 1;
        format!("canary-{what}-{}", self.counter)
    }

    fn tokens(&mut self, form: &BTreeMap<String, String>, now: Duration, kind: &str) -> (u16, &'static str, String) {
        if form["client_id"] != APP {
            return (400, JSON, r#"{"error":"invalid_client"}"#.to_owned());
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
            return (400, JSON, body);
        };
        let (access, refresh) = self.renew(family, now);
        let life = self.life.as_secs();
        let body = serde_json::json!({
            "access_token": access, "refresh_token": refresh, "token_type": kind, "expires_in": life, "scope": self.scopes,
        });
        (200, JSON, body.to_string())
    }

    fn by_code(&mut self, form: &BTreeMap<String, String>) -> Option<usize> {
        let asked = self.codes.remove(&form["code"])?;
        let verifies = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == asked.challenge;
        if !verifies || asked.redirect.as_ref() != form.get("redirect_uri") {
            return None;
        }
        Some(self.begin(asked.person))
    }

    fn begin(&mut self, person: String) -> usize {
        self.families.push(Family { person, alive: true, ..Family::default() });
        self.families.len() - 1
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
        let (access, life) = (self.name("access"), self.life);
        let renews = self.rotates || self.families[family].refresh.is_empty();
        let refresh = renews.then(|| self.name("refresh"));
        let family = &mut self.families[family];
        (family.access, family.issued, family.life, family.is_access_void) = (access.clone(), now, life, false);
        family.refresh.extend(refresh);
        (access, family.refresh.last().cloned().unwrap())
    }

    fn end(&mut self, which: impl Fn(&Family) -> bool) -> (u16, &'static str, String) {
        match self.families.iter_mut().find(|family| family.alive && which(family)) {
            Some(family) => {
                family.alive = false;
                (200, JSON, "null".to_owned())
            }
            None => (400, JSON, r#"{"error":"invalid_token"}"#.to_owned()),
        }
    }
}
