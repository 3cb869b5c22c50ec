//! A network that goes wrong, between a drive and its server: requests are late, lost, sent twice, carried out and not
//! answered, or answered with whatever services answer.

use async_io::Timer;
use kitestring::{Error, ErrorKind, Result, Runtime, apply, port};
use kitestring_adapters::{
    NativeRuntime,
    http::{Header, Http, Method, NativeHttp, Request, Response},
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};
use url::Url;

/// Which faults there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Those that a drive makes good by itself, and no more of one kind of request than it makes good.
    Passing,
    /// All but requests that are carried out after others that were sent later.
    InOrder,
    /// All of them.
    All,
}

/// A drive sends a request four times.
const MADE_GOOD: u32 = 3;

/// An [`Http`] with faults, drawn from a seed.
#[derive(Debug)]
pub struct FaultyHttp {
    http: NativeHttp,
    faults: Faults,
    draw: AtomicU64,
    is_on: AtomicBool,
    sent: AtomicU64,
    met: Mutex<BTreeMap<String, u32>>,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It takes its time.
    Late,
    /// It is lost on the way there.
    Lost,
    /// It is carried out, and the answer is lost on the way back.
    Unanswered,
    /// It is carried out twice, and the second answer counts.
    Twice,
    /// It is lost for the sender, and carried out some time later.
    CarriedOutLater,
    /// It is not carried out, and answered with this.
    Refused(u16),
    /// It is carried out, and answered with this.
    Denied(u16),
    /// It is not carried out, and answered by a web page.
    Page,
    /// It is not carried out, and sent to another host.
    Elsewhere,
    /// It is carried out, and half of the answer's body is left out.
    Half,
}

/// These are made good: each is harmless, or says that nothing was done.
const PASSING: &[Fault] = &[
    Fault::Late,
    Fault::Lost,
    Fault::Unanswered,
    Fault::Twice,
    Fault::Refused(423),
    Fault::Refused(429),
    Fault::Refused(502),
    Fault::Refused(503),
    Fault::Denied(504),
];
const ALL: &[Fault] = &[
    Fault::Late,
    Fault::Lost,
    Fault::Unanswered,
    Fault::Unanswered,
    Fault::Twice,
    Fault::CarriedOutLater,
    Fault::CarriedOutLater,
    Fault::Refused(401),
    Fault::Refused(403),
    Fault::Refused(409),
    Fault::Refused(412),
    Fault::Refused(423),
    Fault::Refused(429),
    Fault::Refused(500),
    Fault::Refused(503),
    Fault::Refused(507),
    Fault::Denied(500),
    Fault::Denied(502),
    Fault::Denied(504),
    Fault::Page,
    Fault::Elsewhere,
    Fault::Half,
];
/// All forms of "wait": none, seconds, too many, dates of the past and of the far future, and nonsense.
const WAITS: [Option<&str>; 6] =
    [None, Some("1"), Some("86400"), Some("Thu, 01 Jan 1970 00:00:00 GMT"), Some("Fri, 31 Dec 2199 23:59:59 GMT"), Some("later")];

impl FaultyHttp {
    /// Draws from a seed, and lets everything pass until [`FaultyHttp::turn`].
    ///
    /// # Errors
    /// As [`NativeHttp::new`].
    pub fn new(faults: Faults, seed: u64) -> Result<Self> {
        let (is_on, sent) = (AtomicBool::new(false), AtomicU64::new(0));
        Ok(Self { http: NativeHttp::new()?, faults, draw: AtomicU64::new(seed << 32), is_on, sent, met: Mutex::default() })
    }

    /// Turns the faults on or off.
    pub fn turn(&self, on: bool) {
        self.is_on.store(on, SeqCst);
    }

    /// Returns how many requests a drive has sent since the last call.
    pub fn sent(&self) -> u64 {
        self.sent.swap(0, SeqCst)
    }

