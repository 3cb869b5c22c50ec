//! The real binary, on real folders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod canary;
mod conflicts;
mod connect;
mod copied;
mod crowd;
mod crowds;
mod doctor;
mod dry_run;
mod exported;
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
mod migrated;
mod moved;
mod sealed;
mod set_up;
mod shared_folder;
mod skipped;
mod terminal;
mod trash;
mod two_folders;
mod unlink;
mod waiting;
mod world;
