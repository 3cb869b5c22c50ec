//! Whether a change may be made, by what the branch holds.

use super::{
    gather::{Action, Change},
    object::version,
    tree::Found,
};
use kitestring::{Error, ErrorKind, drive::Condition};

/// What is to be done about a change.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is part of the commit.
    Commit,
    /// All is as it is to be.
    Done,
    Refused(Error),
}

/// Judges a change by what is there.
pub(super) fn judge(change: &Change, found: &Found) -> Verdict {
    match &change.action {
        Action::Put { sha, .. } => put(change, sha, found),
        Action::Delete => delete(change, found),
    }
}

fn put(change: &Change, new: &str, found: &Found) -> Verdict {
    match (found, &change.condition) {
        (Found::Folder, _) => refused(change, ErrorKind::InvalidInput, "a folder has this name"),
        (Found::Other, _) => refused(change, ErrorKind::InvalidInput, "a link or another repository has this name"),
        (Found::BelowFile, _) => refused(change, ErrorKind::InvalidInput, "a file has the name of a folder above it"),
        (Found::File { .. }, Condition::Absent) => refused(change, ErrorKind::Condition, "there is such a file"),
        (Found::File { sha }, Condition::Matches(wanted)) if version(sha) != *wanted => {
            refused(change, ErrorKind::Condition, "there is another version of the file")
        }
        (Found::File { sha }, _) if sha == new => Verdict::Done,
        (Found::File { .. }, _) | (Found::Nothing | Found::Unread { .. }, Condition::Any | Condition::Absent) => Verdict::Commit,
        (Found::Nothing | Found::Unread { .. }, Condition::Matches(_)) => refused(change, ErrorKind::Condition, "there is no such file"),
    }
}

fn delete(change: &Change, found: &Found) -> Verdict {
    match (found, &change.condition) {
        (Found::File { .. }, Condition::Any) => Verdict::Commit,
        (Found::File { sha }, Condition::Matches(wanted)) if version(sha) == *wanted => Verdict::Commit,
        (Found::File { .. }, Condition::Matches(_)) => refused(change, ErrorKind::Condition, "there is another version of the file"),
        (Found::File { .. }, Condition::Absent) => refused(change, ErrorKind::Condition, "there is such a file"),
        (_, Condition::Matches(_)) => refused(change, ErrorKind::Condition, "there is no such file"),
        (_, Condition::Any | Condition::Absent) => Verdict::Done,
    }
}

fn refused(change: &Change, kind: ErrorKind, why: &str) -> Verdict {
    Verdict::Refused(Error::new(kind, change.operation(), why).about(change.path.as_str()))
}
