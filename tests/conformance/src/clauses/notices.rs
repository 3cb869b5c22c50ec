//! Change notices: D90.

use super::clauses;
use crate::{Caller, Check, Stage, Stop};
use futures::executor::block_on;
use kitestring::drive::{Changed, Condition};
use std::{
    thread,
    time::{Duration, Instant},
};

clauses![d90_a_change_is_never_denied, d90_who_waits_for_a_change_is_told];

fn changed(caller: &Caller, token: &str) -> Check<Changed> {
    Ok(block_on(caller.drive().changed_since(Some(token.to_owned())))?)
}

/// Asks for a token to begin with.
fn token(caller: &Caller) -> Check<String> {
    match block_on(caller.drive().changed_since(None))? {
        Changed::Yes(token) => Ok(token),
        Changed::Unknown => Err(Stop::Skipped("it cannot tell what changed".to_owned())),
        Changed::No => Err(Stop::Broken("without a token there is nothing since which nothing changed".to_owned())),
    }
}

fn d90_a_change_is_never_denied(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let mut known = token(&caller)?;
    for (n, writer) in [&caller, &other, &caller].into_iter().enumerate() {
        writer.put(&format!("d/{n}"), "x", Condition::Any)?;
        let told = changed(&caller, &known)?;
        ensure!(told != Changed::No, "a file was written, and nothing changed");
        known = token(&caller)?;
        writer.delete(&format!("d/{n}"), Condition::Any)?;
        let told = changed(&caller, &known)?;
        ensure!(told != Changed::No, "a file was deleted, and nothing changed");
        known = token(&caller)?;
    }
    Ok(())
}

fn d90_who_waits_for_a_change_is_told(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let known = token(&caller)?;
    let begun = Instant::now();
    let quiet = block_on(caller.drive().wait_for_change(Some(known.clone()), Duration::from_millis(50)))?;
    ensure!(begun.elapsed() < Duration::from_secs(5), "waiting for 50 ms took {:?}", begun.elapsed());
    ensure!(!matches!(quiet, Changed::Yes(ref token) if *token == known), "it changed, and the token is the same");
    let told = thread::scope(|scope| {
        let waits = scope.spawn(|| block_on(caller.drive().wait_for_change(Some(known.clone()), Duration::from_secs(3))));
        thread::sleep(Duration::from_millis(20));
        let wrote = other.put("f", "x", Condition::Any);
        let told = waits.join().map_err(|_| Stop::Broken("a call panicked".to_owned()));
        wrote.map_err(Stop::from).and(told)
    })??;
    ensure!(told != Changed::No, "a file was written while somebody waited, and he was told that nothing changed");
    Ok(())
}
