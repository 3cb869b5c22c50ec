//! The log: files of a hundred changes each.

use super::{
    super::files::{Logged, WINDOW, window_path},
    Doctor, Parsed,
};
use crate::{FindingKind as Kind, Result, drive::DrivePath, server::journal::list_with_sizes};
use std::collections::BTreeSet;

const ADVICE: &str =
    "devices that have read past it go on; others list all documents. Restore the file from a backup of the drive if you can";

impl Doctor<'_> {
    pub(super) async fn look_at_log(&mut self) -> Result<()> {
        let mut windows = BTreeSet::new();
        for (name, size) in list_with_sizes(&*self.classic.drive, &DrivePath::new("changes")?).await? {
            let index = name.strip_suffix(".json").and_then(|stem| stem.parse::<u64>().ok()).filter(|n| format!("{n}.json") == name);
            match index {
                Some(index) => {
                    windows.insert(index);
                    self.count(size);
                }
                None => self.foreign(&format!("changes/{name}")),
            }
        }
        let (mut goes_on, mut old) = (true, false);
        let last = windows.last().copied().unwrap_or_default();
        for index in 0..=last {
            let path = window_path(index)?;
            match self.parse::<Vec<Logged>>(path.as_str()).await? {
                Parsed::Fine(entries) => {
                    self.look.diagnosis.records += entries.len() as u64;
                    self.logged += if goes_on { entries.len() as u64 } else { 0 };
                    goes_on &= entries.len() as u64 == WINDOW;
                    if index < last && (entries.len() as u64) < WINDOW {
                        self.is_log_whole = false;
                        let detail = format!("this file of the log has {} changes of {WINDOW}, and others follow", entries.len());
                        self.look.findings.refused(Kind::LogShort, path.as_str(), detail, ADVICE);
                    }
                    old |= entries.iter().any(|entry| entry.push.is_none());
                    self.said.extend(entries.into_iter().map(|entry| (entry.id.stem().to_owned(), entry.action)));
                }
                Parsed::Missing if windows.is_empty() => {}
                Parsed::Missing => {
                    (goes_on, self.is_log_whole) = (false, false);
                    self.look.findings.refused(Kind::LogShort, path.as_str(), "a file of the log is not there", ADVICE);
                }
                Parsed::Damaged(why, _) => {
                    (goes_on, self.is_log_whole) = (false, false);
                    let detail = format!("a file of the log makes no sense: {why}");
                    self.look.findings.refused(Kind::LogDamaged, path.as_str(), detail, ADVICE);
                }
            }
        }
        if old {
            let advice = "what one of them overwrites, ours find and announce again; concurrent edits of theirs can still be lost";
            self.look.findings.note(Kind::OldClient, "changes", "clients of db-to-cloud write, or wrote, to this vault", advice);
        }
        Ok(())
    }
}
