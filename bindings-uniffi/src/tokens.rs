//! Who the client is to a service. All of it objects, which print nothing.

use crate::{
    KiteError,
    error::{Port, raised_by},
};
use kitestring::{Result, apply, port};
use kitestring_adapters::http::{self, FixedToken, Secret};
use std::sync::Arc;

/// Gives the tokens of a service for the host. What it raises is `unavailable`; somebody who must sign in again is
/// `unauthorized`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync {
    /// Returns a token. `refused` is the one that the service has just refused: of several callers who name the same one, one
    /// fetches a new one, and all are given that.
    async fn token(&self, refused: Option<String>) -> Result<String, KiteError>;
}

/// The tokens of one account.
#[derive(uniffi::Object)]
pub struct Tokens(pub(crate) Arc<dyn http::TokenSource>);

#[uniffi::export]
impl Tokens {
    /// Always the same token.
    #[uniffi::constructor]
    pub fn fixed(token: String) -> Arc<Self> {
        Arc::new(Self(Arc::new(FixedToken::new(Secret::new(token)))))
    }

    /// Takes an object of the host.
    #[uniffi::constructor]
    pub fn custom(source: Arc<dyn TokenSource>) -> Arc<Self> {
        Arc::new(Self(Arc::new(Foreign(source))))
    }
}

struct Foreign(Arc<dyn TokenSource>);

#[apply(port!)]
impl http::TokenSource for Foreign {
    async fn token(&self, refused: Option<Secret>) -> Result<Secret> {
        let refused = refused.map(|token| token.expose().to_owned());
        self.0.token(refused).await.map(Secret::new).map_err(raised_by(Port::Http, "token"))
    }
}

/// What is sent with each request to a WebDAV server, and to nobody else.
#[derive(uniffi::Object)]
pub struct Credentials(pub(crate) http::Credentials);

#[uniffi::export]
impl Credentials {
    /// A user name, which holds no colon, and a password.
    #[uniffi::constructor]
    pub fn basic(user: String, password: String) -> Arc<Self> {
        Arc::new(Self(http::Credentials::Basic { user, password: Secret::new(password) }))
    }

    /// A token.
    #[uniffi::constructor]
    pub fn bearer(tokens: Arc<Tokens>) -> Arc<Self> {
        Arc::new(Self(http::Credentials::Bearer(tokens.0.clone())))
    }
}
