//! `kite watch`, as a user sees it: the real binary on real folders, with nothing waited for but what must happen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod beside;
mod edits;
mod ends;
mod idle;
mod outages;
mod sealed;
mod stops;
mod watcher;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this")]
mod world;
