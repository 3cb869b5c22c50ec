//! Signing in, and tokens that stay fresh: against a service that gives each refresh token once, and ends a sign-in whose
//! refresh token comes twice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod answers;
mod files;
mod processes;
mod schedules;
mod secrets;
mod service;
mod sign_in;
mod sim;
