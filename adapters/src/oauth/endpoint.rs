//! Where a service gives tokens, renews them and takes them back.

use super::{App, Grant, Provider, Revocation, provider::parsed};
use crate::http::{Call, Credentials, Http, Method, Repeat, Request, Response, Rules, Secret, Web};
use kitestring::{BoxFuture, Error, ErrorKind, Result, Runtime};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, TokenResponse as _, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError, BasicTokenResponse, BasicTokenType},
    http,
};
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};
use url::{Url, form_urlencoded};

/// The program at a service, with the addresses for people and for itself.
pub(super) type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why there are no tokens.
#[derive(Debug)]
pub(super) enum Failure {
    /// The code or the refresh token is used up, too old or revoked.
    Grant(Error),
    /// Anything else.
    Other(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Grant(error) | Self::Other(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// The service, as the program talks to it about tokens.
pub struct Endpoint {
    provider: Provider,
    web: Web,
    runtime: Arc<dyn Runtime>,
    token: Url,
    revoke: Url,
}

impl Endpoint {
    /// Takes the service, and what sends requests.
    ///
    /// # Errors
    /// `invalid_input` if an address of the service is none, or one of plain `http` outside of this machine.
    pub fn new(provider: Provider, http: Arc<dyn Http>, runtime: Arc<dyn Runtime>) -> Result<Self> {
        let token = parsed(&provider.token)?;
        // Where tokens cannot be given back, nothing is sent to do so.
        let revoke = provider.revoke().map_or_else(|| Ok(token.clone()), parsed)?;
        let half_a_minute = Duration::from_secs(30);
        let rules = Rules { timeout: half_a_minute, tries: 3, patience: half_a_minute, ..Rules::new(provider.service) };
        let web = Web::new(http, runtime.clone(), &[&token, &revoke], Credentials::None, rules)?;
        Ok(Self { provider, web, runtime, token, revoke })
    }

    /// Returns the service.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Gives a code for tokens.
    pub(super) async fn exchange(
        &self,
        app: App,
        code: Secret,
        verifier: PkceCodeVerifier,
        redirect: Option<RedirectUrl>,
    ) -> Result<Grant> {
        let call = call(Repeat::OnlyIfRefused);
        let http = Carrier { endpoint: self, call: &call };
        let client = client(&self.provider, &app)?;
        let mut asking = client.exchange_code(AuthorizationCode::new(code.expose().to_owned())).set_pkce_verifier(verifier);
        if let Some(redirect) = redirect {
            asking = asking.set_redirect_uri(Cow::Owned(redirect));
        }
        let issued = self.runtime.wall();
        let answer = asking.request_async(&http).await.map_err(|e| self.refused(&call, e).into_error())?;
        self.check_scopes(&call, &answer)?;
        let none = || self.web.error(&call, &self.token, ErrorKind::Unauthorized, "gave no refresh token: sign in once more");
        let refresh = answer.refresh_token().map(|token| Secret::new(token.secret().clone())).ok_or_else(none)?;
        self.grant(&call, app, refresh, issued, &answer)
    }

    /// Gives a refresh token for new tokens.
    ///
    /// # Cancel safety
    /// A call that is dropped may have used the refresh token up.
    pub(super) async fn refresh(&self, grant: &Grant) -> Result<Grant, Failure> {
        let call = call(if self.provider.rotates { Repeat::OnlyIfRefused } else { Repeat::Freely });
        let http = Carrier { endpoint: self, call: &call };
        let (client, token) = (client(&self.provider, &grant.app)?, RefreshToken::new(grant.refresh.expose().to_owned()));
        let issued = self.runtime.wall();
        let answer = client.exchange_refresh_token(&token).request_async(&http).await.map_err(|e| self.refused(&call, e))?;
        let refresh = answer.refresh_token().map_or_else(|| grant.refresh.clone(), |token| Secret::new(token.secret().clone()));
        Ok(self.grant(&call, grant.app.clone(), refresh, issued, &answer)?)
    }

    /// Gives tokens back: nobody can use them from then on. Tokens that the service knows no longer count as given back; where
    /// a service takes none back ([`Revocation::ByHand`]), nothing is sent.
    ///
    /// # Errors
    /// `unavailable`, `rate_limited`; `unauthorized` if the service wants something else.
    pub async fn revoke(&self, grant: &Grant) -> Result<()> {
        let call = call(Repeat::Freely);
        let response = match &self.provider.revocation {
            Revocation::Form(_) => {
                let form = form_urlencoded::Serializer::new(String::new()).append_pair("token", grant.refresh.expose()).finish();
                let request = Request::new(Method::Post, self.revoke.clone()).containing(form);
                self.web.send(&call, request.with("Content-Type", "application/x-www-form-urlencoded")).await?
            }
            Revocation::Signed(_) => match self.revoke_signed(&call, &grant.access).await? {
                // The access token may have run out, or been forgotten, before the refresh token.
                refused if refused.status == 401 => match self.refresh(grant).await {
                    Ok(fresh) => self.revoke_signed(&call, &fresh.access).await?,
                    Err(Failure::Grant(_)) => return Ok(()),
                    Err(Failure::Other(e)) => return Err(e),
                },
                other => other,
            },
            Revocation::ByHand(_) => return Ok(()),
        };
        match response.status {
            200 if !response.is_html() => Ok(()),
            // RFC 7009, 2.2 wants 200 for a token that is not known; Google answers so.
            400 if says_invalid_token(&response) => Ok(()),
            _ => Err(self.web.refused(&call, &self.revoke, &response)),
        }
    }

    async fn revoke_signed(&self, call: &Call, access: &Secret) -> Result<Response> {
        let request = Request::new(Method::Post, self.revoke.clone());
        self.web.send(call, request.with("Authorization", format!("Bearer {}", access.expose()))).await
    }

    /// Says what a refusal means. What the service has said beyond its code is left out: it may repeat a token.
    fn refused(&self, call: &Call, error: BasicRequestTokenError<Error>) -> Failure {
        use BasicErrorResponseType::{Extension, InvalidClient, InvalidGrant, UnauthorizedClient};
        let says = |kind, what| self.web.error(call, &self.token, kind, what);
        let code = match error {
            RequestTokenError::Request(error) => return Failure::Other(error),
            RequestTokenError::ServerResponse(answer) => answer.error().clone(),
            _ => return Failure::Other(says(ErrorKind::Unavailable, "gave an answer about tokens that makes no sense")),
        };
        match code {
            InvalidGrant => Failure::Grant(says(ErrorKind::Unauthorized, "does not accept this sign-in: it has expired or was revoked")),
            InvalidClient | UnauthorizedClient => Failure::Other(says(ErrorKind::Unauthorized, WRONG_APP)),
            // Dropbox says more than the code there.
            Extension(code) if code.starts_with("invalid_client") => Failure::Other(says(ErrorKind::Unauthorized, WRONG_APP)),
            Extension(_) => Failure::Other(says(ErrorKind::Unavailable, "gives no tokens at the moment")),
            _ => Failure::Other(says(ErrorKind::Unauthorized, "refuses what this app asks for: check its settings at the service")),
        }
    }

    /// Makes sure that the person has allowed all of what is needed; a service that does not say has granted it.
    fn check_scopes(&self, call: &Call, answer: &BasicTokenResponse) -> Result<()> {
        let Some(granted) = answer.scopes().filter(|granted| !granted.is_empty()) else { return Ok(()) };
        // Microsoft does not name this one: the refresh token that came says that it was granted.
        let is_granted = |scope: &&&str| **scope == "offline_access" || granted.iter().any(|one| one.as_str() == **scope);
        match self.provider.scopes.iter().find(|scope| !is_granted(scope)) {
            None => Ok(()),
            Some(scope) => {
                let what = format!("was not allowed to give `{scope}`: sign in once more, and allow everything that is asked for");
                Err(self.web.error(call, &self.token, ErrorKind::Unauthorized, &what))
            }
        }
    }

    fn grant(&self, call: &Call, app: App, refresh: Secret, issued: Duration, answer: &BasicTokenResponse) -> Result<Grant> {
        // Dropbox and Google write the word in lower case and with a capital.
        if *answer.token_type() != BasicTokenType::Bearer && !answer.token_type().as_ref().eq_ignore_ascii_case("bearer") {
            return Err(self.web.error(call, &self.token, ErrorKind::Unsupported, "gave a token of a kind that drives do not know"));
        }
        let access = Secret::new(answer.access_token().secret().clone());
        Ok(Grant { app, access, refresh, issued, life: answer.expires_in() })
    }
}

/// Carries the requests of `oauth2` over our own port.
struct Carrier<'a> {
    endpoint: &'a Endpoint,
    call: &'a Call,
}

impl Carrier<'_> {
    /// Only what may be an answer in JSON comes back.
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse> {
        let Self { endpoint: Endpoint { web, token, .. }, call } = self;
        let (parts, body) = request.into_parts();
        let mut ours = Request::new(Method::Post, token.clone()).containing(body);
        for (name, value) in &parts.headers {
            ours = ours.with(name.as_str(), value.to_str().unwrap_or_default());
        }
        let response = web.send(call, ours).await?;
        if response.is_html() || !matches!(response.status, 200 | 400 | 401) {
            return Err(web.refused(call, token, &response));
        }
        let Response { status, body, .. } = response;
        let theirs = http::Response::builder().status(status).body(body);
        theirs.map_err(|_| web.error(call, token, ErrorKind::Internal, "has answered something that cannot be told"))
    }
}

impl<'c> AsyncHttpClient<'c> for Carrier<'_> {
    type Error = Error;
    type Future = BoxFuture<'c, Result<HttpResponse>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

const WRONG_APP: &str = "does not know this app: check its key, and its secret if it has one";

/// The program at the service.
pub(super) fn client(provider: &Provider, app: &App) -> Result<Client> {
    let (authorize, token) = (AuthUrl::from_url(parsed(&provider.authorize)?), TokenUrl::from_url(parsed(&provider.token)?));
    let mut client = BasicClient::new(ClientId::new(app.id.clone())).set_auth_type(AuthType::RequestBody);
    if let Some(secret) = &app.secret {
        client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    }
    Ok(client.set_auth_uri(authorize).set_token_uri(token))
}

/// Whether an answer is the error of a token that is not known.
fn says_invalid_token(response: &Response) -> bool {
    let answer = serde_json::from_slice::<serde_json::Value>(&response.body).ok();
    answer.and_then(|answer| answer.get("error").map(|error| error == "invalid_token")).unwrap_or_default()
}

fn call(repeat: Repeat) -> Call {
    Call { operation: "sign-in", subject: String::new(), repeat }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("provider", &self.provider).finish_non_exhaustive()
    }
}
