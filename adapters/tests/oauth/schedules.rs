//! Thousands of random schedules of several processes with several tasks each, which all use one sign-in.

use crate::{
    service::{self, APP, LIFE, Service},
    sim::{BEGIN, Sim, Strike},
};
use futures::future::{Either, select};
use kitestring::{Error, ErrorKind, Result, Runtime as _, apply, port};
use kitestring_adapters::{
    http::{Http, Request, Response, Secret, TokenSource as _},
    oauth::{App, Endpoint, Grant, MemoryTokens, Provider, RefreshingTokens, Spawn, TokenStore, Turn},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const PROCESSES: usize = 3;
const TASKS: usize = 3;
const ROUNDS: u64 = 4;
const PATIENCE: Duration = Duration::from_secs(150);
const SECOND: Duration = Duration::from_secs(1);

/// What happens in a schedule.
#[derive(Clone, Copy, Default)]
struct Fate {
    cancels: bool,
    kills: bool,
    /// The store fails sometimes.
    full_disk: bool,
    /// The service does not accept an access token before it has run out.
    refuses: bool,
}

struct World {
    sim: Arc<Sim>,
    service: Service,
    store: MemoryTokens,
    fate: Fate,
    /// What the store has ever held.
    kept: Mutex<BTreeSet<String>>,
    /// Whether a process has died between the answer and the store.
    lost: AtomicBool,
    /// The programs that run, by process. One that has ended gives back what it held.
    programs: Mutex<BTreeMap<usize, RefreshingTokens>>,
}

/// The network of one process.
struct Net(Arc<World>);

#[apply(port!)]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response> {
        self.0.sim.dawdle(SECOND).await;
        let answer = service::answer(&self.0.service, &request, self.0.sim.wall());
        self.0.sim.dawdle(SECOND).await;
        Ok(answer)
    }
}

/// The store, which takes its time.
struct Store(Arc<World>);

#[apply(port!)]
impl TokenStore for Store {
    async fn load(&self) -> Result<Option<Grant>> {
        self.0.sim.dawdle(SECOND).await;
        let kept = self.0.store.load().await;
        self.0.sim.dawdle(SECOND).await;
        kept
    }

    async fn replace(&self, known: Option<Grant>, new: Option<Grant>) -> Result<bool> {
        self.0.sim.dawdle(SECOND).await;
        if self.0.fate.full_disk && self.0.sim.below(3) == 0 {
            return Err(Error::new(ErrorKind::State, "sign-in", "the disk is full"));
        }
        let is_kept = self.0.store.replace(known, new.clone()).await?;
        if let Some(new) = new.filter(|_| is_kept) {
            self.0.kept.lock().unwrap().insert(new.access.expose().to_owned());
        }
        self.0.sim.dawdle(SECOND).await;
        Ok(is_kept)
    }

    async fn turn(&self) -> Result<Turn> {
        match select(self.0.store.turn(), self.0.sim.sleep(PATIENCE)).await {
            Either::Left((turn, _)) => turn,
            Either::Right(_) => Err(Error::new(ErrorKind::Unavailable, "sign-in", "somebody does not give the turn back")),
        }
    }
}

impl World {
    fn new(seed: u64, fate: Fate) -> Arc<Self> {
        let (sim, service) = (Sim::new(seed), Service::new(true));
        let (access, refresh) = service.signed_in(BEGIN);
        let app = App { id: APP.to_owned(), secret: None };
        let kept = Mutex::new(BTreeSet::from([access.clone()]));
        let (lost, programs) = (AtomicBool::new(false), Mutex::default());
        let grant = Grant { app, access: Secret::new(access), refresh: Secret::new(refresh), issued: BEGIN, life: Some(LIFE) };
        Arc::new(Self { sim, service, store: MemoryTokens::new(Some(grant)), fate, kept, lost, programs })
    }

    fn start(self: &Arc<Self>, process: usize) {
        let provider = Provider { rotates: true, ..Provider::gdrive() };
        let endpoint = Endpoint::new(provider, Arc::new(Net(self.clone())), self.sim.clone()).unwrap();
        let sim = self.sim.clone();
        let spawn: Spawn = Arc::new(move |work| sim.begin(process, false, work));
        let tokens = RefreshingTokens::new(endpoint, Arc::new(Store(self.clone())), self.sim.clone(), spawn, "knock again");
        self.programs.lock().unwrap().insert(process, tokens.clone());
        for _ in 0..TASKS {
            let (world, tokens) = (self.clone(), tokens.clone());
            self.sim.begin(process, true, Box::pin(async move { world.work(tokens).await }));
        }
    }

