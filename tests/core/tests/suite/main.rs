//! The tests of the core by its public face, in one program: it is built and linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod agreement;
mod attacks;
mod batches;
mod bits;
mod classic_faults;
mod classic_lease;
mod classic_lock;
mod classic_long_log;
mod classic_refusals;
mod classic_short_log;
mod classic_vault;
mod client;
use kitestring_tests as common;
mod compaction;
mod damage;
mod doctor;
mod fronts;
mod history;
mod host;
mod incarnation;
mod journal;

mod locks;
mod long;
mod moved;
mod next_sync;
mod paired;
mod parts;
mod progress;
mod pulls;
mod reconcile;
mod returning;
mod revoked;
mod sealed;
mod sealed_revoked;
mod sealed_vectors;
mod sealed_vectors_2;
mod slow_line;
mod transfer;
mod two_devices;
mod vectors;
