//! A single-threaded executor with virtual time.
//!
//! It polls whatever is ready, in the order in which it became ready. When nothing is, the clock jumps to
//! the next timer. When there is no timer either, the run is stuck, and says so.

use crate::{control::Control, faults::Event, runtime::Clock};
use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

/// Names a running task; numbers are not used twice in one executor.
pub type TaskId = u64;

/// How many polls one run may take before it counts as a livelock.
const MOST_POLLS: u64 = 200_000;

/// Why the executor came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The task that was waited for has ended.
    Ended,
    /// A kill fault hit this seat; all its tasks are gone.
    Killed(usize),
    /// A cancel fault hit this task; it is gone.
    Cancelled(TaskId),
    /// A pause fault holds this task until [`Executor::resume`].
    Paused(TaskId),
    /// The budget of polls that the caller set is used up; the task still exists.
    Polls,
    /// Nothing is ready and no timer waits: a deadlock.
    Deadlock,
    /// The run went on and on without an end.
    Livelock,
}

struct Task {
    seat: usize,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    waker: Waker,
}

#[derive(Default)]
struct Ready(Mutex<VecDeque<TaskId>>);

struct TaskWaker {
    id: TaskId,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut queue = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.contains(&self.id) {
            queue.push_back(self.id);
        }
    }
}

/// The executor. See the module.
pub struct Executor {
    tasks: BTreeMap<TaskId, Task>,
    ready: Arc<Ready>,
    clock: Arc<Clock>,
    control: Arc<Control>,
    next: TaskId,
}

impl Executor {
    /// Makes an executor that obeys `control` and moves `clock`.
    pub fn new(clock: Arc<Clock>, control: Arc<Control>) -> Self {
        Self { tasks: BTreeMap::new(), ready: Arc::default(), clock, control, next: 1 }
    }

    /// Adds a task that belongs to a seat.
    pub fn spawn(&mut self, seat: usize, future: impl Future<Output = ()> + Send + 'static) -> TaskId {
        let id = self.next;
        self.next += 1;
        let waker = Waker::from(Arc::new(TaskWaker { id, ready: Arc::clone(&self.ready) }));
        waker.wake_by_ref();
        self.tasks.insert(id, Task { seat, future: Box::pin(future), waker });
        id
    }

    /// Whether the task has neither ended nor been dropped.
    pub fn is_running(&self, task: TaskId) -> bool {
        self.tasks.contains_key(&task)
    }

    /// Drops a task where it stands.
    pub fn cancel(&mut self, task: TaskId) {
        drop(self.tasks.remove(&task));
        self.control.forget(task);
    }

    /// Drops every task of a seat where it stands.
    pub fn kill(&mut self, seat: usize) {
        let gone: Vec<TaskId> = self.tasks.iter().filter(|(_, task)| task.seat == seat).map(|(id, _)| *id).collect();
        gone.into_iter().for_each(|id| self.cancel(id));
    }

    /// Lets a task go on that a pause fault holds.
    pub fn resume(&mut self, task: TaskId) {
        self.control.resume(task);
        if let Some(task) = self.tasks.get(&task) {
            task.waker.wake_by_ref();
        }
    }

    /// Runs until `task` has ended or something stops the run.
    pub fn run(&mut self, task: TaskId) -> Stop {
        self.run_for(task, u64::MAX)
    }

    /// Runs like [`Executor::run`], but polls `task` itself at most `polls` times.
    pub fn run_for(&mut self, task: TaskId, polls: u64) -> Stop {
        let mut own = 0;
        for _ in 0..MOST_POLLS {
            if !self.tasks.contains_key(&task) {
                return Stop::Ended;
            }
            match self.pop_ready() {
                Some(id) if id == task && own >= polls => return Stop::Polls,
                Some(id) => {
                    own += u64::from(id == task);
                    self.poll(id);
                    if let Some(stop) = self.obey(id) {
                        return stop;
                    }
                }
                None if self.clock.advance() => {}
                None => return Stop::Deadlock,
            }
        }
        Stop::Livelock
    }

    fn pop_ready(&self) -> Option<TaskId> {
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn poll(&mut self, id: TaskId) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        self.control.polling(id);
        let waker = task.waker.clone();
        match task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => drop(self.tasks.insert(id, task)),
            Poll::Ready(()) => self.control.forget(id),
        }
    }

    fn obey(&mut self, polled: TaskId) -> Option<Stop> {
        match self.control.take_event()? {
            Event::Kill(seat) => {
                self.kill(seat);
                Some(Stop::Killed(seat))
            }
            Event::Cancel => {
                self.cancel(polled);
                Some(Stop::Cancelled(polled))
            }
            Event::Pause => Some(Stop::Paused(polled)),
        }
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.tasks.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
