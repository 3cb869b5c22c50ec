//! What changed, and waiting for it.

use super::{
    Dropbox, call,
    list::GoneOn,
    routes::{Hosts, answer, route, rpc},
};
use crate::http::{Credentials, Http, Repeat, Rules, Web};
use futures::future::{Either, select};
use kitestring::{Result, Runtime, drive::Changed};
use serde::Deserialize;
use serde_json::json;
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// The shortest and the longest time for which Dropbox waits, in seconds, and what it may add to keep clients apart.
const SHORTEST: u64 = 30;
const LONGEST: u64 = 480;
const ADDED: u64 = 90;

/// Waits for changes, at a host that is not told who asks.
pub(super) struct Notices {
    web: Web,
    url: Url,
    /// Before this moment Dropbox does not want to be asked.
    not_before: Mutex<Duration>,
}

#[derive(Deserialize)]
struct Told {
    changes: bool,
    backoff: Option<u64>,
}

impl Notices {
    pub(super) fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, hosts: &Hosts) -> Result<Self> {
        let timeout = Duration::from_secs(LONGEST + ADDED + SHORTEST);
        let rules = Rules { timeout, tries: 2, ..Rules::new("Dropbox") };
        let web = Web::new(http, runtime, &[&hosts.notify], Credentials::None, rules)?;
        Ok(Self { web, url: route(&hosts.notify, "list_folder/longpoll")?, not_before: Mutex::default() })
    }

    /// Waits until something changed, or for about so long. Whether something did is to be asked if it is not denied.
    async fn is_worth_asking(&self, cursor: &str, timeout: Duration, now: impl Fn() -> Duration) -> Result<bool> {
        let call = call("wait", "", Repeat::Freely);
        let seconds = timeout.as_secs().saturating_sub(ADDED).clamp(SHORTEST, LONGEST);
        let response = self.web.send(&call, rpc(self.url.clone(), &json!({"cursor": cursor, "timeout": seconds}))).await?;
        // A cursor that is dead is said so by the call that asks what changed.
        let Ok(value) = answer(&self.web, &call, &self.url, &response)? else { return Ok(true) };
        let Ok(Told { changes, backoff }) = serde_json::from_value(value) else { return Ok(true) };
        if let Some(seconds) = backoff {
            *self.not_before() = now().saturating_add(Duration::from_secs(seconds));
        }
        Ok(changes)
    }

    fn not_before(&self) -> std::sync::MutexGuard<'_, Duration> {
        self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dropbox {
    /// Says what changed since a cursor, in one request; in two if that is much, or if the cursor is dead.
    pub(super) async fn changed(&self, token: Option<String>) -> Result<Changed> {
        let call = call("changed", "", Repeat::Freely);
        if let Some(cursor) = token
            && let GoneOn::Page(page) = self.go_on(&call, &cursor).await?
            && !page.has_more
        {
            return Ok(if page.entries.is_empty() { Changed::No } else { Changed::Yes(page.cursor) });
        }
        let arg = json!({"path": self.root_path()?, "recursive": true});
        match self.rpc(&call, "list_folder/get_latest_cursor", &arg).await? {
            Ok(value) => {
                let cursor = value.get("cursor").and_then(serde_json::Value::as_str).ok_or_else(|| self.senseless(&call))?;
                Ok(Changed::Yes(cursor.to_owned()))
            }
            Err(refusal) if refusal.is_missing() => self.check_root("changed").await.map(|()| Changed::Unknown),
            Err(refusal) => Err(self.refused(&call, self.api(), refusal.meaning())),
        }
    }

    /// Waits for a notice, and asks what it was about. When the time is over it asks too: a notice may have been on its way.
    pub(super) async fn wait(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        let Some(cursor) = token else { return Ok(Changed::Unknown) };
        let over = pin!(self.runtime.sleep(timeout));
        let told = async {
            let wait = self.notices.not_before().saturating_sub(self.runtime.now());
            if !wait.is_zero() {
                self.runtime.sleep(wait).await;
            }
            self.notices.is_worth_asking(&cursor, timeout, || self.runtime.now()).await
        };
        let is_denied = match select(pin!(told), over).await {
            Either::Left((told, _)) => !told?,
            Either::Right(_) => false,
        };
        if is_denied { Ok(Changed::No) } else { self.changed(Some(cursor)).await }
    }
}
