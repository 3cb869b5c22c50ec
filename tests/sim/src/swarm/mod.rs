//! Random schedules: one number decides everything.
//!
//! A seed is drawn into a [`Script`] ([`draw`]): a world, and what happens in it, step by step, with the faults that
//! strike each call. A script is played ([`play`]) until its last event; then the faults stop, everybody recovers, and
//! everything is checked, as at the end of every other schedule. A script that fails is shrunk ([`shrink`]) to one
//! that is short, and has a text form ([`text`]) that can be kept as a file.
//!
//! What a violation may be excused by is in [`crate::excuses`], and nowhere else.

pub mod draw;
mod fate;
mod keys;
mod known;
mod old;
pub mod play;
pub mod script;
pub mod seed;
pub mod shrink;
mod strikes;
pub mod tally;
mod text;
pub mod tidy;

pub use play::{Look, Verdict, play};
pub use script::{Deed, Event, Script};
pub use seed::{Family, Seed};
pub use shrink::shrink;
pub use tally::Tally;
