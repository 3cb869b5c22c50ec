//! Which route does what, and what each asks of a request.

use super::{
    Failure, Service,
    account::{Account, Tree},
    commit::{CommitInfo, Refusal, commit, create_folder, delete},
    listing::{self, Cursor},
    read,
    replies::{answered, bad, refused, slow_down, slow_down_in_text, unauthorized},
    sessions,
};
use crate::{
    server::{Asked, Reply},
    sign_in::Worth,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{sync::PoisonError, thread};

/// How a route takes its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// In the body.
    Rpc,
    /// Beside a body that is content.
    Upload,
    /// Without a body.
    Download,
}

/// A request takes no more than this.
const MAX_BODY: usize = 150 << 20;
/// A header takes no more than this. What Dropbox takes is not published; a common limit of servers is 60 KiB.
const MAX_HEADER: usize = 60 << 10;

fn style(route: &str) -> Option<Style> {
    Some(match route {
        "upload" | "upload_session/start" | "upload_session/append_v2" | "upload_session/append_batch" | "upload_session/finish" => {
            Style::Upload
        }
        "download" => Style::Download,
        "get_metadata"
        | "delete_v2"
        | "create_folder_v2"
        | "list_folder"
        | "list_folder/continue"
        | "list_folder/get_latest_cursor"
        | "list_folder/longpoll"
        | "upload_session/start_batch"
        | "upload_session/finish_batch_v2" => Style::Rpc,
        _ => return None,
    })
}

fn writes(route: &str) -> bool {
    matches!(route, "upload" | "delete_v2" | "create_folder_v2" | "upload_session/finish" | "upload_session/finish_batch_v2")
}

impl Service {
    pub(super) fn answer(&self, asked: &Asked) -> Reply {
        if let Some(reply) = self.sign_in.reply(asked) {
            return reply;
        }
        let route = route(asked);
        self.requests.lock().unwrap().push(route.to_owned());
        let Some(style) = style(route) else {
            return Reply::new(404, "text/plain", "no such route");
        };
        let failure = self.failure(route);
        if let Some(reply) = failure.and_then(|failure| failure.reply(route)) {
            return reply;
        }
        let reply = self.checked(asked, style, failure).unwrap_or_else(|reply| reply);
        if failure == Some(Failure::CarriedOut) { Reply::new(500, "text/plain", "") } else { reply }
    }

    fn checked(&self, asked: &Asked, style: Style, failure: Option<Failure>) -> Result<Reply, Reply> {
        let arg = argument(asked, style)?;
        let route = route(asked);
        if route == "list_folder/longpoll" {
            if asked.header("authorization").is_some() {
                return Err(bad(route, "this route takes no header \"Authorization\""));
            }
            let arg: listing::LongpollArg = read(route, &arg)?;
            let account = self.account(&Cursor::parse(route, arg.cursor())?.account);
            let backoff = (failure == Some(Failure::Backoff)).then_some(1);
            return listing::longpoll(&account, route, &arg, backoff).map(|value| answered(&value));
        }
        let owner = match self.sign_in.worth(token(asked)?) {
            Worth::Other => token(asked)?.to_owned(),
            Worth::Account(person) => person,
            Worth::Expired => return Err(unauthorized("expired_access_token")),
            Worth::Ended => return Err(unauthorized("invalid_access_token")),
        };
        let account = self.account(&owner);
        let call = Call { route, owner: &owner, arg: &arg, body: &asked.body, failure };
        if !writes(route) {
            let answered = call.read(&account.tree(), asked);
            return answered.unwrap_or_else(|| call.prepare(&mut account.tree()));
        }
        self.written(&account, &call)
    }

    /// Carries a write out as the only one in its namespace.
    fn written(&self, account: &Account, call: &Call<'_>) -> Result<Reply, Reply> {
        let hold = *self.hold.lock().unwrap();
        let _alone = match hold {
            None => account.writing.lock().unwrap_or_else(PoisonError::into_inner),
            Some(_) => account.writing.try_lock().map_err(|_| slow_down("too_many_write_operations", 1))?,
        };
        hold.into_iter().for_each(thread::sleep);
        let written = call.write(&mut account.tree());
        account.changed.notify_all();
        written
    }
}

/// What stands behind the name and the version of the API.
fn route(asked: &Asked) -> &str {
    asked.path.strip_prefix("/2/files/").unwrap_or_default()
}

/// Takes the token out of a request.
fn token(asked: &Asked) -> Result<&str, Reply> {
    let route = route(asked);
    let header = asked.header("authorization").ok_or_else(|| bad(route, "the header \"Authorization\" is missing"))?;
    let token = header.strip_prefix("Bearer ").filter(|token| !token.is_empty() && !token.starts_with("malformed"));
    match token {
        None => Err(bad(route, "Invalid authorization value in HTTP header \"Authorization\"")),
        Some(token) if token.starts_with("expired") => Err(unauthorized("expired_access_token")),
        Some(token) if token.starts_with("revoked") => Err(unauthorized("invalid_access_token")),
        Some(token) if token.starts_with("readonly") && writes(route) => Err(unauthorized("missing_scope")),
        Some("busy-json") => Err(slow_down("too_many_requests", 1)),
        Some("busy-writes") => Err(slow_down("too_many_write_operations", 1)),
        Some("busy-text") => Err(slow_down_in_text(1)),
        Some(token) => Ok(token),
    }
}

