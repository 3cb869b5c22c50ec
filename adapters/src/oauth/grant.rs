//! What a person has granted: tokens, and to which app.

use crate::http::Secret;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, time::Duration};
use zeroize::Zeroizing;

/// The program, as the service knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// What the service calls it: app key, client id.
    pub id: String,
    /// What some services give to native apps too, although nothing in such an app is secret.
    pub secret: Option<Secret>,
}

/// Tokens of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The app they were given to, and to no other.
    pub app: App,
    /// What requests are signed with.
    pub access: Secret,
    /// What the next access token is fetched with.
    pub refresh: Secret,
    /// When the access token was asked for, by the device's clock, since the Unix epoch.
    pub issued: Duration,
    /// How long it lasts, if the service has said so.
    pub life: Option<Duration>,
}

/// The written form. What has no escapes in it is not copied.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    version: u32,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    client_secret: Option<Cow<'a, str>>,
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    refresh_token: Cow<'a, str>,
    issued_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    life_ms: Option<u64>,
}

const VERSION: u32 = 1;

impl Grant {
    /// Whether the access token has run out.
    pub(super) fn is_over(&self, wall: Duration) -> bool {
        self.life.is_some_and(|life| wall >= self.issued.saturating_add(life))
    }

    /// Writes it as JSON, for a place that nobody else can read.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let written = Written {
            version: VERSION,
            client_id: Cow::Borrowed(&self.app.id),
            client_secret: self.app.secret.as_ref().map(|secret| Cow::Borrowed(secret.expose())),
            access_token: Cow::Borrowed(self.access.expose()),
            refresh_token: Cow::Borrowed(self.refresh.expose()),
            issued_ms: millis(self.issued),
            life_ms: self.life.map(millis),
        };
        Zeroizing::new(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// Reads what [`Grant::to_json`] has written; none if it is something else. Why is not said: it would show what is there.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        let written: Written<'_> = serde_json::from_slice(bytes).ok().filter(|written: &Written<'_>| written.version == VERSION)?;
        Some(Self {
            app: App { id: written.client_id.into_owned(), secret: written.client_secret.map(Secret::new) },
            access: Secret::new(written.access_token),
            refresh: Secret::new(written.refresh_token),
            issued: Duration::from_millis(written.issued_ms),
            life: written.life_ms.map(Duration::from_millis),
        })
    }
}
