//! Measures both layouts: requests, bytes, times and CPU beside npm db-to-cloud in the same run, and memory.
//!
//! Numbers that repeat exactly (requests, bytes, the peak of the heap) fail the run if they miss their target. Times
//! are printed with theirs and never asserted: a shared machine gives no promise.

pub mod beside;
pub mod child;
pub mod cost;
pub mod counts;
pub mod device;
pub mod growth;
pub mod hosts;
pub mod layout;
pub mod memory;
pub mod pair;
pub mod parts;
pub mod peer;
pub mod physical;
pub mod scale;
pub mod scan;
pub mod sealed;
pub mod steps;
pub mod table;
pub mod times;
pub mod workload;

/// The result of a measurement.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
