//! Which address means what, and what each asks of a request.

use super::{
    Failure, Service,
    account::{Account, ROOT},
    answer::{answered, refused, slow_down},
    content,
    item::{Item, selected},
    sessions::{self, Ended, Session, wanted},
    upload::{CONFLICT, Target, check_names, commit, delete, make_folder, told},
};
use crate::{
    server::{Asked, Reply},
    sign_in::Worth,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use url::form_urlencoded;

/// So many names come at once, at most.
const PAGE: usize = 200;

/// What an address names: names below a folder, or the folder itself.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) folder: String,
    pub(super) names: Vec<String>,
}

/// An address, taken apart.
struct Address {
    /// `root`, `special/approot`, or the id of something.
    base: Base,
    names: Vec<String>,
    /// What is asked about it; empty for itself.
    about: String,
}

enum Base {
    Root,
    App,
    Id(String),
}

impl Service {
    pub(super) fn answer(&self, asked: &Asked) -> Reply {
        if let Some(reply) = self.sign_in.reply(asked) {
            return reply;
        }
        let address = asked.path.strip_prefix("/v1.0/me/drive/").and_then(Address::parse);
        let kind = format!("{} {}", asked.method, kind(asked, address.as_ref()));
        self.requests.lock().unwrap().push(kind.clone());
        let failure = self.failure(&kind);
        if let Some(reply) = failure.and_then(Failure::reply) {
            return reply;
        }
        let reply = match address {
            Some(address) => self.served(asked, &address),
            None => self.elsewhere(asked, failure),
        };
        let reply = reply.unwrap_or_else(|reply| reply);
        if failure == Some(Failure::CarriedOut) { Reply::new(500, "text/plain", "") } else { reply }
    }

    /// Answers at the addresses of contents and uploads, which take no token.
    fn elsewhere(&self, asked: &Asked, failure: Option<Failure>) -> Result<Reply, Reply> {
        let (what, rest) = asked.path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let (owner, rest) = rest.rsplit_once('/').unwrap_or_default();
        if !matches!(what, "download" | "upload") {
            return Err(refused(404, "itemNotFound"));
        }
        if asked.header("authorization").is_some() {
            return Err(refused(401, "unauthenticated"));
        }
        let account = self.account(owner);
        let mut account = self.opened(&account);
        if what == "download" {
            return content::download(&account, &format!("{owner}/{rest}"), asked, failure);
        }
        match sessions::serve(&mut account, rest.parse().unwrap_or_default(), asked)? {
            Ended::Reply(reply) => Ok(reply),
            Ended::File { id, is_new } => Ok(item(&account, &id, asked, if is_new { 201 } else { 200 })),
        }
    }

    fn served(&self, asked: &Asked, address: &Address) -> Result<Reply, Reply> {
        let (owner, account) = self.owner(asked)?;
        let mut account = self.opened(&account);
        let (base, is_app) = match &address.base {
            Base::Root => (ROOT.to_owned(), false),
            Base::App => (account.app_folder(), true),
            Base::Id(id) => (id.clone(), true),
        };
        if owner.starts_with("app") && !is_app {
            return Err(refused(403, "accessDenied"));
        }
        if !account.items.contains_key(&base) {
            return Err(refused(404, "itemNotFound"));
        }
        let place = Place { folder: base, names: address.names.clone() };
        let missing = || refused(404, "itemNotFound");
        let found = |account: &Account| account.found(&place.folder, &place.names).ok_or_else(missing);
        match (asked.method.as_str(), address.about.as_str()) {
            ("GET", "") => Ok(item(&account, &found(&account)?, asked, 200)),
            ("GET", "content") => {
                let id = found(&account)?;
                let value = described(&account, &account.items[&id], asked);
                let to = value["@microsoft.graph.downloadUrl"].as_str().ok_or_else(|| refused(400, "invalidRequest"))?;
                Ok(Reply::new(302, "text/plain", "").with("Location", to))
            }
            ("GET", "children") => children(&account, &found(&account)?, asked),
            ("PUT", "content") => {
                let target = Target::of(place, asked.param(CONFLICT), asked);
                let (id, is_new) = commit(&mut account, &target, asked.body.to_vec())?;
                Ok(item(&account, &id, asked, if is_new { 201 } else { 200 }))
            }
            ("POST", "children") => {
                let folder = found(&account)?;
                let id = make_folder(&mut account, &folder, &body(asked)?)?;
                Ok(item(&account, &id, asked, 201))
            }
            ("POST", "createUploadSession") => {
                check_names(&place.names)?;
                let about = if asked.body.is_empty() { Value::Null } else { body(asked)? };
                let target = Target::of(place, about["item"][CONFLICT].as_str(), asked);
                let number = account.next();
                account.sessions.insert(number, Session { target, bytes: Vec::new() });
                let mut session = wanted(0);
                session["uploadUrl"] = json!(format!("http://{}/upload/{owner}/{number}?tempauth=canary", host(asked)));
                Ok(answered(200, &session))
            }
            ("DELETE", "") => {
                let id = found(&account)?;
                delete(&mut account, &id, asked.header("if-match"))
            }
            _ => Err(refused(400, "invalidRequest")),
        }
    }

