//! The errors of calls: what their tags mean.

use kitestring::ErrorKind;
use serde_json::Value;

/// The tags of an error from the outside in, such as `path`, `conflict`, `file`. The summary beside them is for people, and
/// differs each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(Vec<String>);

impl Refusal {
    pub(super) fn new(error: &Value) -> Self {
        let mut tags = Vec::new();
        let mut at = Some(error);
        while let Some(tag) = at.and_then(|value| value.get(".tag")).and_then(Value::as_str) {
            tags.push(tag.to_owned());
            // What belongs to a tag has its name; in the error of an upload, `reason`.
            at = at.and_then(|value| value.get(tag).or_else(|| value.get("reason")));
        }
        Self(tags)
    }

    pub(super) fn first(&self) -> &str {
        self.0.first().map(String::as_str).unwrap_or_default()
    }

    fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|own| own == tag)
    }

    /// Whether there is nothing of that name.
    pub(super) fn is_missing(&self) -> bool {
        self.has("not_found") || self.has("not_file") || self.has("not_folder")
    }

    /// Whether nothing has that name, not even something of another kind.
    pub(super) fn is_not_found(&self) -> bool {
        self.has("not_found")
    }

    /// Whether another write was under way. Nothing was written.
    pub(super) fn is_contention(&self) -> bool {
        self.has("too_many_write_operations")
    }

    /// Whether a file, or a folder in its place, is not what the condition asks for.
    pub(super) fn is_conflict(&self) -> bool {
        self.has("conflict")
    }

    /// Whether there is a file that is not what was expected.
    pub(super) fn is_another_file(&self) -> bool {
        self.is_conflict() && !self.has("folder") && !self.has("file_ancestor")
    }

    /// Whether a cursor is too old to go on.
    pub(super) fn is_reset(&self) -> bool {
        self.has("reset")
    }

    /// Says what it means to the caller. Nothing was written.
    pub(super) fn meaning(&self) -> (ErrorKind, String) {
        use ErrorKind::{Condition, InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
        let any = |tags: &[&str]| tags.iter().any(|tag| self.has(tag));
        let (kind, what) = if any(&["folder", "file_ancestor"]) {
            (InvalidInput, "has a file and a folder that want the same name")
        } else if self.is_conflict() {
            (Condition, "has another file there, perhaps one whose name differs in case only")
        } else if any(&["malformed_path", "disallowed_name"]) {
            (InvalidInput, "takes no file of that name")
        } else if any(&["insufficient_space", "team_folder_insufficient_space", "member_folder_insufficient_space"]) {
            (QuotaExceeded, "has no space left; free some, or get more")
        } else if any(&["upload_traffic_limit_reached"]) {
            (QuotaExceeded, "takes no more uploads: the limit of this account is reached")
        } else if any(&["payload_too_large", "too_large"]) {
            (InvalidInput, "takes no file as large as that")
        } else if any(&["unsupported_file", "unsupported_content_type"]) {
            (InvalidInput, "keeps something there that cannot be read as a file")
        } else if any(&["no_write_permission", "access_restricted", "team_folder"]) {
            (Unauthorized, "does not let this account write there; check its rights")
        } else if self.is_contention() {
            (RateLimited, "is being written to by others all the time; it goes on later")
        } else if self.is_reset() {
            (Condition, "cannot go on with a listing that is so old")
        } else {
            return (Unavailable, format!("refused: {}", self.0.join("/")));
        };
        (kind, what.to_owned())
    }
}
