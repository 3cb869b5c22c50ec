//! Looks at every write while it happens, by the rules of the layout.

mod classic;

pub use classic::Watch;
