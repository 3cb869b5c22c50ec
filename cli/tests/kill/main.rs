//! The real binary, killed at every rename, fsync and unlink (and link and mkdir) in turn, before the call and
//! after it. Whatever the kill left, syncing again ends with equal folders and no edit lost.
//!
//! `strace` stops the process at each of these calls, so the points are counted over all threads, in the order
//! in which they happen. What was written but not yet synced survives a kill: this is not a power cut.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

/// Makes a test of each of these functions for each layout.
macro_rules! in_each_layout {
    ($($name:ident),* $(,)?) => {
        mod classic {
            $(#[test] fn $name() { super::$name(crate::world::Layout::Classic); })*
        }
        mod journal {
            $(#[test] fn $name() { super::$name(crate::world::Layout::Journal); })*
        }
    };
}

mod copied;
mod every_call;
mod migrate;
mod patience;
mod pull;
mod push;
mod resolve;
mod sealed;
mod strace;
mod trash;
mod world;
