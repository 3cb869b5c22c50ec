//! What is worth a word beside the result of a command.

use super::{FAINT, NOTICE, json, line, quote::shown, styled, summary};
use crate::folder::{Expired, Tree};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is worth a word.
pub(crate) struct Aside {
    /// Changes that wait because their files are ignored here.
    held: BTreeMap<String, String>,
    /// Conflict copies of other sync programs.
    copies: BTreeMap<String, String>,
    /// What was cleared from the trash.
    pub expired: Expired,
}

impl Aside {
    /// Takes what a command has found in a folder.
    pub(crate) fn of(tree: &Tree) -> Self {
        Self { held: tree.held.all(), copies: tree.copies.all(), expired: Expired::default() }
    }

    /// Adds it to the JSON form of the result.
    pub(crate) fn add_to(&self, mut value: Value) -> Value {
        json::add(&mut value, "held", json::skipped(&self.held));
        json::add(&mut value, "conflict_copies", json::skipped(&self.copies));
        value
    }

    /// Shows it.
    pub(crate) fn show(&self) {
        let (held, copies) = (count(self.held.len(), "change waits", "changes wait"), self.copies.len());
        self.list(&self.held, &format!("{held}, because the file is ignored here:"));
        let copies = count(copies, "conflict copy of another sync program is here", "conflict copies of other sync programs are here");
        self.list(&self.copies, &format!("{copies}; they are synced like any file:"));
        if self.expired.files > 0 {
            let (what, size) = (count(self.expired.files as usize, "file", "files"), summary::size(self.expired.bytes));
            line(styled(FAINT, format_args!("  {what} ({size}) left the trash after 30 days")));
        }
    }

    fn list(&self, rows: &BTreeMap<String, String>, title: &str) {
        if !rows.is_empty() {
            line(styled(NOTICE, title));
            summary::list(rows.iter().map(|(path, why)| (shown(path), shown(why))).collect());
        }
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
