//! A drive in a folder of Dropbox (API v2).
//!
//! Dropbox takes one write at a time in a namespace, and refuses a write whose condition does not hold, also one that was
//! under way for long. So this drive claims both conditions, and a vault has a head that is replaced by compare-and-swap.
//! Every write asks for `strict_conflict`: without it, bytes that are there already are no conflict, and an update writes a
//! file anew that was deleted. `spec/adapters.md` tells what else Dropbox does, and how it was tried.

mod address;
mod batch;
mod delete;
mod list;
mod notices;
mod read;
mod refusal;
mod routes;
mod write;

use crate::http::{Call, Credentials, Http, Repeat, Rules, TokenSource, Web, address as service_address};
use address::Root;
use async_lock::Mutex as Turn;
use kitestring::{
    Drive, DrivePath, Result, Runtime, apply,
    drive::{Capabilities, Changed, Condition, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use notices::Notices;
use routes::Hosts;
use std::{fmt, sync::Arc, time::Duration};

/// So many requests may be under way at once. Dropbox publishes no number; rclone and others do well with as many.
const PARALLEL: u32 = 6;

/// A [`Drive`] in a folder of Dropbox.
///
/// Writes are sent one after the other, however many are asked for at once: any two that meet in one namespace (the folder of
/// an app is one) are a contention, and one of them is refused. Reads are sent side by side.
///
/// Dropbox knows no case: two names that differ only in it are one file. Writing the second is `condition` or, under
/// [`Condition::Any`], `invalid_input`; reading it is `invalid_input`.
///
/// If the folder is gone, every read and listing is `unavailable`, but a write makes it anew: no request asks for a folder to
/// be there. The root of the account, or of the folder of an app, is always there.
///
/// # Errors
/// `unauthorized` if the token is not accepted, or may not do that; `invalid_input` for a name that Dropbox does not take, and
/// for a file above 150 MiB; `quota_exceeded`; `rate_limited`; `unavailable` for everything else.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all; a batch, for each file.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{Dropbox, NativeRuntime, http::{FixedToken, NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(token: String) -> kitestring::Result<()> {
/// let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
/// let drive = Dropbox::new(http, runtime, "/notes", Arc::new(FixedToken::new(Secret::new(token))))?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct Dropbox {
    web: Web,
    hosts: Hosts,
    root: Root,
    /// Who writes: one at a time.
    writer: Turn<()>,
    notices: Notices,
    runtime: Arc<dyn Runtime>,
}

impl Dropbox {
    /// Takes a folder, as `/notes`; `/` is the root. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` if that names no folder.
    pub fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, folder: &str, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        Self::on(Hosts::real()?, http, runtime, folder, tokens)
    }

    /// The same with another service in the place of Dropbox, at one address: an emulator.
    ///
    /// # Errors
    /// `invalid_input` also if the address is none, or one of plain `http` outside of this machine.
    pub fn emulated(
        service: &str,
        http: Arc<dyn Http>,
        runtime: Arc<dyn Runtime>,
        folder: &str,
        tokens: Arc<dyn TokenSource>,
    ) -> Result<Self> {
        Self::on(Hosts::all_at(service_address(service)?), http, runtime, folder, tokens)
    }

    fn on(hosts: Hosts, http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, folder: &str, tokens: Arc<dyn TokenSource>) -> Result<Self> {
        let root = Root::parse(folder)?;
        let rules = Rules { parallel: PARALLEL, ..Rules::new("Dropbox") };
        let notices = Notices::new(http.clone(), runtime.clone(), &hosts)?;
        let web = Web::new(http, runtime.clone(), &hosts.with_credentials(), Credentials::Bearer(tokens), rules)?;
        Ok(Self { web, hosts, root, writer: Turn::new(()), notices, runtime })
    }
}

fn call(operation: &'static str, subject: &str, repeat: Repeat) -> Call {
    Call { operation, subject: subject.to_owned(), repeat }
}

impl fmt::Debug for Dropbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dropbox").field("root", &self.root).field("web", &self.web).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for Dropbox {
    fn capabilities(&self) -> Capabilities {
        // That a listing is up to date is nowhere promised.
        Capabilities { parallel: PARALLEL, consistent: false, ..Capabilities::FULL }
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.read(&path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(&path, bytes, &condition).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.remove(&path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.list(&dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.write_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.changed(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.wait(token, timeout).await
    }
}

#[cfg(test)]
mod tests;
