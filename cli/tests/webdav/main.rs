//! The real binary, with folders on real WebDAV servers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
mod first_push;
mod foreign;
mod secrets;
#[path = "../kite/terminal.rs"]
mod terminal;
mod two_folders;
mod watch;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod world;
