//! Every small workload, and one fault of every kind at every step of it.
//!
//! `KITE_SIM_FILTER=full/synced` runs only the cases whose name begins so, and skips the floor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use kitestring_sim::{
    Case, Fault,
    case::{Op, OpAction, Outcome, Start, Strike, Tier},
    recovery::Settle,
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

/// The number of cases must not shrink. Raise this to the printed number when workloads, faults or port
/// calls are added; a smaller number means that something is no longer covered, or that the core makes
/// fewer port calls per sync: look which before lowering it.
const FLOOR: u64 = 300_000;

/// The same of the journal.
const JOURNAL_FLOOR: u64 = 377_000;

/// How many failures are printed.
const SHOWN: usize = 20;

#[test]
fn every_fault_at_every_step() {
    explore_all(workloads(&Tier::CLASSIC), FLOOR);
}

#[test]
fn every_fault_at_every_step_on_the_journal() {
    explore_all(workloads(&Tier::JOURNAL), JOURNAL_FLOOR);
}

fn explore_all(workloads: Vec<Case>, floor: u64) {
    let filter = std::env::var("KITE_SIM_FILTER").unwrap_or_default();
    let (begun, cases, next) = (Instant::now(), AtomicU64::new(0), AtomicUsize::new(0));
    let workloads: Vec<Case> = workloads.into_iter().filter(|c| c.to_string().starts_with(&filter)).collect();
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = workloads.get(next.fetch_add(1, Relaxed)) {
                    let (done, failed) = explore(case);
                    cases.fetch_add(done, Relaxed);
                    failures.lock().unwrap().extend(failed);
                }
            });
        }
    });
    let (cases, failures) = (cases.into_inner(), failures.into_inner().unwrap());
    println!("{cases} cases of {} workloads in {:.1?}, {} failures", workloads.len(), begun.elapsed(), failures.len());
    report(&failures);
    assert!(failures.is_empty(), "{} of {cases} cases fail", failures.len());
    assert!(!filter.is_empty() || cases >= floor, "only {cases} cases, {floor} are expected");
}

/// All workloads that are explored on these tiers.
fn workloads(tiers: &[Tier]) -> Vec<Case> {
    let mut all = of_two(tiers);
    all.extend(tiers.iter().filter(|tier| is_richest(**tier)).flat_map(|tier| of_three(*tier)));
    all
}

/// Whether the drive has compare-and-swap: there the workloads are the most, for there the clients do the most.
fn is_richest(tier: Tier) -> bool {
    tier.capabilities().replace
}

/// Workloads of three operations on one document; conflicts settled either way.
///
/// An operation comes before the first sync of its client or before the second. Left out is what is the same as
/// something else: of two operations of one client on one document with no sync between them, only the last is ever
/// seen by anybody, and it is in a workload of two; operations of two clients commute as long as neither has synced in
/// between, so what the one does before its own sync may as well come before the other's. What is left is three of
/// the four places (two clients, before and between the syncs), with every choice of what is done there.
fn of_three(tier: Tier) -> Vec<Case> {
    let mut all = Vec::new();
    for start in [Start::Empty, Start::Synced] {
        // What a journal does with a decision, it does the same whatever was done before it: two operations show it.
        let both = [Settle::Local, Settle::Remote];
        for settle in both.into_iter().take(if tier.is_journal() { 1 } else { 2 }) {
            for (left_out, actions) in (0..4).flat_map(|left_out| (0..8).map(move |actions| (left_out, actions))) {
                let (mut ops, mut later) = (Vec::new(), Vec::new());
                for (nth, place) in (0..4).filter(|place| *place != left_out).enumerate() {
                    let action = if actions >> nth & 1 == 0 { OpAction::Edit } else { OpAction::Delete };
                    let op = Op { seat: place % 2, document: 'a', action };
                    if place < 2 { ops.push(op) } else { later.push(op) }
                }
                all.push(Case { tier, start, ops, later, settle, strike: None });
            }
        }
    }
    all
}

