//! The servers that clients meet on: Apache for whoever speaks WebDAV, `rclone serve` for `rclone`, and PouchDB's own.

use crate::side::{Peer, Programs};
use bench::Result;
use kitestring_servers::{Kind, Passed, Server, delaying, empty_folder};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server, behind a relay that counts. It ends when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Where clients reach it.
    pub url: String,
    /// What has passed.
    pub passed: Passed,
    /// Where its files are.
    pub files: PathBuf,
    _running: Running,
}

#[derive(Debug)]
enum Running {
    Apache(#[allow(dead_code, reason = "it is kept for its end")] Server),
    Other(Child),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Other(child) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Served {
    /// Starts one with nothing on it; each request waits.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(peer: Peer, wait: Duration, programs: &Programs, home: &Path) -> Result<Self> {
        let files = home.join("served");
        fs::create_dir(&files)?;
        match peer {
            Peer::PouchDb(_) => {
                let (child, port) = pouchdb(&files)?;
                Ok(Self::behind(&format!("http://127.0.0.1:{port}/notes"), wait, files, Running::Other(child)))
            }
            Peer::Rclone => {
                let (child, port) = rclone(&programs.rclone(), &files)?;
                Ok(Self::behind(&format!("http://127.0.0.1:{port}/"), wait, files, Running::Other(child)))
            }
            _ => {
                let server = Server::start(Kind::Apache);
                let folder = empty_folder(&server)?;
                let files = server.place(&folder);
                Ok(Self::behind(&folder, wait, files, Running::Apache(server)))
            }
        }
    }

    fn behind(address: &str, wait: Duration, files: PathBuf, running: Running) -> Self {
        let (url, passed) = delaying(address, wait);
        Self { url, passed, files, _running: running }
    }
}

/// Starts PouchDB's server, which says its port.
fn pouchdb(files: &Path) -> Result<(Child, u16)> {
    let mut command = Command::new("node");
    command.arg(Programs::sources().join("node/pouchdb-server.mjs")).arg(files);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    let port = line.trim().parse().map_err(|_| "PouchDB's server did not start: `npm ci` in tests/peers installs it")?;
    Ok((child, port))
}

fn rclone(program: &Path, files: &Path) -> Result<(Child, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(program);
    command.args(["--config", "/dev/null", "serve", "webdav", "--addr", &format!("127.0.0.1:{port}")]).arg(files);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.map_err(|e| format!("{}: {e}; tests/servers/test.sh installs it", program.display()))?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begun.elapsed() > PATIENCE {
            return Err("`rclone serve` does not answer".into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok((child, port))
}

/// Returns the bytes of all files in a folder.
///
/// # Errors
/// If it cannot be read.
pub fn stored(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { stored(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}
