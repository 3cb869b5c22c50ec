//! The journal layout: immutable records, found by a head or by listing, and never by a clock.

#[allow(dead_code, reason = "what uses it comes next")]
mod codec;
#[allow(dead_code, reason = "what uses it comes next")]
mod name;
mod options;
#[allow(dead_code, reason = "what uses it comes next")]
mod wire;

pub use options::{JournalOptions, Strategy};