    fn below(&self, end: usize) -> usize {
        let mut z = self.draw.fetch_add(0x9E37_79B9_7F4A_7C15, SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap_or_default()
    }

    fn fault(&self, request: &Request) -> Option<Fault> {
        let faults = if self.faults == Faults::Passing { PASSING } else { ALL };
        if !self.is_on.load(SeqCst) || self.below(5) > 0 {
            return None;
        }
        let drawn = faults[self.below(faults.len())];
        let is_meant = match (self.faults, drawn) {
            (Faults::All, _) => true,
            (Faults::InOrder, _) => !matches!(drawn, Fault::CarriedOutLater),
            (Faults::Passing, _) => self.is_made_good(request),
        };
        is_meant.then_some(drawn)
    }

    /// Counts it. Requests that are alike and under way at once cannot be told apart, so that all of them together have no
    /// more faults than one makes good.
    fn is_made_good(&self, request: &Request) -> bool {
        let mut met = self.met.lock().unwrap();
        let count = met.entry(format!("{} {}", request.method.as_str(), unsigned(&request.url))).or_default();
        *count += 1;
        *count <= MADE_GOOD
    }

    fn answer(&self, status: u16, header: Option<(&str, &str)>, body: &str) -> Response {
        let headers = header.map(|(name, value)| Header { name: name.to_owned(), value: value.to_owned() });
        Response { status, headers: headers.into_iter().collect(), body: body.into() }
    }

    /// Waits are short where a drive is to make them good.
    fn refusal(&self, status: u16) -> Response {
        let waits = if self.faults == Faults::Passing { &WAITS[..2] } else { &WAITS[..] };
        let wait = waits[self.below(waits.len())].filter(|_| matches!(status, 429 | 503));
        self.answer(status, wait.map(|wait| ("Retry-After", wait)), "no")
    }
}

/// Returns an address without a signature in its query, which is another one each second.
fn unsigned(url: &Url) -> String {
    let kept = url.query_pairs().filter(|(name, _)| !name.starts_with("X-Amz-")).map(|(name, value)| format!("{name}={value}&"));
    format!("{}{}?{}", url.origin().ascii_serialization(), url.path(), kept.collect::<String>())
}

fn lost() -> Error {
    Error::new(ErrorKind::Unavailable, "send", "the network went wrong on purpose")
}

#[apply(port!)]
impl Http for FaultyHttp {
    async fn send(&self, request: Request) -> Result<Response> {
        self.sent.fetch_add(1, SeqCst);
        match self.fault(&request) {
            None => self.http.send(request).await,
            Some(Fault::Late) => {
                Timer::after(Duration::from_millis(self.below(30) as u64)).await;
                self.http.send(request).await
            }
            Some(Fault::Lost) => Err(lost()),
            Some(Fault::Unanswered) => self.http.send(request).await.and(Err(lost())),
            Some(Fault::Twice) => {
                self.http.send(request.clone()).await?;
                self.http.send(request).await
            }
            Some(Fault::CarriedOutLater) => {
                let (http, wait) = (self.http.clone(), Duration::from_millis(self.below(150) as u64));
                thread::spawn(move || {
                    thread::sleep(wait);
                    async_io::block_on(http.send(request))
                });
                Err(lost())
            }
            Some(Fault::Refused(status)) => Ok(self.refusal(status)),
            Some(Fault::Denied(status)) => self.http.send(request).await.map(|_| self.refusal(status)),
            Some(Fault::Page) => Ok(self.answer(200, Some(("Content-Type", "text/html")), "<html>Welcome to the hotel</html>")),
            Some(Fault::Elsewhere) => Ok(self.answer(302, Some(("Location", "https://portal.example/login")), "")),
            Some(Fault::Half) => {
                let is_file = request.method == Method::Get;
                let mut response = self.http.send(request).await?;
                // Half a file without a sign of it is a server that lies, which is another matter.
                let half = if is_file { response.body.len() } else { response.body.len() / 2 };
                response.body.truncate(half);
                Ok(response)
            }
        }
    }
}

/// Time that goes a hundred times faster.
#[derive(Debug, Default)]
pub struct FastRuntime(NativeRuntime);

const FASTER: u32 = 100;

#[apply(port!)]
impl Runtime for FastRuntime {
    fn now(&self) -> Duration {
        self.0.now() * FASTER
    }

    fn wall(&self) -> Duration {
        // So that it goes as fast from a moment that both clocks have in common.
        Duration::from_secs(1_800_000_000) + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration / FASTER).await;
    }

    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        self.0.random(bytes)
    }
}
