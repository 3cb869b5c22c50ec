//! A drive, some seats, and the calls a driver makes on them.

use crate::{
    config::Config,
    control::Control,
    drive::SimDrive,
    executor::{Executor, Stop},
    faults::FaultSource,
    ghost::Ghost,
    host::{Backup, Host},
    run::{Kind, Run, Started},
    runtime::{Clock, SimRuntime},
    watch::Watch,
};
use kitestring::{Application, Change, Client, Drive, Encryption, MemoryState, Result, State};
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

/// One device.
pub struct Seat {
    /// The host application.
    pub host: Arc<Host>,
    /// The client; none before it is opened and after a kill.
    pub client: Option<Client>,
    pub(crate) alive: Arc<AtomicBool>,
    pub(crate) drive: Arc<dyn Drive>,
    pub(crate) state: Arc<dyn State>,
    pub(crate) application: Arc<dyn Application>,
    pub(crate) runtime: Arc<SimRuntime>,
    /// Changes whose `queue_change` did not return well in a client that lives on.
    pub(crate) owed: Vec<Change>,
    /// Whether the host must be compared with what was agreed: it may have changed without a word.
    pub(crate) reconcile_due: bool,
    pub(crate) memory: Arc<MemoryState>,
    /// What it opens the vault with.
    pub(crate) encryption: Option<Encryption>,
}

/// Everything of one simulation.
pub struct World {
    /// The drive itself, without any wrapping.
    pub drive: Arc<SimDrive>,
    /// The devices.
    pub seats: Vec<Seat>,
    /// The ghost history.
    pub ghost: Arc<Ghost>,
    /// Steps, faults, trace.
    pub control: Arc<Control>,
    /// The clock.
    pub clock: Arc<Clock>,
    executor: Executor,
    pub(crate) config: Config,
    pub(crate) watch: Option<Arc<Watch>>,
}

impl World {
    /// Makes a world in which nothing has happened and no client is open.
    pub fn new(config: Config) -> Self {
        let clock = Arc::new(Clock::default());
        let control = Arc::new(Control::new(Arc::clone(&clock), config.keep_lines, config.yields));
        let drive = Arc::new(SimDrive::new(config.capabilities, config.listings));
        if let Some(encryption) = &config.encryption {
            drive.look_through(encryption.clone());
        }
        let ghost = Arc::<Ghost>::default();
        if config.watched || config.lenient {
            ghost.be_lenient();
        }
        if config.is_journal() {
            ghost.tell_authors_only();
        }
        let mut world = Self {
            watch: Watch::new(&config, &drive, &ghost).map(Arc::new),
            drive,
            seats: Vec::new(),
            ghost,
            executor: Executor::new(Arc::clone(&clock), Arc::clone(&control)),
            control,
            clock,
            config,
        };
        (0..world.config.seats).for_each(|_| {
            world.add_seat();
        });
        world
    }

    /// Adds a device whose host is empty, and returns its number.
    pub fn add_seat(&mut self) -> usize {
        let number = self.seats.len();
        let manners = self.config.each.get(number).copied().unwrap_or(self.config.manners);
        let host = Arc::new(Host::new(number, Arc::clone(&self.ghost), Arc::clone(&self.control), manners));
        let memory = Arc::new(MemoryState::new());
        self.drive.claim(number, self.config.claims.get(number).copied().flatten());
        let ahead = self.config.ahead.get(number).copied().unwrap_or_default();
        let seed = self.config.seed.wrapping_mul(1000).wrapping_add(number as u64);
        self.seats.push(Seat {
            client: None,
            alive: Arc::default(),
            drive: wrap(&self.config.around_drive, number, self.drive.of_seat(number)),
            state: wrap(&self.config.around_state, number, Arc::clone(&memory) as Arc<dyn State>),
            application: wrap(&self.config.around_application, number, Arc::clone(&host) as Arc<dyn Application>),
            runtime: Arc::new(SimRuntime::new(Arc::clone(&self.clock), ahead, seed)),
            host,
            owed: Vec::new(),
            reconcile_due: false,
            memory,
            encryption: self.config.encryption.clone(),
        });
        number
    }

    /// Returns a host.
    ///
    /// # Panics
    /// If there is no such seat: a fault of the driver.
    #[allow(clippy::indexing_slicing, reason = "a seat that does not exist is a fault of the driver")]
    pub fn host(&self, seat: usize) -> Arc<Host> {
        Arc::clone(&self.seats[seat].host)
    }

    #[allow(clippy::indexing_slicing, reason = "a seat that does not exist is a fault of the driver")]
    pub(crate) fn seat(&mut self, seat: usize) -> &mut Seat {
        &mut self.seats[seat]
    }

    /// Whether the seat's client is open.
    pub fn is_open(&self, seat: usize) -> bool {
        self.seats.get(seat).is_some_and(|s| s.client.is_some())
    }

    /// Puts a device's state back to an earlier copy of it, its host too if `host` is given. Its process is killed.
    pub fn restore(&mut self, seat: usize, state: &MemoryState, host: Option<Backup>) {
        self.kill(seat);
        let memory = Arc::new(state.snapshot());
        let wrapped = wrap(&self.config.around_state, seat, Arc::clone(&memory) as Arc<dyn State>);
        let compare = host.is_none();
        let this = self.seat(seat);
        (this.state, this.memory) = (wrapped, memory);
        this.reconcile_due |= compare;
        if let Some(host) = host {
            this.host.restore(host);
        }
        if let Some(watch) = &self.watch {
            watch.restored(seat);
        }
    }

