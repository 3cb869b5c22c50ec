//! Signing in to services by OAuth 2, and tokens that stay fresh.

use crate::{
    KiteError,
    contain::{contained, contained_async},
    error::{Port, raised_by},
    http::{Http, sending},
    tokens::Tokens,
};
use kitestring::{Error, ErrorKind, Result, apply, port};
use kitestring_adapters::{
    NativeRuntime,
    oauth::{self, App, Endpoint, Grant, Loopback, Provider, RefreshingTokens, Turn},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a sign-in is kept, by the host: a few bytes, which hold tokens. What it raises is `state`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait TokenStorePort: Send + Sync {
    /// Returns what is kept; none if nobody is signed in.
    async fn load(&self) -> Result<Option<Vec<u8>>, KiteError>;
    /// Keeps `new` in the place of `known`, durably, if that is still what is kept; otherwise answers false. None stands for
    /// nothing kept.
    async fn replace(&self, known: Option<Vec<u8>>, new: Option<Vec<u8>>) -> Result<bool, KiteError>;
}

/// Where a sign-in is kept.
#[derive(uniffi::Object)]
pub struct TokenStore(Arc<dyn oauth::TokenStore>);

#[uniffi::export]
impl TokenStore {
    /// Keeps it until the process ends.
    #[uniffi::constructor]
    pub fn memory() -> Arc<Self> {
        Arc::new(Self(Arc::new(oauth::MemoryTokens::default())))
    }

    /// Takes an object of the host, such as a system's store of keys. One process at a time may use what it keeps.
    #[uniffi::constructor]
    pub fn custom(port: Arc<dyn TokenStorePort>) -> Arc<Self> {
        Arc::new(Self(Arc::new(Foreign { port, turn: Arc::default() })))
    }
}

#[cfg(unix)]
#[uniffi::export]
impl TokenStore {
    /// Keeps it in a file that only its owner can read, for every program of the device that uses it.
    #[uniffi::constructor]
    pub fn file(path: String) -> Arc<Self> {
        Arc::new(Self(Arc::new(oauth::FileTokens::at(path))))
    }
}

struct Foreign {
    port: Arc<dyn TokenStorePort>,
    turn: Arc<futures::lock::Mutex<()>>,
}

#[apply(port!)]
impl oauth::TokenStore for Foreign {
    async fn load(&self) -> Result<Option<Grant>> {
        Ok(self.port.load().await.map_err(raised_by(Port::State, "load"))?.and_then(|bytes| Grant::from_json(&bytes)))
    }

    async fn replace(&self, known: Option<Grant>, new: Option<Grant>) -> Result<bool> {
        let bytes = |grant: Option<Grant>| grant.map(|grant| grant.to_json().to_vec());
        self.port.replace(bytes(known), bytes(new)).await.map_err(raised_by(Port::State, "replace"))
    }

    async fn turn(&self) -> Result<Turn> {
        Ok(Turn::held(self.turn.clone().lock_owned().await))
    }
}

/// A service, and the program as it knows it. `service` is the address of an emulator.
#[derive(uniffi::Object)]
pub struct OAuth {
    app: App,
    provider: Provider,
    http: Arc<dyn kitestring_adapters::http::Http>,
    runtime: Arc<NativeRuntime>,
}

#[uniffi::export]
impl OAuth {
    /// Dropbox, by the app's key.
    #[uniffi::constructor(default(http = None, service = None))]
    pub fn dropbox(app: String, http: Option<Arc<dyn Http>>, service: Option<String>) -> Result<Arc<Self>, KiteError> {
        contained("sign-in", || Self::new(Provider::dropbox(), App { id: app, secret: None }, http, service))
    }

    /// Google Drive, by the app's id and what Google calls its secret.
    #[uniffi::constructor(default(secret = None, http = None, service = None))]
    pub fn gdrive(
        app: String,
        secret: Option<String>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        let app = App { id: app, secret: secret.map(kitestring_adapters::http::Secret::new) };
        contained("sign-in", || Self::new(Provider::gdrive(), app, http, service))
    }

    /// OneDrive, by the app's id: with the folder of the app only, or with all files of the account, for a folder that people see.
    #[uniffi::constructor(default(all_files = false, http = None, service = None))]
    pub fn onedrive(app: String, all_files: bool, http: Option<Arc<dyn Http>>, service: Option<String>) -> Result<Arc<Self>, KiteError> {
        let provider = if all_files { Provider::onedrive_files() } else { Provider::onedrive() };
        contained("sign-in", || Self::new(provider, App { id: app, secret: None }, http, service))
    }

    /// Begins a sign-in. The service sends the browser to `redirect`; without one it shows a code to the person.
    #[uniffi::method(default(redirect = None))]
    pub fn begin(&self, redirect: Option<String>) -> Result<Arc<SignIn>, KiteError> {
        contained("sign-in", || self.sign_in(redirect.as_deref(), None))
    }

    /// Begins a sign-in that ends on a port of this machine, 0 for any: see `SignIn.wait`.
    pub fn begin_here(&self, port: u16) -> Result<Arc<SignIn>, KiteError> {
        contained("sign-in", || {
            let page = Loopback::open(port)?;
            self.sign_in(Some(page.redirect().as_str().to_owned()).as_deref(), Some(page))
        })
    }

    /// Gives the tokens of the sign-in that `store` keeps, always fresh. `way_out` is a sentence that tells a person how to
    /// sign in, such as "open the settings".
    pub fn tokens(&self, store: Arc<TokenStore>, way_out: String) -> Result<Arc<Tokens>, KiteError> {
        contained("sign-in", || {
            let (endpoint, runtime) = (self.endpoint()?, self.runtime.clone());
            let tokens = RefreshingTokens::new(endpoint, store.0.clone(), runtime, oauth::detached(), way_out);
            Ok(Arc::new(Tokens(Arc::new(tokens))))
        })
    }

    /// Gives the tokens that `store` keeps back to the service, and forgets them.
    pub async fn sign_out(&self, store: Arc<TokenStore>) -> Result<(), KiteError> {
        contained_async("sign-in", async {
            let _turn = store.0.turn().await?;
            let Some(grant) = store.0.load().await? else { return Ok(()) };
            self.endpoint()?.revoke(&grant).await?;
            store.0.replace(Some(grant), None).await.map(drop)
        })
        .await
    }
}

impl OAuth {
    fn new(provider: Provider, app: App, http: Option<Arc<dyn Http>>, service: Option<String>) -> Result<Arc<Self>> {
        let provider = match service {
            Some(service) => provider.at(&service)?,
            None => provider,
        };
        Ok(Arc::new(Self { app, provider, http: sending(http)?, runtime: Arc::new(NativeRuntime::new()) }))
    }

    fn endpoint(&self) -> Result<Endpoint> {
        Endpoint::new(self.provider.clone(), self.http.clone(), self.runtime.clone())
    }

    fn sign_in(&self, redirect: Option<&str>, page: Option<Loopback>) -> Result<Arc<SignIn>> {
        let endpoint = self.endpoint()?;
        let sign_in = oauth::SignIn::begin(&endpoint, self.app.clone(), redirect, &*self.runtime)?;
        let url = sign_in.url().to_string();
        Ok(Arc::new(SignIn { url, begun: Mutex::new(Some(Begun { sign_in, endpoint, page })) }))
    }
}

/// A sign-in under way. It is ended once.
#[derive(uniffi::Object)]
pub struct SignIn {
    url: String,
    begun: Mutex<Option<Begun>>,
}

struct Begun {
    sign_in: oauth::SignIn,
    endpoint: Endpoint,
    page: Option<Loopback>,
}

#[uniffi::export]
impl SignIn {
    /// The address for the browser.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Takes what the person has pasted, the code or the address that the browser has ended at, and keeps the tokens.
    pub async fn finish(&self, pasted: String, store: Arc<TokenStore>) -> Result<(), KiteError> {
        contained_async("sign-in", async {
            let begun = self.take()?;
            match begun.sign_in.pasted(&pasted) {
                Ok(code) => keep(begun.sign_in.finish(&begun.endpoint, code).await?, &store).await,
                // A typing error is no end.
                Err(e) => {
                    *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
                    Err(e)
                }
            }
        })
        .await
    }

    /// Waits until the browser comes back to this machine, and keeps the tokens. After `begin_here`.
    pub async fn wait(&self, store: Arc<TokenStore>) -> Result<(), KiteError> {
        contained_async("sign-in", async {
            let begun = self.take()?;
            let page = begun.page.as_ref().ok_or_else(|| invalid("this sign-in does not end on this machine: `finish` it"))?;
            let code = page.code(&begun.sign_in).await?;
            keep(begun.sign_in.finish(&begun.endpoint, code).await?, &store).await
        })
        .await
    }
}

impl SignIn {
    fn take(&self) -> Result<Begun> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        begun.ok_or_else(|| invalid("this sign-in is over: begin another"))
    }
}

async fn keep(grant: Grant, store: &TokenStore) -> Result<()> {
    let _turn = store.0.turn().await?;
    while !store.0.replace(store.0.load().await?, Some(grant.clone())).await? {}
    Ok(())
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "sign-in", detail)
}
