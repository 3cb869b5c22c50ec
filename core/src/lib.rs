//! Keeps an application's own database in step with storage the user already has.
//!
//! The host keeps its database and answers three questions in batches: *give me these documents*, *apply
//! these if nothing changed meanwhile*, *what do you have?* ([`Application`]). It tells the [`Client`] what
//! it edited. The client queues the changes, syncs them with a [`Drive`], recovers what was not committed,
//! and hands conflicts back instead of resolving them.
//!
//! The crate spawns nothing and knows no async runtime, no clock, no network and no file system: those are
//! the host's, through the ports [`Application`], [`State`], [`Drive`] and [`Runtime`].
//!
//! Features, all on by default: `journal` and `classic`, the two layouts, of which there must be one, and `sealed`, for vaults that
//! are sealed. A client without `sealed` refuses such a vault.

#![cfg_attr(
    target_arch = "wasm32",
    allow(clippy::arc_with_non_send_sync, reason = "one thread there; the same code shares between threads natively")
)]
#![cfg_attr(
    not(all(feature = "classic", feature = "sealed")),
    allow(
        dead_code,
        irrefutable_let_patterns,
        unused_imports,
        unreachable_code,
        reason = "fewer features ask for less; the full build has no loose ends"
    )
)]

#[cfg(not(any(feature = "classic", feature = "journal")))]
compile_error!("choose a layout: enable the feature `journal` or `classic`");

#[macro_use]
mod maybe_send;
mod application;
mod cancel;
mod change;
mod client;
mod conflict;
mod diagnosis;
pub(crate) mod document;
pub mod drive;
mod error;
mod gather;
mod held;
mod hex;
#[cfg(feature = "classic")]
pub mod last_writer;
mod log;
mod lookup;
mod name;
mod progress;
mod report;
mod runtime;
mod seal;
pub mod server;
pub mod state;
pub mod transfer;

pub use application::{Application, MemoryApplication, PartRequest, StagedPart};
pub use cancel::CancelToken;
pub use change::{Action, Change, Incoming, Outcome};
pub use client::{Allow, Client, Layout, MoveOptions, Moved, Options, Reconciled, Status, SyncOptions};
#[cfg(all(feature = "classic", feature = "journal"))]
pub use client::{MigrateOptions, Migrated};
pub use conflict::{Conflict, ConflictKind, Resolution, Side, Versions};
pub use diagnosis::{Diagnosis, DoctorOptions, Finding, FindingKind, Repair, Severity};
pub use document::{Body, Digest, DigestBuilder, Document, Entry};
pub use drive::{Drive, DrivePath, MemoryDrive};
pub use error::{Error, ErrorKind, Result, Retry};
pub use held::HeldLock;
pub use log::{Level, Log};
pub use maybe_send::{BoxFuture, MaybeSend, MaybeSync};
pub use name::{DocId, Revision};
pub use progress::{Phase, Progress, ProgressSink};
pub use report::{Bytes, Report, Requests, Skipped, Stopped};
pub use runtime::Runtime;
#[cfg(feature = "sealed")]
#[doc(hidden)]
pub use seal::Unsealed;
#[cfg(feature = "sealed")]
pub use seal::{Encryption, KeySlot, PassphraseCost, Revocation, VaultKey};
pub use server::{
    LeftVersion, OldVersion,
    journal::{JournalOptions, KnownDevice, PairingCode, Strategy},
};
pub use state::{MemoryState, State, StateRecord};

#[doc(hidden)]
pub use async_trait::async_trait;
pub use macro_rules_attribute::apply;