    /// Copies a device with its profile, state and host, and returns the number of the copy.
    pub fn copy_seat(&mut self, seat: usize) -> usize {
        let (state, host) = (Arc::clone(&self.seat(seat).memory), self.host(seat).backup());
        let manners = self.host(seat).manners();
        let number = self.seats.len();
        self.config.each.resize(number, self.config.manners);
        self.config.each.push(manners);
        let claims = self.config.claims.get(seat).copied().flatten();
        self.config.claims.resize(number, None);
        self.config.claims.push(claims);
        let copy = self.add_seat();
        self.restore(copy, &state, Some(host));
        copy
    }

    /// Drops the seat's client and all its calls, as the end of its process would.
    pub fn kill(&mut self, seat: usize) {
        self.executor.kill(seat);
        self.gone(seat);
    }

    /// Drops a call where it stands; the client lives on.
    pub fn cancel<T>(&mut self, started: &Started<T>) {
        self.executor.cancel(started.task);
        self.ended(started, false);
    }

    /// Goes on with a call until it ends or something stops it.
    pub fn go_on<T>(&mut self, started: &Started<T>) -> Run<T> {
        self.go_on_for(started, u64::MAX)
    }

    /// Goes on with a call for at most so many polls.
    pub fn go_on_for<T>(&mut self, started: &Started<T>, polls: u64) -> Run<T> {
        let run = match self.executor.run_for(started.task, polls) {
            Stop::Ended => match started.slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(result) => Run::Done(result),
                None => Run::Cancelled,
            },
            Stop::Killed(seat) => {
                self.gone(seat);
                return Run::Killed(seat);
            }
            Stop::Cancelled(task) if task == started.task => Run::Cancelled,
            Stop::Cancelled(_) => return self.go_on_for(started, polls),
            Stop::Paused(_) | Stop::Polls => return Run::Paused,
            Stop::Deadlock if self.control.is_paused() => return Run::Paused,
            Stop::Deadlock => Run::Deadlock,
            Stop::Livelock => Run::Livelock,
        };
        if matches!(run, Run::Deadlock | Run::Livelock) {
            self.executor.cancel(started.task);
        }
        self.ended(started, run.is_well());
        self.control.note(|| format!("c{} call ended: {}", started.seat + 1, run.word()));
        run
    }

    /// Lets a call go on that a pause fault holds; [`World::go_on`] then runs it.
    pub fn resume<T>(&mut self, started: &Started<T>) {
        self.executor.resume(started.task);
    }

    /// Injects what `source` decides from now on, and counts steps from 0.
    pub fn arm(&self, source: Option<Box<dyn FaultSource>>) {
        self.control.arm(source);
    }

    pub(crate) fn with_client<T, F>(&mut self, seat: usize, kind: Kind, call: impl FnOnce(Client) -> F) -> Started<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let Some(client) = self.seat(seat).client.clone() else {
            let closed = kitestring::Error::new(kitestring::ErrorKind::Cancelled, "simulate", "the client is not open");
            return self.start_as(seat, kind, std::future::ready(Err(closed)));
        };
        // Boxed before it is moved about: the future of a sync is large.
        let call = Box::pin(call(client));
        self.start_as(seat, kind, call)
    }

    pub(crate) fn start<T: Send + 'static>(&mut self, seat: usize, call: impl Future<Output = Result<T>> + Send + 'static) -> Started<T> {
        let call = Box::pin(call);
        self.start_as(seat, Kind::Other, call)
    }

    fn start_as<T, F>(&mut self, seat: usize, kind: Kind, call: F) -> Started<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let task = self.executor.spawn(seat, async move {
            let answer = call.await;
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        });
        Started { task, seat, kind, slot }
    }

    fn ended<T>(&mut self, started: &Started<T>, well: bool) {
        if started.kind == Kind::Other {
            self.host(started.seat).run_ended(well);
        }
    }

    fn gone(&mut self, seat: usize) {
        self.control.note(|| format!("c{} is killed", seat + 1));
        let this = self.seat(seat);
        this.alive.store(false, std::sync::atomic::Ordering::Relaxed);
        this.client = None;
        // Without flags, nobody remembers what was not queued.
        this.reconcile_due |= !this.host.manners().flag;
        this.owed.clear();
        this.host.connect(None);
        this.host.run_ended(false);
    }
}

impl Drop for World {
    /// A host holds its client, which holds the host: let go.
    fn drop(&mut self) {
        self.seats.iter().for_each(|s| s.host.connect(None));
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seats", &self.seats.len()).field("executor", &self.executor).finish_non_exhaustive()
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("host", &self.host).field("open", &self.client.is_some()).finish_non_exhaustive()
    }
}

fn wrap<T: ?Sized>(around: &Option<crate::config::Wrap<T>>, seat: usize, inner: Arc<T>) -> Arc<T> {
    match around {
        Some(wrap) => wrap(seat, inner),
        None => inner,
    }
}