/// Takes the argument out of a request, whose form must be that of its style.
fn argument(asked: &Asked, style: Style) -> Result<Value, Reply> {
    let route = route(asked);
    let kind = asked.header("content-type").unwrap_or_default();
    let allowed: &[&str] = match style {
        Style::Rpc => &["application/json", "application/json; charset=utf-8", "text/plain; charset=dropbox-cors-hack"],
        Style::Upload => &["application/octet-stream", "text/plain; charset=dropbox-cors-hack"],
        Style::Download => &["", "application/octet-stream", "text/plain", "text/plain; charset=utf-8"],
    };
    if !allowed.contains(&kind) {
        return Err(bad(route, &format!("Bad HTTP \"Content-Type\" header: {kind:?}. Expecting one of {allowed:?}")));
    }
    if asked.method == "GET" && style != Style::Download {
        return Err(bad(route, "this route is asked by POST"));
    }
    if asked.body.len() > MAX_BODY {
        return Err(Reply::new(413, "text/plain", ""));
    }
    let text = if style == Style::Rpc {
        String::from_utf8_lossy(&asked.body).into_owned()
    } else {
        let header = asked.header("dropbox-api-arg");
        if header.is_some_and(|header| header.len() > MAX_HEADER) {
            return Err(Reply::new(431, "text/plain", ""));
        }
        header
            .or(asked.query.get("arg").map(String::as_str))
            .ok_or_else(|| bad(route, "Must provide HTTP header \"Dropbox-API-Arg\""))?
            .to_owned()
    };
    serde_json::from_str(&text).map_err(|_| bad(route, "could not decode input as JSON"))
}

fn read<T: DeserializeOwned>(route: &str, arg: &Value) -> Result<T, Reply> {
    serde_json::from_value(arg.clone()).map_err(|e| bad(route, &e.to_string()))
}

/// A call whose sender is known.
struct Call<'a> {
    route: &'a str,
    /// Names the account.
    owner: &'a str,
    arg: &'a Value,
    body: &'a [u8],
    failure: Option<Failure>,
}

impl Call<'_> {
    fn arg<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        read(self.route, self.arg)
    }

    /// Answers routes that change nothing; none for the others.
    fn read(&self, tree: &Tree, asked: &Asked) -> Option<Result<Reply, Reply>> {
        let (route, owner) = (self.route, self.owner);
        let answer = match route {
            "download" => {
                let (range, known) = (asked.header("range"), asked.header("if-none-match"));
                return Some(self.arg().and_then(|arg| read::download(tree, route, &arg, range, known)));
            }
            "get_metadata" => self.arg().and_then(|arg| read::metadata(tree, route, &arg)),
            "list_folder" => self.arg().and_then(|arg| listing::list(tree, route, owner, &arg)),
            "list_folder/get_latest_cursor" => self.arg().and_then(|arg| listing::latest(tree, route, owner, &arg)),
            "list_folder/continue" => self.arg().and_then(|arg| listing::go_on(tree, route, &arg)),
            _ => return None,
        };
        Some(answer.map(|value| answered(&value)))
    }

    /// Answers routes that change sessions only.
    fn prepare(&self, tree: &mut Tree) -> Result<Reply, Reply> {
        let value = match self.route {
            "upload_session/start" => sessions::start(tree, &self.arg()?, self.body.to_vec()),
            "upload_session/start_batch" => sessions::start_batch(tree, self.route, &self.arg()?)?,
            "upload_session/append_v2" => sessions::append(tree, &self.arg()?, self.body)?,
            _ => sessions::append_batch(tree, &self.arg()?, self.body)?,
        };
        Ok(answered(&value))
    }

    /// Answers routes that write.
    fn write(&self, tree: &mut Tree) -> Result<Reply, Reply> {
        let route = self.route;
        let value = match route {
            "upload" => self.upload(tree)?,
            "delete_v2" => delete(tree, route, &self.arg()?)?,
            "create_folder_v2" => create_folder(tree, route, &self.arg()?)?,
            "upload_session/finish" => sessions::finish(tree, route, &self.arg()?, self.body)?,
            _ => sessions::finish_batch(tree, route, &self.arg()?, self.failure == Some(Failure::Contended))?,
        };
        Ok(answered(&value))
    }

    fn upload(&self, tree: &mut Tree) -> Result<Value, Reply> {
        let info: CommitInfo = self.arg()?;
        commit(tree, self.route, &info, self.body.to_vec()).map_err(|refusal| match refusal {
            Refusal::Bad(reply) => reply,
            Refusal::Write(error) => refused(&json!({".tag": "path", "reason": error, "upload_session_id": "none"})),
        })
    }
}
