//! The core's types as plain records of text, bytes and numbers.

/// A unit enum and its mirror, both ways.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name {
            $($(#[$of])* $variant),*
        }
        impl From<kitestring::$name> for $name {
            fn from(value: kitestring::$name) -> Self {
                match value { $(kitestring::$name::$variant => Self::$variant),* }
            }
        }
        impl From<$name> for kitestring::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),* }
            }
        }
    };
}

mod care;
mod change;
mod conflict;
mod document;
mod drive;
mod options;
mod progress;
mod report;
mod vault;

pub use care::{
    Diagnosis, DoctorOptions, Finding, HeldLock, MigrateOptions, Migrated, MoveOptions, Moved, Repair, Severity, TransferOptions,
    Transferred,
};
pub use change::{Action, Change, Incoming, Outcome};
pub use conflict::{Conflict, ConflictKind, Resolution, Side, Versions};
pub use document::{Body, Document, Entry, PartRequest, StagedPart};
pub use drive::{ByteRange, Capabilities, Condition, DirEntry, GetOptions, Got, Listing, PutAnswer, PutFile, StateRecord};
pub use options::{Allow, ClassicOptions, JournalOptions, Layout, Options, Strategy, SyncOptions};
pub use progress::{Level, Phase, Progress};
pub use report::{Report, Skipped, Stopped};
pub use vault::{Device, KeySlot, LeftVersion, OldVersion, Reconciled, Revocation, Status};

use kitestring::{DocId, Revision};

/// The texts of ids. How JSON spelled one (text or number) does not cross: these languages see text.
pub(crate) fn names(ids: Vec<DocId>) -> Vec<String> {
    ids.into_iter().map(|id| id.as_str().to_owned()).collect()
}

pub(crate) fn text(revision: &Revision) -> String {
    revision.as_str().to_owned()
}
