//! The page of this machine that a service sends the browser back to (RFC 8252, 7.3).

use super::{Redirect, SignIn};
use crate::http::Secret;
use async_io::{Async, Timer};
use futures::{
    AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _,
    future::{Either, select},
};
use kitestring::{Error, ErrorKind, Result};
use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    pin::pin,
    time::Duration,
};
use url::Url;
use zeroize::Zeroizing;

/// A request is given up after this time: browsers open connections that they never use.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many connections are listened to at once.
const AT_ONCE: usize = 32;
/// More than any redirect.
const MAX_BYTES: usize = 16 << 10;

/// Waits on a port of 127.0.0.1 for the browser.
#[derive(Debug)]
pub struct Loopback {
    listener: Async<TcpListener>,
    redirect: Url,
}

impl Loopback {
    /// Takes a port, which nobody else can have meanwhile; 0 for any.
    ///
    /// # Errors
    /// `unavailable` if the system gives none.
    pub fn open(port: u16) -> Result<Self> {
        let failed = |e: io::Error| Error::new(ErrorKind::Unavailable, "sign-in", format!("no port of this machine can be used: {e}"));
        let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let address = listener.get_ref().local_addr().map_err(failed)?;
        let redirect = Url::parse(&format!("http://{address}/")).map_err(|e| failed(io::Error::other(e)))?;
        Ok(Self { listener, redirect })
    }

    /// Returns the address of the page.
    pub fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// Returns the same address as a service wants it.
    pub fn redirect_as(&self, redirect: Redirect) -> String {
        match redirect {
            // As the app has named it: without a path.
            Redirect::Localhost => format!("http://localhost:{}", self.redirect.port().unwrap_or_default()),
            Redirect::Loopback | Redirect::ShownCode => self.redirect.to_string(),
        }
    }

    /// Waits until the browser brings the code. Whatever else comes is answered and passed by: anybody on this machine can ask.
    ///
    /// # Errors
    /// `cancelled` if the person has said no; `unauthorized` if the service gave no code; `unavailable`.
    pub async fn code(&self, sign_in: &SignIn) -> Result<Secret> {
        let served = self.listener.incoming().map(|accepted| async {
            match accepted {
                Ok(stream) => self.serve(stream, sign_in).await,
                Err(e) => Some(Err(Error::new(ErrorKind::Unavailable, "sign-in", format!("no browser can come back here: {e}")))),
            }
        });
        let mut served = pin!(served.buffer_unordered(AT_ONCE));
        while let Some(answer) = served.next().await {
            if let Some(answer) = answer {
                return answer;
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "sign-in", "no browser can come back here any longer"))
    }

    /// Answers one request, and returns what it brings, if it is the one that is waited for.
    async fn serve(&self, mut stream: Async<TcpStream>, sign_in: &SignIn) -> Option<Result<Secret>> {
        let served = async {
            let target = target(&mut stream).await?;
            let url = self.redirect.join(&target).ok().filter(|url| url.path() == "/" && url.query().is_some());
            let answer = url.map(|url| sign_in.code_of(&url)).filter(|answer| !is_stray(answer));
            let (status, text) = match &answer {
                None => ("404 Not Found", "There is nothing here."),
                Some(Ok(_)) => ("200 OK", "Signed in. This page can be closed."),
                Some(Err(_)) => ("200 OK", "Not signed in. This page can be closed."),
            };
            let page = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
                 Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}",
                text.len()
            );
            let _ = stream.write_all(page.as_bytes()).await;
            let _ = stream.close().await;
            answer
        };
        match select(pin!(served), pin!(Timer::after(PATIENCE))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => None,
        }
    }
}

/// Whether an answer belongs to another sign-in, or to none.
fn is_stray(answer: &Result<Secret>) -> bool {
    answer.as_ref().is_err_and(|e| e.kind == ErrorKind::InvalidInput)
}

/// Reads a request up to its empty line, and returns what it asks for.
async fn target(stream: &mut Async<TcpStream>) -> Option<String> {
    let mut read = Zeroizing::new(Vec::new());
    let mut some = Zeroizing::new([0; 1024]);
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        let n = stream.read(&mut *some).await.ok().filter(|n| *n > 0 && read.len() < MAX_BYTES)?;
        read.extend_from_slice(some.get(..n)?);
    }
    let line = std::str::from_utf8(read.split(|b| *b == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    (words.next() == Some("GET")).then(|| words.next().map(str::to_owned))?
}
