//! The real binary, on real folders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod canary;
mod conflicts;
mod connect;
mod copied;
mod crowd;
mod crowds;
mod dry_run;
mod full_disk;
mod guards;
mod history;
mod hostile;
mod ignored;
mod interrupted;
mod large;
mod layouts;
mod lock;
mod lower;
mod sealed;
#[allow(dead_code, reason = "the tests of tokens use all of it")]
#[path = "../../../adapters/tests/oauth/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests of tokens use all of it")]
#[path = "../../../adapters/tests/oauth/service.rs"]
mod service;
mod set_up;
mod shared_folder;
mod skipped;
mod terminal;
mod trash;
mod two_folders;
mod unlink;
mod world;
