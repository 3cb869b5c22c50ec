//! Measures the classic layout: times beside npm db-to-cloud in the same run, request counts, and peak memory.

pub mod counts;
pub mod hosts;
pub mod memory;
pub mod peer;
pub mod sync;
pub mod table;
pub mod times;
pub mod workload;

/// The result of a measurement.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
