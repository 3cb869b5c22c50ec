//! Runs the case named in `KITE_SIM_CASE` and prints its trace; without it, one case twice, for the hash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use kitestring_sim::{Case, Config};

#[test]
fn replay() {
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
}
