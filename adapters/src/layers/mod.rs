//! Layers: drives that stand before another drive.

mod collection;
#[cfg(feature = "test-support")]
mod slow;
#[cfg(feature = "watch")]
mod watched;
mod within;

pub use collection::Collection;
#[cfg(feature = "test-support")]
pub use slow::SlowDrive;
#[cfg(feature = "watch")]
pub use watched::Watched;
pub use within::Within;
