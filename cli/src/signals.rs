//! Ctrl-C and friends. While a sync runs, the first asks it to end and the second ends it; at any other time
//! the first ends the command, which is safe: whatever it was at is whole or not there.

use kitestring::CancelToken;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering::SeqCst},
    },
    thread,
};

/// Watches for signals.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    received: Arc<AtomicI32>,
    in_sync: Arc<AtomicBool>,
    cancel: CancelToken,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn begin() -> Self {
        let watch = Self { received: Arc::default(), in_sync: Arc::default(), cancel: CancelToken::new() };
        // Without the watch a signal ends the process at once all the same.
        if let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            let theirs = watch.clone();
            thread::spawn(move || signals.forever().for_each(|signal| theirs.receive(signal)));
        }
        watch
    }

    /// Returns the token that the first signal cancels from now on.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.in_sync.store(true, SeqCst);
        self.cancel.clone()
    }

    /// Returns the exit code that belongs to the signal, if one came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.received.load(SeqCst) {
            0 => None,
            signal => u8::try_from(128 + signal).ok(),
        }
    }

    fn receive(&self, signal: i32) {
        if self.received.swap(signal, SeqCst) != 0 || !self.in_sync.load(SeqCst) {
            process::exit(128 + signal);
        }
        self.cancel.cancel();
    }
}
