//! A relay before a server, which counts the requests that pass.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};
use url::Url;

/// How many requests have passed.
#[derive(Debug, Clone, Default)]
pub struct Passed(Arc<AtomicU64>);

impl Passed {
    /// Returns the number since the last call.
    pub fn take(&self) -> u64 {
        self.0.swap(0, SeqCst)
    }
}

/// Returns the address of a relay to a folder, and its counter. It runs until the process ends.
///
/// # Panics
/// If there is no port left.
pub fn counting(folder: &str) -> (String, Passed) {
    let server = Url::parse(folder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut relay = server.clone();
    relay.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let to = format!("127.0.0.1:{}", server.port().unwrap_or_default());
    let passed = Passed::default();
    let counter = passed.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (to, counter) = (to.clone(), counter.clone());
            thread::spawn(move || relay_all(client, &to, &counter));
        }
    });
    (relay.to_string(), passed)
}

/// Passes the requests of one connection on, one after the other, and the answers back as they come.
fn relay_all(client: TcpStream, to: &str, passed: &Passed) -> io::Result<()> {
    let mut server = TcpStream::connect(to)?;
    // Headers are passed on line by line, which must not wait for acknowledgements.
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        // The client is to see when the server has closed a connection that stood idle.
        back.shutdown(Shutdown::Both)
    });
    let mut requests = BufReader::new(client);
    loop {
        let (mut line, mut length) = (Vec::new(), 0);
        while requests.read_until(b'\n', &mut line)? > 0 {
            server.write_all(&line)?;
            let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
            if text.trim().is_empty() {
                break;
            }
            length = text.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap_or_default());
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        passed.0.fetch_add(1, SeqCst);
        io::copy(&mut (&mut requests).take(length), &mut server)?;
    }
}
