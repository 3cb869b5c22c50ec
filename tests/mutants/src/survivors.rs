//! The mutants that may survive: each has a reason.

use crate::{Result, list::Mutant};
use std::{collections::BTreeSet, path::Path};

/// Prints survivors that are not listed, and listed ones that were killed or are gone. Returns whether there are none.
pub(crate) fn compare(file: &Path, survivors: &[&Mutant]) -> Result<bool> {
    let text = std::fs::read_to_string(file)?;
    let listed: BTreeSet<&str> = text.lines().filter(|l| l.starts_with("core/")).map(str::trim_end).collect();
    let found: BTreeSet<String> = survivors.iter().map(|m| m.text()).collect();
    let unlisted: Vec<_> = survivors.iter().filter(|m| !listed.contains(m.text().as_str())).collect();
    unlisted.iter().for_each(|m| println!("survives, and is not listed: {}", m.name));
    let stale: Vec<_> = listed.iter().filter(|l| !found.contains(**l)).collect();
    stale.iter().for_each(|l| println!("is listed, and does not survive: {l}"));
    Ok(unlisted.is_empty() && stale.is_empty())
}
