//! Requests from a native program: `reqwest`, with `rustls` and the certificates that the system trusts.
//!
//! `reqwest` needs the executor of `tokio`. It runs in one thread of its own, so that a host may use any other.

use super::{Header, Http, Method, Request, Response};
use kitestring::{Error, ErrorKind, Result, apply, port};
use reqwest::{Client, redirect};
use std::{error::Error as StdError, sync::OnceLock, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};

/// How long it may take until somebody answers at all.
const CONNECT: Duration = Duration::from_secs(20);
/// How long an answer that has begun may stand still.
const STALL: Duration = Duration::from_secs(60);
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);
/// A larger answer is none of ours.
const MAX_BYTES: usize = 256 << 20;

/// The [`Http`] of a native program; it works under any async executor. All of a process share one thread and one pool of
/// connections.
///
/// A request to this machine by plain `http` goes there itself; the others go through the proxy that the environment names,
/// if it names one.
#[derive(Debug, Clone)]
pub struct NativeHttp(());

impl NativeHttp {
    /// Prepares to send requests; none is sent.
    ///
    /// # Errors
    /// `unavailable` if the system gives no thread.
    pub fn new() -> Result<Self> {
        executor().map(|_| Self(()))
    }
}

/// The executor that all share, in one thread.
fn executor() -> Result<&'static Runtime> {
    static EXECUTOR: OnceLock<Option<Runtime>> = OnceLock::new();
    let build = || Builder::new_multi_thread().worker_threads(1).thread_name("kitestring-http").enable_all().build().ok();
    let none = || Error::new(ErrorKind::Unavailable, "open", "the system gives no thread to send requests with");
    EXECUTOR.get_or_init(build).as_ref().ok_or_else(none)
}

/// The client for requests of this scheme. The one for TLS reads the certificates of the system, which takes its time.
fn client(scheme: &str) -> Result<&'static Client> {
    static SEALED: OnceLock<Option<Client>> = OnceLock::new();
    static PLAIN: OnceLock<Option<Client>> = OnceLock::new();
    let builder = || {
        // If the program has chosen other cryptography, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = concat!("kitestring/", env!("CARGO_PKG_VERSION"));
        Client::builder().user_agent(agent).redirect(redirect::Policy::none()).connect_timeout(CONNECT).pool_idle_timeout(IDLE)
    };
    let client = match scheme {
        "http" => PLAIN.get_or_init(|| builder().no_proxy().tls_certs_only([]).build().ok()),
        _ => SEALED.get_or_init(|| builder().https_only(true).build().ok()),
    };
    let none = || Error::new(ErrorKind::Unavailable, "send", "the system gives no certificates to check servers by");
    client.as_ref().ok_or_else(none)
}

/// A request under way, which ends when nobody waits for it any longer.
struct UnderWay(JoinHandle<Result<Response>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[apply(port!)]
impl Http for NativeHttp {
    async fn send(&self, request: Request) -> Result<Response> {
        let exchanged = async move { exchange(client(request.url.scheme())?, request).await };
        let mut under_way = UnderWay(executor()?.spawn(exchanged));
        (&mut under_way.0).await.map_err(|e| unavailable("the request was given up", e))?
    }
}

async fn exchange(client: &Client, request: Request) -> Result<Response> {
    let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes());
    let method = method.map_err(|e| Error::new(ErrorKind::Internal, "send", e.to_string()))?;
    let mut building = client.request(method, request.url);
    for Header { name, value } in &request.headers {
        building = building.header(name, value);
    }
    if !request.body.is_empty() {
        building = building.body(request.body);
    } else if matches!(request.method, Method::Put | Method::Post) {
        // So that an empty one has a length too, which `reqwest` leaves out: services refuse one without.
        building = building.header("Content-Length", "0");
    }
    let mut response = building.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| Header { name: name.to_string(), value: text(value) }).collect();
    let mut body = Vec::new();
    let stalled = |e| unavailable("the answer has begun, and stands still", e);
    while let Some(bytes) = timeout(STALL, response.chunk()).await.map_err(stalled)?.map_err(failed)? {
        if body.len() + bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::Unavailable, "send", "the answer is larger than any of ours, and does not end"));
        }
        body.extend_from_slice(&bytes);
    }
    Ok(Response { status, headers, body })
}

fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let what = match tls(&error) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("its certificate is not trusted ({why:?}): is the address right, or is there a network that wants a login?")
        }
        Some(why) => format!("it does not speak TLS ({why}): is the address right?"),
        None if error.is_timeout() => "nobody answered in time: is there a network?".to_owned(),
        None if error.is_connect() => format!("it cannot be reached ({}): is there a network, and is the address right?", root(&error)),
        None => format!("the connection broke ({})", root(&error)),
    };
    unavailable(&what, error)
}

/// What is wrong with TLS, if that is it.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // An error of input and output passes over what it holds.
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    tls(held.map(|held| held as &'a (dyn StdError + 'static)).or_else(|| error.source())?)
}

fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| <dyn StdError>::source(*e))
}

fn unavailable(what: &str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, "send", what).caused_by(cause)
}
