//! Kitestring for Kotlin, Swift and Python: the host is an object of a class in that language.
//!
//! A method here is one delegation: convert, call the core, convert the answer.

#![allow(clippy::result_large_err, reason = "an error is made once per call that crosses the language boundary")]

mod application;
mod client;
mod error;
mod record;

pub use application::Application;
pub use client::{Client, Drive, State};
pub use error::{ErrorInfo, KiteError};
pub use record::{
    Action, Body, Change, Conflict, ConflictKind, Document, Entry, Incoming, Outcome, PartRequest, Report, Resolution, Side, Skipped,
    StagedPart, Stopped,
};

uniffi::setup_scaffolding!("kitestring");
