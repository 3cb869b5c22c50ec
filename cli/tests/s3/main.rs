//! The real binary, with folders in buckets of real stores.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[path = "../kite/crowd.rs"]
mod crowd;
mod crowds;
mod secrets;
mod two_folders;
#[path = "../kite/world.rs"]
#[allow(dead_code, reason = "each binary of tests uses a part of it")]
mod world;

use crate::world::{Ran, World};
use kitestring_adapters::drives::s3::Place;
use kitestring_servers::s3::{KEY, secret};

/// Returns a place as it is typed.
fn typed(place: &Place) -> String {
    format!("s3://{}/{}?endpoint={}", place.bucket, place.folder, place.endpoint.as_deref().unwrap())
}

/// Runs `kite` with the keys of the tests.
fn kite(world: &World, args: &[&str]) -> Ran {
    Ran::of(world.command(args).env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", secret()))
}
