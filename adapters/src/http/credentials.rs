//! Who the client is to a service.

use super::Secret;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kitestring::{Error, ErrorKind, MaybeSend, MaybeSync, Result, apply, port};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// Gives the tokens of a service that has them.
#[apply(port!)]
pub trait TokenSource: MaybeSend + MaybeSync {
    /// Returns a token. `refused` is the one that the service has just refused: of several callers who name the same one,
    /// one fetches a new one, and all are given that.
    ///
    /// # Errors
    /// `unauthorized` if somebody must sign in again; `unavailable`.
    async fn token(&self, refused: Option<Secret>) -> Result<Secret>;
}

/// What is sent with each request to the service, and to nobody else.
#[derive(Clone)]
pub enum Credentials {
    /// Nothing.
    None,
    /// A user name and a password (RFC 7617).
    Basic {
        /// The name; it holds no colon.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token (RFC 6750).
    Bearer(Arc<dyn TokenSource>),
}

impl Credentials {
    /// Makes the value of the header `Authorization`, if there is one, and says which token it holds.
    pub(super) async fn authorization(&self, refused: Option<Secret>) -> Result<Option<(Secret, Option<Secret>)>> {
        match self {
            Self::None => Ok(None),
            Self::Basic { user, .. } if user.contains(':') => {
                Err(Error::new(ErrorKind::InvalidInput, "open", "a user name cannot hold a colon").about(user.clone()))
            }
            Self::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
                Ok(Some((Secret::new(format!("Basic {}", STANDARD.encode(pair.as_bytes()))), None)))
            }
            Self::Bearer(source) => {
                let token = source.token(refused).await?;
                Ok(Some((Secret::new(format!("Bearer {}", token.expose())), Some(token))))
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}
