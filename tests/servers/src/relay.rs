//! A relay before a server, which counts what passes, and may let each request wait.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};
use url::Url;

/// How much has passed.
#[derive(Debug, Clone, Default)]
pub struct Passed(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

impl Passed {
    /// Returns the number of requests since the last call.
    pub fn take(&self) -> u64 {
        self.0.requests.swap(0, SeqCst)
    }

    /// Returns how many bytes have passed to the server and back since the last call, headers included.
    pub fn take_bytes(&self) -> (u64, u64) {
        (self.0.up.swap(0, SeqCst), self.0.down.swap(0, SeqCst))
    }
}

/// Returns the address of a relay to a folder, and its counter. It runs until the process ends.
///
/// # Panics
/// If there is no port left.
pub fn counting(folder: &str) -> (String, Passed) {
    delaying(folder, Duration::ZERO)
}

/// As [`counting`], and each request waits for so long before the server gets it.
///
/// # Panics
/// If there is no port left.
pub fn delaying(folder: &str, wait: Duration) -> (String, Passed) {
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
            thread::spawn(move || relay_all(client, &to, &counter, wait));
        }
    });
    (relay.to_string(), passed)
}

/// Passes the requests of one connection on, one after the other, and the answers back as they come.
fn relay_all(client: TcpStream, to: &str, passed: &Passed, wait: Duration) -> io::Result<()> {
    let mut server = TcpStream::connect(to)?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (answers, back, counter) = (server.try_clone()?, client.try_clone()?, passed.clone());
    thread::spawn(move || {
        let _ = answer_all(answers, &back, &counter);
        // The client is to see when the server has closed a connection that stood idle.
        back.shutdown(Shutdown::Both)
    });
    let mut requests = BufReader::new(client);
    while let Some((head, length)) = head(&mut requests)? {
        passed.0.requests.fetch_add(1, SeqCst);
        passed.0.up.fetch_add(head.len() as u64 + length, SeqCst);
        thread::sleep(wait);
        server.write_all(&head)?;
        io::copy(&mut (&mut requests).take(length), &mut server)?;
    }
    Ok(())
}

/// Reads the head of the next request, and how long its body is; none when the client has gone.
fn head(requests: &mut BufReader<TcpStream>) -> io::Result<Option<(Vec<u8>, u64)>> {
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let begun = head.len();
        if requests.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(head.get(begun..).unwrap_or_default()).to_ascii_lowercase();
        if line.trim().is_empty() {
            return Ok(Some((head, length)));
        }
        length = line.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap_or_default());
    }
}

/// Passes answers back, and counts their bytes.
fn answer_all(mut answers: TcpStream, mut back: &TcpStream, passed: &Passed) -> io::Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let count = answers.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        passed.0.down.fetch_add(count as u64, SeqCst);
        back.write_all(bytes.get(..count).unwrap_or_default())?;
    }
}