    /// What a drive does all day.
    async fn work(self: Arc<Self>, tokens: RefreshingTokens) {
        for _ in 0..ROUNDS {
            self.sim.dawdle(LIFE).await;
            let mut answer = tokens.token(None).await;
            let refused =
                |answer: &Result<Secret>| answer.as_ref().ok().filter(|t| !self.service.accepts(t.expose(), self.sim.wall())).cloned();
            if let Some(refused) = refused(&answer) {
                answer = tokens.token(Some(refused)).await;
            }
            match answer {
                Ok(token) => {
                    assert!(self.kept.lock().unwrap().contains(token.expose()), "used before it was kept");
                    assert!(self.fate.refuses || self.lost() || self.service.accepts(token.expose(), self.sim.wall()), "too old");
                }
                Err(e) if self.fate.full_disk && matches!(e.kind, ErrorKind::State | ErrorKind::Unavailable) => {}
                Err(e) => {
                    assert!(self.lost(), "{e}");
                    assert_eq!(e.kind, ErrorKind::Unauthorized, "{e}");
                    assert!(e.detail().ends_with("knock again"), "{e}");
                }
            }
        }
    }

    fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    fn strike(self: &Arc<Self>) -> Strike {
        if self.fate.refuses && self.sim.below(300) == 0 {
            self.service.forget_access();
        }
        if self.fate.cancels && self.sim.below(60) == 0 {
            return Strike::Cancel;
        }
        if self.fate.kills && self.sim.below(200) == 0 {
            let process = self.sim.below(PROCESSES as u64) as usize;
            // What the service has given and the store does not have is with one process only; if that is not this one, it is
            // still on its way.
            let kept = futures::executor::block_on(self.store.load()).unwrap().unwrap().refresh;
            if kept.expose() != self.service.refresh_token() {
                self.lost.store(true, Ordering::Relaxed);
            }
            self.start(process);
            return Strike::Kill(process);
        }
        Strike::Nothing
    }
}

fn play(seed: u64, fate: Fate) -> (usize, bool) {
    let world = World::new(seed, fate);
    (0..PROCESSES).for_each(|process| world.start(process));
    world.sim.run(|_| world.strike());
    world.programs.lock().unwrap().clear();
    let (lost, books) = (world.lost(), world.service.books());
    assert!(lost || books.reused == 0, "a refresh token came twice");
    for refresh in &books.refreshes {
        assert!(refresh.was_refused || refresh.age >= LIFE.mul_f64(0.75), "a refresh too many: the token was {:?} old", refresh.age);
    }
    (books.refreshes.len(), lost)
}

fn play_all(name: &str, seeds: u64, fate: Fate) -> (usize, u64) {
    let (mut refreshes, mut losses) = (0, 0);
    for seed in 0..seeds {
        let played = std::panic::catch_unwind(|| play(seed, fate));
        let (n, lost) = played.unwrap_or_else(|e| {
            eprintln!("seed {seed} of {name}");
            std::panic::resume_unwind(e)
        });
        refreshes += n;
        losses += u64::from(lost);
    }
    println!("{name}: {seeds} schedules, {refreshes} refreshes, {losses} sign-ins lost");
    (refreshes, losses)
}

#[test]
fn of_all_who_ask_one_refreshes() {
    let (refreshes, losses) = play_all("plain", 2000, Fate::default());
    assert!(refreshes > 4000 && losses == 0, "{refreshes}");
}

#[test]
fn who_gives_up_does_no_harm() {
    let (refreshes, losses) = play_all("cancels", 2000, Fate { cancels: true, ..Fate::default() });
    assert!(refreshes > 500 && losses == 0, "{refreshes}");
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let (refreshes, losses) = play_all("refuses", 2000, Fate { refuses: true, cancels: true, ..Fate::default() });
    assert!(refreshes > 500 && losses == 0, "{refreshes}");
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_no_sign_in() {
    let fate = Fate { full_disk: true, ..Fate::default() };
    let (refreshes, losses) = play_all("full disk", 2000, fate);
    assert!(refreshes > 2000 && losses == 0, "{refreshes}");
}

#[test]
fn a_kill_loses_a_sign_in_only_between_the_answer_and_the_disk() {
    let (_, losses) = play_all("kills", 2000, Fate { kills: true, ..Fate::default() });
    assert!(losses > 10, "{losses}");
}
