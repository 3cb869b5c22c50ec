//! Runs the case named in `KITE_SIM_CASE`, the seed in `KITE_SIM_SEED` or the script in `KITE_SIM_SCRIPT` (or in the
//! file that it names) and prints its trace; without any, a case and a seed twice, for the hash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use kitestring_sim::{
    Case, Config,
    swarm::{Family, Look, Script, Seed, play},
};

#[test]
fn replay() {
    if let Some(script) = named_script() {
        return replay_script(&script, true);
    }
    let named = std::env::var("KITE_SIM_CASE").ok();
    let case: Case = named.as_deref().unwrap_or("full/synced/e1a,d2a/local/9/fail-after").parse().unwrap();
    assert_eq!(case.to_string().parse(), Ok(case.clone()), "a name is read back");
    let run = || case.run(Config { keep_lines: true, ..case.config() }).unwrap();
    let outcome = run();
    if named.is_some() {
        outcome.trace.lines().iter().for_each(|line| println!("{line}"));
        println!("{} steps, {} rounds, {} conflicts, {:?}", outcome.steps, outcome.rounds, outcome.conflicts, outcome.documents);
    }
    assert_eq!(outcome.trace.hash(), run().trace.hash(), "the same case twice gives the same trace");
    assert_eq!(outcome.violations, Vec::<String>::new());
    if named.is_none() {
        replay_script(&Seed { family: Family::Classic, number: 1 }.script(), false);
    }
}

fn named_script() -> Option<Script> {
    if let Ok(seed) = std::env::var("KITE_SIM_SEED") {
        return Some(seed.parse::<Seed>().unwrap_or_else(|e| panic!("{e}")).script());
    }
    let named = std::env::var("KITE_SIM_SCRIPT").ok()?;
    let text = std::fs::read_to_string(&named).unwrap_or(named);
    Some(text.parse().unwrap_or_else(|e| panic!("{e}")))
}

fn replay_script(script: &Script, print: bool) {
    let look = Look { lines: print, hash: true };
    let verdict = play(script, look);
    if print {
        verdict.trace.lines().iter().for_each(|line| println!("{line}"));
        println!("{script}");
        verdict.tally.entries().for_each(|(name, count)| println!("{count:6} {name}"));
    }
    assert_eq!(verdict.trace.hash(), play(script, look).trace.hash(), "the same script twice gives the same trace");
    assert_eq!(verdict.violations, Vec::<String>::new());
}
