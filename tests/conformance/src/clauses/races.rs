//! Several clients at once: D41, D70.

use super::clauses;
use crate::{Caller, Check, Stage, Stop};
use futures::{executor::block_on, future::join_all};
use kitestring::{
    DrivePath, ErrorKind, Result,
    drive::{Condition, GetOptions, Got, PutFile, Version},
};

clauses![
    d41_of_sixteen_one_creates: Create,
    d41_of_sixteen_batches_one_creates: Create,
    d41_of_sixteen_one_replaces: Replace,
    d41_of_sixteen_one_deletes: Replace,
    d41_five_clients_count_to_fifty: Replace,
    d70_many_calls_at_once,
];

/// Makes sure that one of them has won and the others were refused; returns the winner.
fn winner(answers: Vec<Result<(), ErrorKind>>) -> Check<usize> {
    let won: Vec<usize> = answers.iter().enumerate().filter_map(|(n, a)| a.is_ok().then_some(n)).collect();
    let odd: Vec<_> = answers.iter().filter(|a| !matches!(a, Ok(()) | Err(ErrorKind::Condition))).collect();
    ensure!(odd.is_empty(), "who loses a race is told `condition`, not {odd:?}");
    match won.as_slice() {
        [one] => Ok(*one),
        _ => Err(Stop::Broken(format!("{} of {} have won: {won:?}", won.len(), answers.len()))),
    }
}

fn kind<T>(answer: Result<T>) -> Result<(), ErrorKind> {
    answer.map(drop).map_err(|e| e.into_kind())
}

fn d41_of_sixteen_one_creates(stage: &Stage<'_>) -> Check {
    for round in 0..5 {
        let path = format!("d{round}/slot");
        let won = winner(stage.race(16, |n, caller| kind(caller.put(&path, n.to_string(), Condition::Absent)))?)?;
        ensure!(stage.caller().bytes(&path)? == won.to_string().as_bytes(), "the winner's content is not there");
    }
    Ok(())
}

fn d41_of_sixteen_batches_one_creates(stage: &Stage<'_>) -> Check {
    let slot = DrivePath::new("d/slot")?;
    let answers = stage.race(16, |n, caller| {
        let contested = PutFile { path: slot.clone(), bytes: vec![n as u8], condition: Condition::Absent };
        let own = DrivePath::new(format!("d/{n}")).map(|path| PutFile { path, bytes: vec![n as u8], condition: Condition::Absent });
        let mut answers = caller.put_many(own.into_iter().chain([contested]).collect());
        answers.pop().map_or(Err(ErrorKind::Internal), kind)
    })?;
    let won = winner(answers)?;
    ensure!(stage.caller().bytes("d/slot")? == [won as u8], "the winner's content is not there");
    ensure!(stage.caller().names("d")?.len() == 17, "a file that nobody fought for is not there");
    Ok(())
}

fn d41_of_sixteen_one_replaces(stage: &Stage<'_>) -> Check {
    for round in 0..5 {
        let path = format!("d/{round}");
        let old = stage.caller().put(&path, "old", Condition::Any)?;
        let answers = stage.race(16, |n, caller| kind(caller.put(&path, format!("new {n}"), Condition::Matches(old.clone()))))?;
        let won = winner(answers)?;
        ensure!(stage.caller().bytes(&path)? == format!("new {won}").as_bytes(), "the winner's content is not there");
    }
    Ok(())
}

fn d41_of_sixteen_one_deletes(stage: &Stage<'_>) -> Check {
    for round in 0..5 {
        let path = format!("d/{round}");
        let old = stage.caller().put(&path, "old", Condition::Any)?;
        // Half of them delete, half of them replace.
        let answers = stage.race(16, |n, caller| match n % 2 {
            0 => kind(caller.delete(&path, Condition::Matches(old.clone()))),
            _ => kind(caller.put(&path, n.to_string(), Condition::Matches(old.clone()))),
        })?;
        let won = winner(answers)?;
        let there = stage.caller().get(&path)? != Got::Missing;
        ensure!(there == (won % 2 == 1), "number {won} has won, and the file is there: {there}");
    }
    Ok(())
}

/// Adds one to the number in `counter`, this many times.
pub(super) fn count_up(caller: &Caller, times: usize) -> Check {
    let mut done = 0;
    while done < times {
        let (bytes, version) = caller.file("counter")?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let number: u64 = text.parse().map_err(|_| Stop::Broken(format!("the counter holds {text:?}")))?;
        match kind(caller.put("counter", (number + 1).to_string(), Condition::Matches(version))) {
            Ok(()) => done += 1,
            Err(kind) => ensure!(kind == ErrorKind::Condition, "who loses a race is told `condition`, not `{}`", kind.code()),
        }
    }
    Ok(())
}

fn d41_five_clients_count_to_fifty(stage: &Stage<'_>) -> Check {
    stage.caller().put("counter", "0", Condition::Any)?;
    stage.race(5, |_, caller| count_up(caller, 10))?.into_iter().collect::<Check>()?;
    let end = stage.caller().bytes("counter")?;
    ensure!(end == b"50", "five clients added ten each, and the end is {}", String::from_utf8_lossy(&end));
    Ok(())
}

fn d70_many_calls_at_once(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let drive = caller.drive();
    let path = |n: u32| DrivePath::new(format!("d{}/f{n}", n % 4));
    let task = |n: u32| async move {
        let path = path(n)?;
        let version = drive.put(path.clone(), n.to_string().into_bytes(), Condition::Any).await?;
        drive.list_dir(DrivePath::root(), None).await?;
        let got = drive.get(path.clone(), GetOptions::default()).await?;
        if n.is_multiple_of(2) {
            drive.delete(path, Condition::Any).await?;
        }
        Ok((got, version))
    };
    let answers: Vec<Result<(Got, Version)>> = block_on(join_all((0..64).map(task)));
    for (n, answer) in answers.into_iter().enumerate() {
        let (got, _) = answer?;
        let right = matches!(&got, Got::File { bytes, .. } if *bytes == n.to_string().as_bytes());
        ensure!(right, "64 tasks call at once, and number {n} reads {got:?}");
    }
    let left: usize = (0..4).map(|n| Ok(caller.names(&format!("d{n}"))?.len())).sum::<Check<usize>>()?;
    ensure!(left == 32, "64 files were written, 32 deleted, and {left} are there");
    Ok(())
}
