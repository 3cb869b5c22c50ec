//! A world with one seed: tasks run in a random order, and time passes only while all of them wait.

use kitestring::{BoxFuture, Result, Runtime, apply, port};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// Numbers that follow from a seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// When the world begins, since the Unix epoch.
pub const BEGIN: Duration = Duration::from_secs(1_700_000_000);

/// The clock, the randomness and the tasks.
pub struct Sim {
    pub random: Mutex<Random>,
    now: Mutex<Duration>,
    sleeping: Mutex<BTreeMap<(Duration, u64), Waker>>,
    begun: Mutex<Vec<Task>>,
    counter: Mutex<u64>,
}

struct Task {
    process: usize,
    is_caller: bool,
    work: BoxFuture<'static, ()>,
    woken: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What happens to the tasks at a step.
pub enum Strike {
    Nothing,
    /// A process ends, with all its tasks.
    Kill(usize),
    /// A caller gives up.
    Cancel,
}

impl Sim {
    pub fn new(seed: u64) -> Arc<Self> {
        let (now, counter) = (Mutex::default(), Mutex::default());
        let (sleeping, begun) = (Mutex::default(), Mutex::default());
        Arc::new(Self { random: Mutex::new(Random(seed)), now, sleeping, begun, counter })
    }

    pub fn below(&self, n: u64) -> u64 {
        self.random.lock().unwrap().below(n)
    }

    /// Begins a task.
    pub fn begin(&self, process: usize, is_caller: bool, work: BoxFuture<'static, ()>) {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        self.begun.lock().unwrap().push(Task { process, is_caller, work, woken });
    }

    /// Runs until every task has ended.
    pub fn run(&self, mut strike: impl FnMut(&Self) -> Strike) {
        let mut tasks: Vec<Task> = Vec::new();
        loop {
            tasks.append(&mut self.begun.lock().unwrap());
            match strike(self) {
                Strike::Kill(process) => tasks.retain(|task| task.process != process),
                Strike::Cancel => {
                    let callers: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].is_caller).collect();
                    if !callers.is_empty() {
                        tasks.swap_remove(callers[self.below(callers.len() as u64) as usize]);
                    }
                }
                Strike::Nothing => {}
            }
            let ready: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].woken.0.load(Ordering::Relaxed)).collect();
            if ready.is_empty() {
                if self.begun.lock().unwrap().is_empty() && !self.pass() {
                    assert!(tasks.is_empty(), "tasks wait for nothing");
                    return;
                }
                continue;
            }
            let at = ready[self.below(ready.len() as u64) as usize];
            tasks[at].woken.0.store(false, Ordering::Relaxed);
            let waker = Waker::from(tasks[at].woken.clone());
            if tasks[at].work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                tasks.swap_remove(at);
            }
        }
    }

    /// Lets the time pass until somebody wakes; `false` if nobody sleeps.
    fn pass(&self) -> bool {
        let Some(((until, _), waker)) = self.sleeping.lock().unwrap().pop_first() else { return false };
        let mut now = self.now.lock().unwrap();
        *now = until.max(*now);
        drop(now);
        waker.wake();
        true
    }

    /// Waits for a random time up to a limit.
    pub async fn dawdle(&self, most: Duration) {
        let micros = self.below(most.as_micros() as u64 + 1);
        self.sleep(Duration::from_micros(micros)).await;
    }
}

#[apply(port!)]
impl Runtime for Sim {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn wall(&self) -> Duration {
        BEGIN + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            let mut counter = self.counter.lock().unwrap();
            *counter += 1;
            self.sleeping.lock().unwrap().insert((until, *counter), context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
        Ok(())
    }
}
