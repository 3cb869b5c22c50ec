//! Ctrl-C and friends. While a sync runs, the first asks it to end and the second ends it; at any other time
//! the first ends the command, which is safe: whatever it was at is whole or not there. A watch is asked to stop, and
//! the sync that it may be at gets a while to end by itself.

use event_listener::Event;
use kitestring::CancelToken;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU8, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// How long the sync of a watch may go on after the first signal. A sync that ends by itself leaves no lock behind, for
/// which other devices would wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the first signal does: end the process, cancel the sync, or ask the watch to stop.
const END: u8 = 0;
const CANCEL: u8 = 1;
const STOP: u8 = 2;

/// Watches for signals.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    received: Arc<AtomicI32>,
    answer: Arc<AtomicU8>,
    arrived: Arc<Event>,
    cancel: CancelToken,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn begin() -> Self {
        let watch = Self { received: Arc::default(), answer: Arc::default(), arrived: Arc::default(), cancel: CancelToken::new() };
        // Without the watch a signal ends the process at once all the same.
        if let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            let theirs = watch.clone();
            thread::spawn(move || signals.forever().for_each(|signal| theirs.receive(signal)));
        }
        watch
    }

    /// Returns the token that the first signal cancels from now on.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.answer.store(CANCEL, SeqCst);
        self.cancel.clone()
    }

    /// Returns the token that the first signal cancels from now on, but only 5 seconds later.
    pub(crate) fn patient_token(&self) -> CancelToken {
        self.answer.store(STOP, SeqCst);
        self.cancel.clone()
    }

    /// Waits for the first signal.
    pub(crate) async fn arrived(&self) {
        loop {
            let arrived = self.arrived.listen();
            if self.exit_code().is_some() {
                return;
            }
            arrived.await;
        }
    }

    /// Returns the exit code that belongs to the signal, if one came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.received.load(SeqCst) {
            0 => None,
            signal => u8::try_from(128 + signal).ok(),
        }
    }

    fn receive(&self, signal: i32) {
        let answer = self.answer.load(SeqCst);
        if self.received.swap(signal, SeqCst) != 0 || answer == END {
            process::exit(128 + signal);
        }
        self.arrived.notify(usize::MAX);
        if answer == CANCEL {
            self.cancel.cancel();
            return;
        }
        let cancel = self.cancel.clone();
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            cancel.cancel();
        });
    }
}
