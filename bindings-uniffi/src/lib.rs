//! Kitestring for Kotlin, Swift and Python: the host is an object of a class in that language.
//!
//! A method here is one delegation: convert, call the core, convert the answer. Behaviour lives in the core only.
//!
//! Features, all on by default: the drives `folder`, `webdav`, `s3`, `dropbox`, `gdrive`, `onedrive`, `github`; the states `sqlite` and `file`; `oauth`,
//! which signs in to services; `http-native`, which sends requests. Without the last one a host gives its own [`Http`].

#![allow(clippy::result_large_err, reason = "an error is made once per call that crosses the language boundary")]

mod application;
mod client;
mod contain;
mod drive;
mod encryption;
mod error;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "oauth")]
mod oauth;
mod observer;
mod record;
mod state;
#[cfg(feature = "test-support")]
mod testing;
#[cfg(feature = "http")]
mod tokens;
mod transfer;

pub use application::Application;
pub use client::Client;
#[cfg(feature = "github")]
pub use drive::GitHubPlace;
pub use drive::{Drive, DrivePort};
#[cfg(feature = "s3")]
pub use drive::{S3Keys, S3Place, S3Style};
pub use encryption::Encryption;
pub use error::{ErrorInfo, KiteError};
#[cfg(feature = "http")]
pub use http::{Http, HttpRequest, HttpResponse};
#[cfg(feature = "oauth")]
pub use oauth::{OAuth, SignIn, TokenStore, TokenStorePort};
pub use observer::{CancelToken, Observer};
pub use record::{
    Action, Allow, Body, ByteRange, Capabilities, Change, ClassicOptions, Condition, Conflict, ConflictKind, Device, Diagnosis, DirEntry,
    DoctorOptions, Document, Entry, Finding, GetOptions, Got, HeldLock, Incoming, JournalOptions, KeySlot, Layout, LeftVersion, Level,
    Listing, MigrateOptions, Migrated, MoveOptions, Moved, OldVersion, Options, Outcome, PartRequest, Phase, Progress, PutAnswer, PutFile,
    Reconciled, Repair, Report, Resolution, Revocation, Severity, Side, Skipped, StagedPart, StateRecord, Status, Stopped, Strategy,
    SyncOptions, TransferOptions, Transferred, Versions,
};
pub use state::{State, StatePort};
#[cfg(feature = "http")]
pub use tokens::{Credentials, TokenSource, Tokens};
pub use transfer::{VaultFile, VaultSink, VaultSource, import_vault};

uniffi::setup_scaffolding!("kitestring");
