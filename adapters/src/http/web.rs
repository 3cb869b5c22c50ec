//! What stands between a drive and the network.

use super::{
    Budget, Credentials, Http, Method, Request, Response, Secret,
    fault::Frame,
    origin::{check, host_of},
    pace::Pace,
    retry::{delay, may_repeat, retry_after},
};
use futures::future::{Either, select};
use kitestring::{Error, ErrorKind, Result, Runtime};
use std::{fmt, pin::pin, sync::Arc, time::Duration};
use url::{Origin, Url};

/// So many redirects are followed.
const REDIRECTS: u32 = 3;
/// A line that carries fewer bytes in a second is given up.
const SLOWEST_BYTES: u64 = 16 << 10;
/// A file may take so many times longer to come than any other answer: how long it is, is not known before.
const DOWNLOAD: u32 = 10;

/// Whether a request may be sent again although it may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Once or twice is the same: reading, writing a whole file whatever is there, deleting.
    Freely,
    /// It has a condition, or does something anew each time. It is sent again only after an answer that says that it was not
    /// carried out; everything else is for the caller to look into.
    OnlyIfRefused,
}

/// What a request is for: for errors, and for what may be done with it.
#[derive(Debug, Clone)]
pub struct Call {
    /// A word such as `"get"`.
    pub operation: &'static str,
    /// The file or folder; empty for none.
    pub subject: String,
    /// Whether it may be sent again.
    pub repeat: Repeat,
}

/// How a drive uses its service.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What people call it: "the WebDAV server".
    pub drive: &'static str,
    /// How long the answer to one request may take. For a body that is sent, as much is added as a slow line needs; a file
    /// that is read may take ten times as long.
    pub timeout: Duration,
    /// How often a request is sent at most.
    pub tries: u32,
    /// How long a call may wait in all between its tries. What a service asks for beyond it is the retry advice of the error.
    pub patience: Duration,
    /// How many requests may be under way at once.
    pub parallel: u32,
    /// How many requests may be sent in a time.
    pub budget: Option<Budget>,
}

impl Rules {
    /// Makes rules that suit a small server: a minute for an answer, four tries, and a minute between them in all.
    pub fn new(drive: &'static str) -> Self {
        let minute = Duration::from_secs(60);
        Self { drive, timeout: minute, tries: 4, patience: minute, parallel: 4, budget: None }
    }
}

/// Why there is no answer.
enum Failure {
    /// Nobody has answered.
    Unanswered(Error),
    /// It would be the same again.
    Final(Error),
}

/// Sends the requests of one drive: with its credentials, at its pace, and again where that is harmless.
///
/// Credentials go to the origins of the service only. A redirect is followed within its origin and nowhere else, and only
/// of requests that may be repeated.
pub struct Web {
    http: Arc<dyn Http>,
    runtime: Arc<dyn Runtime>,
    rules: Rules,
    origins: Vec<Origin>,
    credentials: Credentials,
    pace: Pace,
}

