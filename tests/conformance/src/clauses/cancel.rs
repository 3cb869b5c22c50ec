//! Calls that are dropped: D72.

use super::clauses;
use crate::{Check, Stage, stage::wait_until};
use futures::FutureExt as _;
use kitestring::{
    BoxFuture, DrivePath, Result,
    drive::{Condition, Got, PutFile},
};
use std::{thread, time::Duration};

clauses![
    d72_a_dropped_put_leaves_the_old_or_the_new,
    d72_a_dropped_deletion_leaves_the_file_or_nothing,
    d72_a_dropped_batch_leaves_each_file_whole,
];

/// How often each call is begun and dropped, each time after more polls or a longer time.
const DROPS: u32 = 30;

/// Polls a call a few times with pauses, then drops it. The pauses let a timer or another thread go on in between.
fn drop_late<T>(mut call: BoxFuture<'_, T>, n: u32) {
    let (polls, pause) = (n % 5 + 1, Duration::from_micros(u64::from(n / 5) * 300));
    for _ in 0..polls {
        if call.as_mut().now_or_never().is_some() {
            return;
        }
        thread::sleep(pause);
    }
}

fn d72_a_dropped_put_leaves_the_old_or_the_new(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let content = |n: u32| format!("{n} ").repeat(30_000 + n as usize).into_bytes();
    for n in 0..DROPS {
        let path = format!("f{}", n % 2);
        caller.put(&path, content(1000), Condition::Any)?;
        drop_late(caller.drive().put(DrivePath::new(&path)?, content(n), Condition::Any), n);
        for _ in 0..2 {
            let bytes = caller.bytes(&path)?;
            ensure!(bytes == content(1000) || bytes == content(n), "a dropped put left {} bytes that nobody wrote", bytes.len());
        }
    }
    ensure!(caller.names("")? == ["f0", "f1"], "dropped puts left {:?}", caller.names("")?);
    Ok(())
}

fn d72_a_dropped_deletion_leaves_the_file_or_nothing(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    for n in 0..DROPS {
        let path = format!("f{n}");
        caller.put(&path, "content", Condition::Any)?;
        drop_late(caller.drive().delete(DrivePath::new(&path)?, Condition::Any), n);
        match caller.get(&path)? {
            Got::Missing => {}
            Got::File { bytes, .. } => ensure!(bytes == b"content", "a dropped deletion left {} bytes", bytes.len()),
            Got::Unchanged => ensure!(false, "a read without `unless` is answered as unchanged"),
        }
    }
    Ok(())
}

fn d72_a_dropped_batch_leaves_each_file_whole(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let path = |k: usize| format!("d{}/f{k}", k % 3);
    let content = |n: u32| format!("{n} ").repeat(5000).into_bytes();
    for n in 0..DROPS {
        let files = |n: u32| {
            let file = |k| Ok(PutFile { path: DrivePath::new(path(k))?, bytes: content(n), condition: Condition::Any });
            (0..6).map(file).collect::<Result<Vec<_>>>()
        };
        caller.put_many(files(1000)?).into_iter().collect::<Result<Vec<_>>>()?;
        drop_late(caller.drive().put_many(files(n)?), n);
        for k in 0..6 {
            let bytes = caller.bytes(&path(k))?;
            ensure!(bytes == content(1000) || bytes == content(n), "a dropped batch left {} bytes that nobody wrote", bytes.len());
        }
    }
    // What had begun may still end; what is written now is what stays.
    caller.put(&path(0), "end", Condition::Any)?;
    wait_until("the last write is the last", || matches!(caller.get(&path(0)), Ok(Got::File { bytes, .. }) if bytes == b"end"))
}
