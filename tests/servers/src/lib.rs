//! Real servers for the tests of drives: each is started in a folder of its own, and ends with the process that started it.
//!
//! `test.sh` installs them. A server that is missing is a failure that says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod faults;
pub mod play;
mod relay;
pub mod s3;
mod start;

pub use faults::{FastRuntime, Faults, FaultyHttp};
pub use relay::{Passed, counting, delaying};
pub use start::Server;

use kitestring::Result;
use kitestring_adapters::{
    NativeRuntime, WebDav,
    http::{Credentials, NativeHttp},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// The WebDAV servers that the tests know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `WsgiDAV`, behind `cheroot`.
    WsgiDav,
    /// Apache with `mod_dav_fs`.
    Apache,
    /// nginx with its own module and `dav-ext`.
    Nginx,
    /// `rclone serve webdav`.
    Rclone,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::WsgiDav, Self::Apache, Self::Nginx, Self::Rclone];

    /// Returns the one server of this kind that the tests of a process share, and starts it at the first call.
    pub fn shared(self) -> &'static Server {
        static SERVERS: [OnceLock<Server>; 4] = [const { OnceLock::new() }; 4];
        SERVERS.get(self as usize).unwrap().get_or_init(|| Server::start(self))
    }

    /// Returns the address of an empty folder on the shared server, which is made at once.
    ///
    /// # Errors
    /// What the server answers.
    pub fn empty_folder(self) -> Result<String> {
        empty_folder(self.shared())
    }
}

/// Returns the address of an empty folder on a server, which is made at once.
///
/// # Errors
/// What the server answers.
pub fn empty_folder(server: &Server) -> Result<String> {
    static FOLDERS: AtomicU32 = AtomicU32::new(0);
    let folder = format!("{}folder-{}/drive", server.address(), FOLDERS.fetch_add(1, Relaxed));
    async_io::block_on(drive(&folder)?.make_root())?;
    Ok(folder)
}

/// Opens a folder of a server by its address.
///
/// # Errors
/// As [`WebDav::new`].
pub fn drive(folder: &str) -> Result<WebDav> {
    WebDav::new(Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), folder, Credentials::None)
}

/// Deletes a folder with all that is in it, behind the back of the drive.
///
/// # Errors
/// If the server does not answer.
pub fn delete_folder(folder: &str) -> std::io::Result<()> {
    let url = url::Url::parse(folder).map_err(std::io::Error::other)?;
    let place = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
    let mut stream = TcpStream::connect(&place)?;
    write!(stream, "DELETE {}/ HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n", url.path().trim_end_matches('/'))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 2") { Ok(()) } else { Err(std::io::Error::other(answer)) }
}