impl Web {
    /// Takes what sends requests, and the addresses of the service.
    ///
    /// # Errors
    /// `invalid_input` if an address is one of plain `http` outside of this machine.
    pub fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, service: &[&Url], credentials: Credentials, rules: Rules) -> Result<Self> {
        service.iter().try_for_each(|url| check(url))?;
        let origins = service.iter().map(|url| url.origin()).collect();
        let pace = Pace::new(rules.parallel, rules.budget);
        Ok(Self { http, runtime, rules, origins, credentials, pace })
    }

    /// Sends a request, and returns the answer to it, whatever its status: after the last try also one of those that are
    /// waited out.
    ///
    /// # Errors
    /// `unavailable` if there was no answer, or one that leads elsewhere: the request may have taken effect. What the source
    /// of tokens answers.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn send(&self, call: &Call, request: Request) -> Result<Response> {
        let (mut tries, mut waited) = (1, Duration::ZERO);
        loop {
            let answer = match self.try_once(call, &request).await {
                Ok(response) => Ok(response),
                Err(Failure::Unanswered(error)) => Err(error),
                Err(Failure::Final(error)) => return Err(error),
            };
            if !may_repeat(call.repeat, answer.as_ref().ok().map(|response| response.status)) {
                return answer;
            }
            let asked = answer.as_ref().ok().and_then(|response| retry_after(response, &*self.runtime));
            if let Some(asked) = asked {
                self.pace.pause(self.runtime.now(), asked.min(self.rules.patience));
            }
            let wait = delay(&*self.runtime, tries - 1)?.max(asked.unwrap_or_default());
            if tries >= self.rules.tries || waited.saturating_add(wait) > self.rules.patience {
                return answer;
            }
            self.runtime.sleep(wait).await;
            (tries, waited) = (tries + 1, waited + wait);
        }
    }

    /// Waits as before the (`repetition` + 1)th repetition: for a service that has words of its own for what may be sent again.
    ///
    /// # Errors
    /// If there is no randomness.
    pub async fn wait(&self, repetition: u32) -> Result<()> {
        self.runtime.sleep(delay(&*self.runtime, repetition)?).await;
        Ok(())
    }

    /// Says what a status means that is no answer to the request.
    pub fn refused(&self, call: &Call, url: &Url, response: &Response) -> Error {
        self.frame(call, url).refused(response, retry_after(response, &*self.runtime))
    }

    /// Makes an error that says where and at what it happened.
    pub fn error(&self, call: &Call, url: &Url, kind: ErrorKind, what: &str) -> Error {
        self.frame(call, url).error(kind, what)
    }

    fn frame<'a>(&'a self, call: &'a Call, url: &'a Url) -> Frame<'a> {
        Frame { drive: self.rules.drive, url, call }
    }

    /// Sends a request once; with a new token if the one it had is refused, and along redirects.
    async fn try_once(&self, call: &Call, request: &Request) -> Result<Response, Failure> {
        let mut request = request.clone();
        for _ in 0..=REDIRECTS {
            let (response, token) = self.signed(call, &request, None).await?;
            let response = match token {
                Some(token) if response.status == 401 => self.signed(call, &request, Some(token)).await?.0,
                _ => response,
            };
            match self.redirect(call, &request, &response).map_err(Failure::Final)? {
                Some(url) => request.url = url,
                None => return Ok(response),
            }
        }
        Err(Failure::Final(self.error(call, &request.url, ErrorKind::Unavailable, "sends the request round in circles")))
    }

    async fn signed(&self, call: &Call, request: &Request, refused: Option<Secret>) -> Result<(Response, Option<Secret>), Failure> {
        if !self.origins.contains(&request.url.origin()) {
            return Err(Failure::Final(self.error(call, &request.url, ErrorKind::Internal, "is not part of the service")));
        }
        let (mut signed, mut token) = (request.clone(), None);
        if let Some((value, ours)) = self.credentials.authorization(refused).await.map_err(Failure::Final)? {
            signed = signed.with("Authorization", value.expose());
            token = ours;
        }
        let unanswered = |e| Failure::Unanswered(self.frame(call, &request.url).unanswered(e));
        let response = self.answered(signed).await.map_err(unanswered)?;
        Ok((response, token))
    }

    async fn answered(&self, request: Request) -> Result<Response> {
        let _turn = self.pace.turn(&*self.runtime).await;
        let limit = self.limit(&request);
        match select(pin!(self.http.send(request)), self.runtime.sleep(limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                let detail = format!("it took longer than {} seconds", limit.as_secs());
                Err(Error::new(ErrorKind::Unavailable, "send", detail))
            }
        }
    }

    fn limit(&self, request: &Request) -> Duration {
        match request.method {
            Method::Get => self.rules.timeout * DOWNLOAD,
            _ => self.rules.timeout + Duration::from_secs(request.body.len() as u64 / SLOWEST_BYTES),
        }
    }

    /// Where a redirect leads, if this is one that is followed.
    fn redirect(&self, call: &Call, request: &Request, response: &Response) -> Result<Option<Url>> {
        let keeps = match response.status {
            307 | 308 => true,
            301 | 302 => matches!(request.method, Method::Get | Method::Head | Method::Propfind),
            _ => return Ok(None),
        };
        let Some(to) = response.header("location").and_then(|to| request.url.join(to).ok()) else { return Ok(None) };
        if to.origin() != request.url.origin() {
            let what = format!(
                "answered {}: it leads to {}, and neither the files nor the credentials are sent on; is there a network that wants a login? \
                 If the drive has moved, use its new address",
                response.status,
                host_of(&to)
            );
            return Err(self.error(call, &request.url, ErrorKind::Unavailable, &what));
        }
        Ok(Some(to).filter(|_| keeps && call.repeat == Repeat::Freely))
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("rules", &self.rules).field("credentials", &self.credentials).finish_non_exhaustive()
    }
}
