//! The faults of a script, where they wait for their calls.

use crate::faults::{Call, Fault, FaultSource};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The faults that wait, by seat. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Strikes(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<usize, Vec<(u64, Fault)>>,
    hits: BTreeMap<usize, u64>,
    struck: Vec<Fault>,
}

impl Strikes {
    /// Lets these faults wait for calls of a seat, beside those that wait already if `beside`.
    pub(super) fn set(&self, seat: usize, strikes: &[(u64, Fault)], beside: bool) {
        let mut inner = self.inner();
        let waiting = inner.waiting.entry(seat).or_default();
        if !beside {
            waiting.clear();
        }
        waiting.extend(strikes);
    }

    /// Lets nothing wait any more.
    pub(super) fn clear(&self) {
        self.inner().waiting.clear();
    }

    /// Returns how many faults have struck a seat.
    pub(super) fn hits(&self, seat: usize) -> u64 {
        self.inner().hits.get(&seat).copied().unwrap_or(0)
    }

    /// Returns every fault that struck.
    pub(super) fn struck(&self) -> Vec<Fault> {
        self.inner().struck.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultSource for Strikes {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        let mut inner = self.inner();
        let waiting = inner.waiting.get_mut(&call.seat)?;
        let mut due = None;
        for (at, (left, fault)) in waiting.iter_mut().enumerate() {
            if fault.can_hit(call) {
                match (*left, due) {
                    (0, None) => due = Some(at),
                    (0, Some(_)) => {}
                    _ => *left -= 1,
                }
            }
        }
        let (_, fault) = waiting.remove(due?);
        *inner.hits.entry(call.seat).or_default() += 1;
        inner.struck.push(fault);
        Some(fault)
    }
}
