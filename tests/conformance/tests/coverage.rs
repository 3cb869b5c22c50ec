//! Every clause of `spec/drive.md` is tested, or the table says why it cannot be.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use kitestring_conformance::{UNTESTED, clauses};
use std::{collections::BTreeSet, fs, path::Path};

/// Returns the numbers of all clauses, in order: a clause is an entry of a list that begins with its number in bold.
fn numbers(spec: &str) -> Vec<String> {
    let number = |line: &str| Some(line.trim_start().strip_prefix("- **D")?.split_once("**")?.0.to_owned());
    spec.lines().filter_map(number).map(|digits| format!("D{digits}")).collect()
}

#[test]
fn every_clause_is_tested_or_the_table_says_why_not() {
    let spec = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/drive.md")).unwrap();
    let numbers = numbers(&spec);
    assert!(numbers.len() > 40, "only {} clauses were found", numbers.len());
    let specified: BTreeSet<String> = numbers.iter().cloned().collect();
    assert_eq!(specified.len(), numbers.len(), "a number was given twice: {numbers:?}");
    let tested: BTreeSet<String> = clauses::all().iter().map(clauses::Clause::number).collect();
    let untested: BTreeSet<String> = UNTESTED.iter().map(|(number, _)| (*number).to_owned()).collect();
    let both: Vec<_> = tested.intersection(&untested).collect();
    assert!(both.is_empty(), "tested, although the table says that they cannot be: {both:?}");
    let covered = tested.union(&untested).cloned().collect::<BTreeSet<_>>();
    let lacking: Vec<_> = specified.difference(&covered).collect();
    assert!(lacking.is_empty(), "neither tested nor in the table: {lacking:?}");
    let unknown: Vec<_> = covered.difference(&specified).collect();
    assert!(unknown.is_empty(), "tested or in the table, and not in the specification: {unknown:?}");
}

#[test]
fn a_new_clause_would_be_seen() {
    assert_eq!(numbers("## x\n- **D7** must.\n  more\n- **D700** new\n- D8 no clause\n| **D9** |"), ["D7", "D700"]);
}

#[test]
fn no_test_has_the_name_of_another() {
    let all = clauses::all();
    let names: BTreeSet<&str> = all.iter().map(|clause| clause.name).collect();
    assert_eq!(names.len(), all.len());
}