    /// Returns whose account a token is for.
    fn owner(&self, asked: &Asked) -> Result<(String, Arc<Mutex<Account>>), Reply> {
        let void = || refused(401, "InvalidAuthenticationToken");
        let token = asked.header("authorization").and_then(|header| header.strip_prefix("Bearer ")).filter(|token| !token.is_empty());
        let token = token.ok_or_else(void)?;
        if token.starts_with("expired") {
            return Err(void());
        }
        if token.starts_with("readonly") && asked.method != "GET" {
            return Err(refused(403, "accessDenied"));
        }
        if token == "busy" {
            return Err(slow_down(429, "activityLimitReached"));
        }
        let owner = match self.sign_in.worth(token) {
            Worth::Other => token.to_owned(),
            Worth::Account(person) => person,
            Worth::Expired | Worth::Ended => return Err(void()),
        };
        let account = self.account(&owner);
        Ok((owner, account))
    }
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let (base, rest) = if let Some(rest) = text.strip_prefix("root") {
            (Base::Root, rest)
        } else if let Some(rest) = text.strip_prefix("special/approot") {
            (Base::App, rest)
        } else {
            let rest = text.strip_prefix("items/")?;
            let end = rest.find(['/', ':']).unwrap_or(rest.len());
            let (id, rest) = rest.split_at(end);
            (Base::Id(decoded(id)), rest)
        };
        let (path, about) = if let Some(path) = rest.strip_prefix(":/") {
            path.split_once(":/").unwrap_or((path.trim_end_matches(':'), ""))
        } else {
            ("", rest.strip_prefix('/').unwrap_or(rest))
        };
        let names = path.split('/').filter(|name| !name.is_empty()).map(decoded).collect();
        Some(Self { base, names, about: about.to_owned() })
    }
}

/// A part of a path. A `+` there is one.
fn decoded(part: &str) -> String {
    let escaped = part.replace('+', "%2B");
    form_urlencoded::parse(format!("x={escaped}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn kind(asked: &Asked, address: Option<&Address>) -> String {
    match address {
        Some(address) if address.about.is_empty() => "item".to_owned(),
        Some(address) => address.about.clone(),
        None => asked.path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned(),
    }
}

fn host(asked: &Asked) -> &str {
    asked.header("host").unwrap_or_default()
}

fn body(asked: &Asked) -> Result<Value, Reply> {
    serde_json::from_slice(&asked.body).map_err(|_| refused(400, "invalidRequest"))
}

fn described(account: &Account, item: &Item, asked: &Asked) -> Value {
    item.described(host(asked), account.children(&item.id).count(), account.has_hashes)
}

fn item(account: &Account, id: &str, asked: &Asked, status: u16) -> Reply {
    told(status, selected(described(account, &account.items[id], asked), select(asked)))
}

fn select(asked: &Asked) -> Option<&str> {
    asked.param("$select").or_else(|| asked.param("select"))
}

/// A page of what is in a folder.
fn children(account: &Account, id: &str, asked: &Asked) -> Result<Reply, Reply> {
    if account.items[id].file.is_some() {
        return Err(refused(400, "invalidRequest"));
    }
    let top = asked.param("$top").map_or(Ok(PAGE), str::parse).map_err(|_| refused(400, "invalidRequest"))?;
    let (epoch, after) = match asked.param("$skiptoken") {
        None => (account.epoch, ""),
        Some(token) => {
            let (epoch, after) = token.split_once('.').ok_or_else(|| refused(400, "invalidRequest"))?;
            (epoch.parse().map_err(|_| refused(400, "invalidRequest"))?, after)
        }
    };
    if epoch != account.epoch {
        return Err(refused(410, "resyncRequired"));
    }
    let size = top.clamp(1, PAGE);
    let all: Vec<&Item> = account.children(id).filter(|item| item.id.as_str() > after).take(size + 1).collect();
    let (page, more) = all.split_at(all.len().min(size));
    let value: Vec<Value> = page.iter().map(|item| selected(described(account, item, asked), select(asked))).collect();
    let mut answer = json!({"value": value});
    if !more.is_empty() {
        let last = page.last().map(|item| item.id.as_str()).unwrap_or_default();
        let token = format!("{epoch}.{last}");
        let mut query = form_urlencoded::Serializer::new(String::new());
        asked.query.iter().filter(|(name, _)| *name != "$skiptoken").for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        let query = query.append_pair("$skiptoken", &token).finish();
        answer["@odata.nextLink"] = json!(format!("http://{}{}?{query}", host(asked), asked.path));
    }
    Ok(answered(200, &answer))
}
