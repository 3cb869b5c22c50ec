//! The journal layout: immutable records, found by a head or by listing, and never by a clock.

#![allow(dead_code, reason = "what uses it comes next")]

mod codec;
mod head;
mod marker;
mod name;
mod options;
mod record;
#[cfg(test)]
mod vectors_tests;
mod wire;

pub use options::{JournalOptions, Strategy};
