//! The native runtime.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use futures::{executor::block_on, future::join_all};
use kitestring::Runtime;
use kitestring_adapters::NativeRuntime;
use std::time::{Duration, Instant, SystemTime};

#[test]
fn the_clock_goes_forward_and_the_timer_waits() {
    let runtime = NativeRuntime::new();
    let (before, started) = (runtime.now(), Instant::now());
    assert!(before < Duration::from_secs(1), "the clock begins at zero");
    block_on(runtime.sleep(Duration::from_millis(50)));
    let (passed, real) = (runtime.now() - before, started.elapsed());
    assert!(passed >= Duration::from_millis(50) && passed <= real + Duration::from_millis(5), "{passed:?} {real:?}");
    block_on(runtime.sleep(Duration::ZERO));
}

#[test]
fn sleeps_run_side_by_side_and_can_be_dropped() {
    let runtime = NativeRuntime::new();
    let started = Instant::now();
    block_on(join_all((0..100).map(|_| runtime.sleep(Duration::from_millis(50)))));
    assert!(started.elapsed() < Duration::from_secs(2));
    let forever = runtime.sleep(Duration::MAX);
    block_on(futures::future::select(forever, runtime.sleep(Duration::from_millis(1))));
}

#[test]
fn the_wall_clock_is_that_of_the_device() {
    let wall = NativeRuntime::new().wall();
    let device = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(device.abs_diff(wall) < Duration::from_secs(5));
}

#[test]
fn random_bytes_differ() {
    let runtime = NativeRuntime::new();
    let (mut a, mut b) = ([0; 32], [0; 32]);
    runtime.random(&mut a).unwrap();
    runtime.random(&mut b).unwrap();
    assert!(a != b && a != [0; 32]);
}