/// All workloads of up to two operations, on each tier, from each start; conflicts settled either way where
/// there can be any. With compare-and-swap the second operation also comes after the first syncs, and where nothing but
/// listings tells of others; with create-only conditions, and where listings are late, two operations are tried only where
/// the clients meet.
///
/// Left out is what is the same as something else: operations of two clients before any sync commute, and so do
/// operations of one client on two documents; on an empty drive the two documents are interchangeable.
fn of_two(tiers: &[Tier]) -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |tier, start, ops: Vec<Op>, later: Vec<Op>| {
        let first = ops.first().map(|op| op.document);
        if start == Start::Empty && first == Some('b') {
            return;
        }
        let case = Case { tier, start, ops, later, settle: Settle::Local, strike: None };
        let two_of_no_concern = case.ops.len() + case.later.len() == 2 && !case.is_contended();
        let few = !is_richest(tier) && tier.capabilities().create || tier == Tier::Late;
        if few && two_of_no_concern {
            return;
        }
        if case.is_contended() {
            all.push(Case { settle: Settle::Remote, ..case.clone() });
        }
        all.push(case);
    };
    for tier in tiers.iter().copied() {
        for start in [Start::Empty, Start::Synced] {
            add(tier, start, vec![], vec![]);
            for first in Op::all() {
                add(tier, start, vec![first], vec![]);
                for second in Op::all() {
                    let commute = first.seat != second.seat || first.document != second.document;
                    if !commute || (first.document, first.seat) < (second.document, second.seat) {
                        add(tier, start, vec![first, second], vec![]);
                    }
                    if is_richest(tier) || matches!(tier, Tier::Listing | Tier::Late) {
                        add(tier, start, vec![first], vec![second]);
                    }
                }
            }
        }
    }
    all
}

/// Runs one workload without a fault, and then with every fault at every step. A fault that strikes after the
/// effect of a call that only reads is the same as one that strikes before, and is not run twice.
fn explore(case: &Case) -> (u64, Vec<(Case, Vec<String>)>) {
    let mut failed = Vec::new();
    let clean = run(case);
    if !clean.violations.is_empty() {
        failed.push((case.clone(), clean.violations.clone()));
    }
    let mut cases = 1;
    for (step, effect) in (0..).zip(&clean.effects) {
        for fault in Fault::ALL.into_iter().filter(|f| *effect || !f.has_effect()) {
            for late in [false, true] {
                if late && !fault.is_kill() {
                    continue;
                }
                let case = Case { strike: Some(Strike { step, fault, late }), ..case.clone() };
                let mut outcome = run(&case);
                compare(&case, &clean, &mut outcome);
                if !outcome.violations.is_empty() {
                    failed.push((case, outcome.violations));
                }
                cases += 1;
            }
        }
    }
    (cases, failed)
}

/// Where the clients do not meet, a fault must not change what comes out: `I7 CrashIdempotent`, and for a
/// cancelled call `I8 CancelEqualsCrash`.
fn compare(case: &Case, clean: &Outcome, outcome: &mut Outcome) {
    if case.is_contended() {
        return;
    }
    if outcome.documents != clean.documents {
        outcome.violations.push(format!("I7 CrashIdempotent: {:?} instead of {:?}", outcome.documents, clean.documents));
    }
    if outcome.conflicts > 0 {
        outcome.violations.push("NoFalseConflict: there is nothing to conflict with".into());
    }
}

fn run(case: &Case) -> Outcome {
    match case.run(case.config()) {
        Ok(outcome) => outcome,
        Err(what) => panic!("{case}: {what}"),
    }
}

fn report(failures: &[(Case, Vec<String>)]) {
    for (case, violations) in failures.iter().take(SHOWN) {
        println!("{}", case.replay());
        violations.iter().for_each(|v| println!("    {v}"));
    }
    let mut kinds = std::collections::BTreeMap::<String, (usize, String)>::new();
    for (case, violations) in failures {
        for violation in violations {
            let kind: String = violation.chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
            kinds.entry(kind).or_insert_with(|| (0, case.to_string())).0 += 1;
        }
    }
    for (kind, (count, first)) in kinds {
        println!("{count:7} x {kind}  (first: {first})");
    }
}
