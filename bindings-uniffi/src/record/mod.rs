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

mod change;
mod conflict;
mod document;
mod report;

pub use change::{Action, Change, Incoming, Outcome};
pub use conflict::{Conflict, ConflictKind, Resolution, Side};
pub use document::{Body, Document, Entry, PartRequest, StagedPart};
pub use report::{Report, Skipped, Stopped};

use kitestring::{DocId, Revision};

/// The texts of ids. How JSON spelled one (text or number) does not cross: these languages see text.
pub(crate) fn names(ids: Vec<DocId>) -> Vec<String> {
    ids.into_iter().map(|id| id.as_str().to_owned()).collect()
}

pub(crate) fn text(revision: &Revision) -> String {
    revision.as_str().to_owned()
}
