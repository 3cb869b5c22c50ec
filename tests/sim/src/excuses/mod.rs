//! What is excused, each with its reason.

mod classic;

pub use classic::*;
