//! The server in which an emulator runs: it takes requests apart, and sends answers.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, http::request::Parts, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{collections::BTreeMap, net::TcpListener, sync::Arc, thread};
use tokio::{runtime::Builder, task::spawn_blocking};
use url::Url;

/// A request, as far as anybody looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// What stands in the address behind the question mark.
    pub(crate) query: BTreeMap<String, String>,
    /// By their names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

impl Asked {
    fn of(head: &Parts, body: Bytes) -> Self {
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let url = Url::parse(&format!("http://h{}", head.uri)).ok();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default(),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body,
        }
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", kind.to_owned())], body: body.into() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Starts a server on this machine, which runs until the process ends, and returns its address. An answer may take its time:
/// others are given meanwhile.
pub(crate) fn start(answer: impl Fn(Asked) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = format!("http://{}/", listener.local_addr().expect("it has an address"));
    listener.set_nonblocking(true).expect("the system has sockets that do not block");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        let executor = Builder::new_current_thread().enable_io().build().expect("the system has an executor");
        executor.block_on(accept(listener, answer));
    });
    address
}

async fn accept<F: Fn(Asked) -> Reply + Send + Sync + 'static>(listener: TcpListener, answer: Arc<F>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("it is a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let answer = answer.clone();
        let service = service_fn(move |request| exchange(request, answer.clone()));
        // A connection that breaks is the client's affair.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn exchange<F>(request: Request<Incoming>, answer: Arc<F>) -> Result<Response<Full<Bytes>>, hyper::Error>
where
    F: Fn(Asked) -> Reply + Send + Sync + 'static,
{
    let (head, body) = request.into_parts();
    let asked = Asked::of(&head, body.collect().await?.to_bytes());
    let reply = spawn_blocking(move || answer(asked)).await.unwrap_or_else(|_| Reply::new(500, "text/plain", "the emulator has a fault"));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(reply.body.into())).expect("the answers of emulators are well-formed"))
}
