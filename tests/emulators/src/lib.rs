//! Emulators of cloud services: what tests of drives talk to where the service itself is out of reach.
//!
//! An emulator is only as good as what it was checked by: `official/` holds scripts that put it through the clients of the
//! services' own makers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail")]

mod dropbox;
mod gdrive;
mod github;
mod onedrive;
mod server;
pub mod sign_in;

pub use dropbox::{DropboxEmulator, Failure};
pub use gdrive::{Failure as GDriveFailure, GDriveEmulator};
pub use github::{Failure as GitHubFailure, GitHubEmulator};
pub use onedrive::{Failure as OneDriveFailure, OneDriveEmulator};
