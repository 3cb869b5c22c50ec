//! How a person signs in: an address for the browser, and the code that comes back (RFC 6749, 4.1; RFC 7636).

use super::{App, Endpoint, Grant, endpoint::client};
use crate::http::Secret;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kitestring::{Error, ErrorKind, Result, Runtime};
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use std::{borrow::Cow, fmt};
use url::Url;

/// A sign-in under way.
pub struct SignIn {
    app: App,
    redirect: Option<RedirectUrl>,
    verifier: PkceCodeVerifier,
    state: CsrfToken,
    url: Url,
}

impl SignIn {
    /// Begins one. Without `redirect` the service shows the code to the person.
    ///
    /// # Errors
    /// Those of the randomness; `invalid_input` if an address is none.
    pub fn begin(endpoint: &Endpoint, app: App, redirect: Option<&str>, runtime: &dyn Runtime) -> Result<Self> {
        let provider = endpoint.provider();
        let redirect = redirect.map(|url| RedirectUrl::new(url.to_owned()).map_err(|e| invalid(&format!("the redirect is no URL: {e}"))));
        let redirect = redirect.transpose()?;
        let verifier = PkceCodeVerifier::new(random(runtime)?);
        let state = CsrfToken::new(random(runtime)?);
        let client = client(provider, &app)?;
        let mut asking = client.authorize_url(|| state.clone()).set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        asking = asking.add_scopes(provider.scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        for (name, value) in provider.parameters {
            asking = asking.add_extra_param(*name, *value);
        }
        if let Some(redirect) = &redirect {
            asking = asking.set_redirect_uri(Cow::Borrowed(redirect));
        }
        let (url, _) = asking.url();
        Ok(Self { app, redirect, verifier, state, url })
    }

    /// Returns the address for the browser. It holds nothing that lets anybody else sign in.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Takes what a person has pasted: the code that the service shows, or the address that the browser has ended at.
    ///
    /// # Errors
    /// `invalid_input` if it is neither, or belongs to another sign-in; `cancelled` if the person has said no.
    pub fn pasted(&self, text: &str) -> Result<Secret> {
        let text = text.trim();
        if text.contains("://") {
            return self.code_of(&Url::parse(text).map_err(|_| invalid("this is neither a code nor the address of the last page"))?);
        }
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid("this is no code: copy all of it, and nothing else"));
        }
        Ok(Secret::new(text))
    }

    /// Takes the code out of the address that the browser was sent back to.
    ///
    /// # Errors
    /// As [`SignIn::pasted`].
    pub fn code_of(&self, url: &Url) -> Result<Secret> {
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if value("state").as_deref() != Some(self.state.secret()) {
            return Err(invalid("this answer belongs to another sign-in: take the one of the address shown last"));
        }
        match (value("code"), value("error").as_deref()) {
            (Some(code), None) if !code.is_empty() => Ok(Secret::new(code)),
            (_, Some("access_denied")) => Err(Error::new(ErrorKind::Cancelled, "sign-in", "access was denied; nothing was changed")),
            _ => Err(Error::new(ErrorKind::Unauthorized, "sign-in", "the service gave no code: check the app's settings there")),
        }
    }

    /// Gives the code for tokens.
    ///
    /// # Errors
    /// `unauthorized` if the service refuses; `unavailable`. A code counts once.
    pub async fn finish(self, endpoint: &Endpoint, code: Secret) -> Result<Grant> {
        endpoint.exchange(self.app, code, self.verifier, self.redirect).await
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("app", &self.app.id).finish_non_exhaustive()
    }
}

/// 256 random bits as text: 43 characters, the least that RFC 7636 (4.1) wants of a verifier.
fn random(runtime: &dyn Runtime) -> Result<String> {
    let mut bytes = [0; 32];
    runtime.random(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "sign-in", detail)
}
