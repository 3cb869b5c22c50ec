//! A token that somebody gave.

use super::{Secret, TokenSource};
use kitestring::{Result, apply, port};

/// Always the same token, also if it is refused: the service then says what is wrong with it.
#[derive(Debug, Clone)]
pub struct FixedToken(Secret);

impl FixedToken {
    /// Takes the token.
    pub fn new(token: Secret) -> Self {
        Self(token)
    }
}

#[apply(port!)]
impl TokenSource for FixedToken {
    async fn token(&self, _refused: Option<Secret>) -> Result<Secret> {
        Ok(self.0.clone())
    }
}
