//! A drive in OneDrive (Microsoft Graph v1.0): the folder of the app, or one that people see.
//!
//! A file is made by an upload that fails where there is one, and replaced under `If-Match`. Tags move by themselves there,
//! so that a refusal is looked into before it is believed: the version of a file is its `cTag`, which is that of its
//! content, and what a request is conditioned on is the `eTag` that the file had when it was last seen.
//!
//! Contents come from another address, which a file names and which needs no token; none is sent there. They come without a
//! tag, so that whether they belong to the file that was looked at is told by its hash.
//!
//! Reports of people differ on which kinds of accounts keep to the conditions, so the claims are tried once (D62).
//! `spec/adapters.md` tells what else OneDrive does, and how it was tried.

mod address;
mod elsewhere;
mod hash;
mod item;
mod known;
mod list;
mod read;
mod refusal;
mod remove;
mod root;
mod routes;
mod session;
mod write;

use crate::http::{Call, Credentials, Http, Repeat, Rules, TokenSource, Web, address as service_address};
use address::Root;
use elsewhere::Elsewhere;
use kitestring::{
    Drive, DrivePath, Result, Runtime, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use known::Known;
use std::{fmt, sync::Arc};
use url::Url;

/// So many requests may be under way at once. Microsoft publishes no number; rclone does well with as many.
const PARALLEL: u32 = 4;
/// A file that somebody else writes again and again is looked at so many times.
const LOOKS: u32 = 8;

/// A [`Drive`] in OneDrive.
///
/// OneDrive knows no case: two names that differ only in it are one file. Writing the second is `condition` or, under
/// [`Condition::Any`], `invalid_input`; reading it is `invalid_input`.
///
/// If a folder that people see is gone, every read and listing is `unavailable`, but a write makes it anew: no request asks
/// for a folder to be there. The folder of the app is always there.
///
/// # Errors
/// `unauthorized` if the token is not accepted, or may not do that; `invalid_input` for a name that OneDrive does not take;
/// `quota_exceeded`; `rate_limited`; `unavailable` for everything else.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{NativeRuntime, OneDrive, http::{FixedToken, NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(token: String) -> kitestring::Result<()> {
/// let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
/// let drive = OneDrive::in_app_folder(http, runtime, Arc::new(FixedToken::new(Secret::new(token))))?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct OneDrive {
    web: Web,
    /// What stands before everything that is asked for.
    service: Url,
    root: Root,
    known: Known,
    elsewhere: Elsewhere,
}

impl OneDrive {
    /// Takes the folder of the app. Nothing is sent.
    ///
    /// # Errors
    /// None, as things are.
    pub fn in_app_folder(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on("https://graph.microsoft.com/", http, runtime, Root::of_the_app(), tokens)
    }

    /// Takes a folder that people see, as `/notes`. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` if that names no folder.
    pub fn in_folder(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, folder: &str, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on("https://graph.microsoft.com/", http, runtime, Root::seen(folder)?, tokens)
    }

    /// The same with another service in the place of Microsoft Graph: an emulator. Without `folder`, the folder of the app.
    ///
    /// # Errors
    /// `invalid_input` also if the address is none, or one of plain `http` outside of this machine.
    pub fn emulated(
        service: &str,
        http: Arc<dyn Http>,
        runtime: Arc<dyn Runtime>,
        folder: Option<&str>,
        tokens: Arc<dyn TokenSource>,
    ) -> Result<Self> {
        Self::on(service, http, runtime, folder.map_or(Ok(Root::of_the_app()), Root::seen)?, tokens)
    }

    fn on(service: &str, http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, root: Root, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        let mut service = service_address(service)?;
        service.set_path("/v1.0/me/drive/");
        let rules = rules();
        let elsewhere = Elsewhere::new(http.clone(), runtime.clone());
        let web = Web::new(http, runtime, &[&service], Credentials::Bearer(tokens), rules)?;
        Ok(Self { web, service, root, known: Known::default(), elsewhere })
    }
}

fn rules() -> Rules {
    Rules { parallel: PARALLEL, ..Rules::new("OneDrive") }
}

fn call(operation: &'static str, path: &DrivePath, repeat: Repeat) -> Call {
    Call { operation, subject: path.to_string(), repeat }
}

impl fmt::Debug for OneDrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneDrive").field("root", &self.root).field("web", &self.web).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for OneDrive {
    fn capabilities(&self) -> Capabilities {
        // That conditions hold in a race is documented nowhere, nor that a listing is up to date.
        Capabilities { create: true, replace: true, versions: true, parallel: PARALLEL, unproven: true, ..Capabilities::NONE }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.read(&path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(&path, bytes.into(), &condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.remove(&path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.list(&dir, cursor).await
    }
}

#[cfg(test)]
mod tests;
