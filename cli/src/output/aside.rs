//! What is worth a word beside the result of a command.

use super::{FAINT, NOTICE, json, line, quote::shown, styled, summary};
use crate::folder::{Expired, Tree};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is worth a word.
pub(crate) struct Aside {
    /// Changes that wait because their files are ignored here.
    held: BTreeMap<String, String>,
    /// Lines of `.kiteignore` that make no sense.
    faults: BTreeMap<String, String>,
    /// Conflict copies of other sync programs.
    copies: BTreeMap<String, String>,
    /// What was cleared from the trash.
    pub expired: Expired,
}

impl Aside {
    /// Takes what a command has found in a folder.
    pub(crate) fn of(tree: &Tree) -> Self {
        Self { held: tree.held.all(), faults: tree.faults.all(), copies: tree.copies.all(), expired: Expired::default() }
    }

    /// Returns what is to be said once about each file or line.
    pub(crate) fn notes(&self) -> BTreeMap<String, String> {
        let line = |(line, why): (&String, &String)| (format!(".kiteignore, {line}"), why.clone());
        let file = |(path, why): (&String, &String)| (path.clone(), why.clone());
        self.faults.iter().map(line).chain(self.held.iter().chain(&self.copies).map(file)).collect()
    }

    /// Adds it to the JSON form of the result.
    pub(crate) fn add_to(&self, mut value: Value) -> Value {
        json::add(&mut value, "held", json::skipped(&self.held));
        json::add(&mut value, "conflict_copies", json::skipped(&self.copies));
        let faults =
            self.faults.iter().map(|(line, why)| json!({ "line": line.trim_start_matches("line ").parse::<u64>().ok(), "why": why }));
        json::add(&mut value, "ignore_faults", faults.collect());
        value
    }

    /// Shows it.
    pub(crate) fn show(&self) {
        list(
            &self.faults,
            "1 line of .kiteignore makes no sense and ignores nothing:",
            "lines of .kiteignore make no sense and ignore nothing:",
        );
        let held = self.held.keys().map(|path| (path.clone(), String::new())).collect();
        list(&held, "1 change waits, because its file is ignored here:", "changes wait, because their files are ignored here:");
        list(
            &self.copies,
            "1 conflict copy of another sync program is here; it is synced like any file:",
            "conflict copies of other sync programs are here; they are synced like any file:",
        );
        if self.expired.files > 0 {
            let (what, size) = (if self.expired.files == 1 { "file" } else { "files" }, summary::size(self.expired.bytes));
            line(styled(FAINT, format_args!("  {} {what} ({size}) left the trash after 30 days", self.expired.files)));
        }
    }
}

fn list(rows: &BTreeMap<String, String>, one: &str, many: &str) {
    let title = match rows.len() {
        0 => return,
        1 => one.to_owned(),
        n => format!("{n} {many}"),
    };
    line(styled(NOTICE, title));
    summary::list(rows.iter().map(|(path, why)| (shown(path), shown(why))).collect());
}
