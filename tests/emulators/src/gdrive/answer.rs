//! Which call does what.

use super::{
    Failure, Service, Settings,
    account::Account,
    files::{self, Api, Metadata, describe},
    reply, search, upload,
};
use crate::{
    server::{Asked, Reply},
    sign_in::Worth,
};
use serde_json::{Value, json};

impl Service {
    pub(super) fn answer(&self, asked: &Asked) -> Reply {
        if let Some(reply) = self.sign_in.reply(asked) {
            return reply;
        }
        let call = asked.call();
        self.requests.lock().unwrap().push(call.clone());
        let failure = self.failure(&call);
        if let Some(reply) = failure.and_then(Failure::reply) {
            return reply;
        }
        let reply = match failure {
            Some(Failure::Cut) => self.checked(&upload::halved(asked)),
            _ => self.checked(asked),
        };
        match failure {
            Some(Failure::CarriedOut) => Failure::fault(),
            Some(Failure::Cut) if !asked.body.is_empty() => Failure::fault(),
            _ => reply.unwrap_or_else(|reply| reply),
        }
    }

    fn checked(&self, asked: &Asked) -> Result<Reply, Reply> {
        let token = asked.header("authorization").and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
        if token.is_empty() || token.starts_with("expired") {
            return Err(reply::unauthorized());
        }
        if token.starts_with("readonly") && asked.method != "GET" {
            return Err(reply::read_only());
        }
        let account = match self.sign_in.worth(token) {
            Worth::Other => self.account(token),
            Worth::Account(person) => self.account(&person),
            Worth::Expired | Worth::Ended => return Err(reply::unauthorized()),
        };
        let settings = *self.settings.lock().unwrap();
        let mut account = account.lock().unwrap();
        account.lag = settings.lag;
        carry_out(&mut account, settings, asked)
    }
}

fn carry_out(account: &mut Account, settings: Settings, asked: &Asked) -> Result<Reply, Reply> {
    let path: Vec<&str> = asked.segments().collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["drive", "v3", "files"]) => search::list(account, asked).map(|page| reply::json(&page)),
        ("GET", ["drive", "v3", "files", "generateIds"]) => ids(account, asked),
        ("GET", ["drive", "v3", "changes", "startPageToken"]) => {
            Ok(reply::json(&json!({"kind": "drive#startPageToken", "startPageToken": account.log.len().to_string()})))
        }
        ("GET", ["drive", "v3", "changes"]) => files::changes(account, asked),
        ("GET", ["drive", "v3", "files", id]) => files::get(account, asked, Api::V3, id),
        ("GET", ["drive", "v2", "files", id]) => files::get(account, asked, Api::V2, id),
        ("GET", ["drive", "v3", "files", id, "revisions"]) => files::revisions(account, asked, id),
        ("DELETE", ["drive", "v3", "files", id, "revisions", revision]) => files::delete_revision(account, id, revision),
        ("GET", ["drive", "v3", "files", id, "revisions", revision]) => files::revision(account, asked, id, revision),
        ("DELETE", ["drive", "v3", "files", id]) => files::delete(account, asked, Api::V3, id),
        ("DELETE", ["drive", "v2", "files", id]) => files::delete(account, asked, Api::V2, id),
        ("POST", ["drive", "v3", "files"]) => {
            let id = Metadata::parse(&asked.body)?.create(account, None)?;
            described(account, asked, Api::V3, &id)
        }
        ("PATCH", ["drive", "v3", "files", id]) => change(account, asked, Api::V3, id),
        ("PUT" | "PATCH", ["drive", "v2", "files", id]) => change(account, asked, Api::V2, id),
        ("POST" | "PUT", ["upload", "drive", "v3", "files"]) => upload::upload(account, settings, asked, Api::V3, None),
        ("PATCH" | "PUT", ["upload", "drive", "v3", "files", id]) => upload::upload(account, settings, asked, Api::V3, Some(id)),
        ("PUT", ["upload", "drive", "v2", "files", id]) => upload::upload(account, settings, asked, Api::V2, Some(id)),
        _ => Err(reply::error(404, "global", "notFound", "Not Found", None)),
    }
}

fn change(account: &mut Account, asked: &Asked, api: Api, id: &str) -> Result<Reply, Reply> {
    files::check_tag(account, asked, api, id)?;
    Metadata::parse(&asked.body)?.apply(account, id);
    described(account, asked, api, id)
}

fn described(account: &Account, asked: &Asked, api: Api, id: &str) -> Result<Reply, Reply> {
    describe(asked, api, account.files.get(id).ok_or_else(|| reply::not_found(id))?)
}

fn ids(account: &mut Account, asked: &Asked) -> Result<Reply, Reply> {
    let count: u32 = asked.param("count").map_or(Ok(10), str::parse).map_err(|_| reply::invalid("Invalid Value", "count"))?;
    if !(1..=1000).contains(&count) {
        return Err(reply::invalid("Invalid value. Values must be within the range: [1, 1000]", "count"));
    }
    let ids: Vec<Value> = (0..count).map(|_| json!(account.make_id())).collect();
    Ok(reply::json(&json!({"kind": "drive#generatedIds", "space": asked.param("space").unwrap_or("drive"), "ids": ids})))
}

impl Asked {
    fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.trim_matches('/').split('/')
    }

    /// Names the call, with `{id}` for an id.
    fn call(&self) -> String {
        let mut segments: Vec<&str> = Vec::new();
        for segment in self.segments() {
            let is_id = matches!(segments.last(), Some(&"files" | &"revisions")) && segment != "generateIds";
            segments.push(if is_id { "{id}" } else { segment });
        }
        let media = if self.param("alt") == Some("media") { "?alt=media" } else { "" };
        format!("{} {}{media}", self.method, segments.join("/"))
    }
}
