//! Layers: drives that stand before another drive.

mod asked;
mod collection;
#[cfg(feature = "test-support")]
mod slow;
mod telltale;
#[cfg(feature = "watch")]
mod watched;
mod within;

pub use asked::Asked;
pub use collection::Collection;
#[cfg(feature = "test-support")]
pub use slow::SlowDrive;
pub use telltale::Telltale;
#[cfg(feature = "watch")]
pub use watched::Watched;
pub use within::Within;
