//! What survives mutation testing is listed with its reason, and the list is about the code of today.

use crate::root;
use std::fs;

/// At least this share of the mutants that compile is killed.
const LEAST_PERCENT: f64 = 90.0;

/// Reads the number before a word.
fn number(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap().trim_end();
    before.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("no number before {word:?} in {text:?}"))
}

#[test]
fn every_survivor_has_a_reason_and_a_place() {
    let text = fs::read_to_string(root().join("tests/mutants/survivors.txt")).unwrap();
    let measured = text.lines().find(|l| l.contains(" mutants, ")).expect("the line that the run printed last");
    let (all, compile, killed) = (number(measured, "mutants"), number(measured, "compile"), number(measured, "killed"));
    let survivors: Vec<&str> = text.lines().filter(|l| l.starts_with("core/")).collect();
    let mut reason = "";
    for line in text.lines() {
        match line {
            _ if line.starts_with("core/") => {
                assert!(!reason.is_empty(), "{line}: no reason stands above it");
                let (file, _) = line.split_once(": ").unwrap();
                assert!(root().join(file).is_file(), "{file} is gone");
            }
            _ => reason = line.strip_prefix("# ").unwrap_or_default(),
        }
    }
    let percent = 100.0 * killed as f64 / compile as f64;
    println!("{all} mutants, {compile} compile, {killed} killed ({percent:.1} %), {} survive", survivors.len());
    assert!(percent >= LEAST_PERCENT, "{percent:.1} %");
    assert_eq!(survivors.len() as u64, compile - killed, "as many are listed as survive");
}
