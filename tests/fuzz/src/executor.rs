//! Runs a future in virtual time.

use crate::runtime::VirtualRuntime;
use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake},
};

/// How often time may jump during one call: far more than the longest healthy sync needs.
const JUMPS: u32 = 20_000;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Runs `work` to its end. Panics if it waits for nothing, or for ever.
pub(crate) fn block_on<T>(runtime: &VirtualRuntime, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = woken.clone().into();
    let mut jumps = 0;
    loop {
        if woken.0.swap(false, SeqCst) {
            if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return done;
            }
            continue;
        }
        jumps += 1;
        assert!(jumps < JUMPS, "it hangs: time jumped {JUMPS} times");
        assert!(runtime.advance(), "it hangs: nobody will ever wake it");
    }
}
