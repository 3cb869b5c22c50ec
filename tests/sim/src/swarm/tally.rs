//! What was met: a swarm that never meets something proves nothing about it.

use std::collections::BTreeMap;

/// How often each thing was met, by name: `fault …`, `plan …`, `error …`, `call …`, `deed …`, `excuse …`, `log …`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Counts one.
    pub fn met(&mut self, kind: &str, name: &str) {
        *self.0.entry(format!("{kind} {name}")).or_default() += 1;
    }

    /// Returns how often a thing was met.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Returns the sum of all things of a kind.
    pub fn all_of(&self, kind: &str) -> u64 {
        self.0.iter().filter(|(name, _)| name.split(' ').next() == Some(kind)).map(|(_, count)| count).sum()
    }

    /// Adds another tally.
    pub fn add(&mut self, other: Self) {
        for (name, count) in other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// Returns everything, in order of the names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }
}
