//! The simulator itself: time, faults, and stops do what they say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use kitestring::{Result, Runtime};
use kitestring_sim::{
    Executor, Fault, Port, Stop,
    control::Control,
    faults::At,
    gate::give_way,
    runtime::{Clock, SimRuntime},
};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

struct Rig {
    clock: Arc<Clock>,
    control: Arc<Control>,
    executor: Executor,
    port: Port,
    effects: Arc<AtomicU64>,
}

fn rig(yields: bool) -> Rig {
    let clock = Arc::new(Clock::default());
    let control = Arc::new(Control::new(Arc::clone(&clock), true, yields));
    let executor = Executor::new(Arc::clone(&clock), Arc::clone(&control));
    let port = Port::new(Arc::clone(&control), Arc::new(AtomicBool::new(true)), 0, "drive");
    Rig { clock, control, executor, port, effects: Arc::default() }
}

/// Makes three calls, adding 1, 10, 100 as their effects; adds 1000 for each that fails.
fn three_calls(rig: &mut Rig, fault: Option<(u64, Fault)>) -> u64 {
    rig.control.arm(fault.map(|(step, fault)| Box::new(At(step, fault)) as _));
    let (port, effects) = (rig.port.clone(), Arc::clone(&rig.effects));
    rig.executor.spawn(0, async move {
        for amount in [1, 10, 100] {
            let effect = async {
                effects.fetch_add(amount, Relaxed);
                Result::Ok(())
            };
            if port.pass("put", format!("{amount}"), effect).await.is_err() {
                effects.fetch_add(1000, Relaxed);
            }
        }
    })
}

#[test]
fn each_fault_strikes_its_step_and_no_other() {
    for yields in [false, true] {
        for (fault, stop, effects) in [
            (Fault::FailBefore, Stop::Ended, 1101),
            (Fault::FailAfter, Stop::Ended, 1111),
            (Fault::KillBefore, Stop::Killed(0), 1),
            (Fault::KillAfter, Stop::Killed(0), 11),
            (Fault::CancelBefore, Stop::Cancelled(1), 1),
            (Fault::CancelAfter, Stop::Cancelled(1), 11),
        ] {
            let mut rig = rig(yields);
            let task = three_calls(&mut rig, Some((1, fault)));
            assert_eq!(rig.executor.run(task), stop, "{fault}");
            assert_eq!(rig.effects.load(Relaxed), effects, "{fault}");
            assert!(!rig.executor.is_running(task));
        }
    }
}

#[test]
fn a_pause_holds_the_effect_until_it_is_resumed() {
    let mut rig = rig(false);
    let task = three_calls(&mut rig, Some((2, Fault::Pause)));
    assert_eq!(rig.executor.run(task), Stop::Paused(task));
    assert_eq!(rig.effects.load(Relaxed), 11);
    let other = three_calls(&mut rig, None);
    assert_eq!(rig.executor.run(other), Stop::Ended, "others run meanwhile");
    rig.executor.resume(task);
    assert_eq!(rig.executor.run(task), Stop::Ended);
    assert_eq!(rig.effects.load(Relaxed), 222);
}

#[test]
fn time_jumps_to_the_next_timer_and_a_dropped_timer_is_gone() {
    let mut rig = rig(false);
    let runtime = Arc::new(SimRuntime::new(Arc::clone(&rig.clock), Duration::from_secs(5), 7));
    let sleeper = Arc::clone(&runtime);
    let long = rig.executor.spawn(0, async move { sleeper.sleep(Duration::from_secs(3600)).await });
    let sleeper = Arc::clone(&runtime);
    let short = rig.executor.spawn(0, async move { sleeper.sleep(Duration::from_secs(2)).await });
    assert_eq!(rig.executor.run(short), Stop::Ended);
    assert_eq!(rig.clock.now(), Duration::from_secs(2));
    rig.executor.cancel(long);
    assert!(!rig.clock.advance(), "no timer is left");
}

#[test]
fn a_deadlock_and_a_livelock_are_told() {
    let mut rig = rig(false);
    let stuck = rig.executor.spawn(0, pending());
    assert_eq!(rig.executor.run(stuck), Stop::Deadlock);
    let busy = rig.executor.spawn(0, async {
        loop {
            give_way().await;
        }
    });
    assert_eq!(rig.executor.run(busy), Stop::Livelock);
}

#[test]
fn random_bytes_repeat() {
    let bytes = |seed| {
        let mut bytes = [0; 16];
        SimRuntime::new(Arc::default(), Duration::ZERO, seed).random(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(bytes(3), bytes(3));
    assert_ne!(bytes(3), bytes(4));
}
