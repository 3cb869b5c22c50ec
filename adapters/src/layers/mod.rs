//! Layers: drives that stand before another drive.

mod slow;

pub use slow::SlowDrive;
