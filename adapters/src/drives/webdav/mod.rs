//! A drive in a folder of a WebDAV server (RFC 4918): Nextcloud, ownCloud, Apache, nginx, rclone, WsgiDAV and others.
//!
//! No condition of a WebDAV server can be relied on when two devices race: those that honour them look first and write
//! later. So this drive claims none, and a vault finds its records by listing. `quirks` tells where servers differ, and what
//! is made of it; `spec/adapters.md` what was tried on which server.

mod address;
mod folders;
mod look;
mod multistatus;
mod quirks;
mod read;
mod write;

use crate::http::{Call, Credentials, Http, Repeat, Request, Response, Rules, Web};
use address::Root;
use folders::Folders;
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, Runtime, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use url::Url;

/// Nextcloud and ownCloud slow a client down that asks for more at once.
const PARALLEL: u32 = 4;

/// A [`Drive`] in a folder of a WebDAV server.
///
/// It claims no condition, and no versions: of the servers that were tried, none keeps two writers apart that come at the
/// same moment, and several give the same `ETag` to two contents of one second. In the journal layout nothing rests on
/// either. For the classic layout see [`WebDav::claiming_create`].
///
/// Most servers replace a file as a whole; some (WsgiDAV, rclone before 1.63) write into it while others read. There a reader
/// may see half a file, and a writer that dies leaves one. The journal layout passes such a file by until it is whole, since
/// the name of each file says what it holds; in the classic layout it is an error until the file is written again.
///
/// # Errors
/// `unauthorized` if the server refuses the credentials; `invalid_input` for a name that it cannot store, or above 255
/// bytes, which is as much as the disks of servers hold; `quota_exceeded`; `unavailable` for everything else, and if the
/// folder itself is gone, which is not made anew by a write.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all, on servers that replace files as a whole.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{NativeRuntime, WebDav, http::{Credentials, NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(password: String) -> kitestring::Result<()> {
/// let credentials = Credentials::Basic { user: "ann".to_owned(), password: Secret::new(password) };
/// let (http, runtime) = (Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()));
/// let drive = WebDav::new(http, runtime, "https://cloud.example/remote.php/dav/files/ann/notes", credentials)?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct WebDav {
    web: Web,
    root: Root,
    folders: Folders,
    claims: Capabilities,
    /// Makes the versions that no server gives.
    answers: AtomicU64,
}

impl WebDav {
    /// Takes the address of a folder. Nothing is sent.
    ///
    /// # Errors
    /// As [`address`](crate::http::address()).
    pub fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, folder: &str, credentials: Credentials) -> Result<Self> {
        let root = Root::parse(folder)?;
        let rules = Rules { parallel: PARALLEL, ..Rules::new("the WebDAV server") };
        let web = Web::new(http, runtime, &[root.url()], credentials, rules)?;
        let claims = Capabilities { parallel: PARALLEL, ..Capabilities::NONE };
        Ok(Self { web, root, folders: Folders::default(), claims, answers: AtomicU64::new(0) })
    }

    /// Claims [`Condition::Absent`] as well, unproven: the client tries it at the first connection.
    ///
    /// For the classic layout, whose lock db-to-cloud takes in this way. A server that honours the condition refuses the
    /// second of two who take the lock, unless both come within the same few milliseconds; the layout looks again before it
    /// writes. For the journal layout it is wrong: two devices could believe that they have the same number.
    #[must_use]
    pub fn claiming_create(mut self) -> Self {
        self.claims = Capabilities { create: true, unproven: true, ..self.claims };
        self
    }

    /// Makes the folder, and those above it, if they are not there.
    ///
    /// # Errors
    /// `unauthorized` if this account may not; `unavailable`.
    pub async fn make_root(&self) -> Result<()> {
        let call = call("open", "", Repeat::Freely);
        if self.has_root().await? {
            return Ok(());
        }
        let above: Vec<Url> = self.root.upwards().collect();
        match self.make_chain(&call, &above).await? {
            Some(_) => self.check_root("open").await,
            None => Err(self.web.error(&call, self.root.url(), ErrorKind::NotFound, "makes no such folder: is the address right?")),
        }
    }

    /// Whether the folder is there.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn has_root(&self) -> Result<bool> {
        self.is_root_there("open").await
    }

    async fn send(&self, call: &Call, request: Request) -> Result<Response> {
        self.web.send(call, request).await
    }

    fn refused(&self, call: &Call, url: &Url, response: &Response) -> Error {
        self.web.refused(call, url, response)
    }

    /// Returns a version that no other answer has had.
    fn version(&self) -> Version {
        Version::new(format!("answer-{}", self.answers.fetch_add(1, Relaxed)))
    }
}

fn call(operation: &'static str, subject: &str, repeat: Repeat) -> Call {
    Call { operation, subject: subject.to_owned(), repeat }
}

impl fmt::Debug for WebDav {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebDav").field("root", &self.root.url().as_str()).field("web", &self.web).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for WebDav {
    fn capabilities(&self) -> Capabilities {
        self.claims
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.read(&path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(&path, bytes, condition).await
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
