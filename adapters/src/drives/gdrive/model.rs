//! What Google Drive says of a file.

use kitestring::drive::Version;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fields that are asked for, of v3 and of v2. Only v2 tells the tag that `If-Match` takes.
pub(super) const FIELDS: &str = "id,name,createdTime,headRevisionId,md5Checksum,size,appProperties";
pub(super) const FIELDS_V2: &str = "id,etag,headRevisionId,md5Checksum,createdDate,modifiedDate,labels(trashed)";

/// The property that says what a file is to this drive, and its values.
pub(super) const KIND: &str = "kitestring";
/// The table of names.
pub(super) const TABLE: &str = "table";
/// It is entered in the table of names; if it is not, it does not count.
pub(super) const ENTERED: &str = "entered";
/// The property that says which content a file to be entered was made with.
pub(super) const MADE: &str = "made";

/// A file, as v3 tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) created_time: String,
    #[serde(flatten)]
    pub(super) content: Content,
    size: Option<String>,
    #[serde(default)]
    app_properties: BTreeMap<String, String>,
}

/// Which content a file has. A folder has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    head_revision_id: Option<String>,
    md5_checksum: Option<String>,
}

/// A file, as v2 tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tagged {
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) content: Content,
    #[serde(default)]
    pub(super) created_date: String,
    #[serde(default)]
    pub(super) modified_date: String,
    #[serde(default)]
    pub(super) labels: Labels,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Labels {
    #[serde(default)]
    pub(super) trashed: bool,
}

impl File {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.app_properties.get(KIND).is_some_and(|own| own == kind)
    }

    /// Whether it holds something else than it was made with.
    pub(super) fn is_rewritten(&self) -> bool {
        self.app_properties.get(MADE).is_some_and(|made| self.content.version().is_some_and(|version| version.as_str() != made))
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size.as_ref()?.parse().ok()
    }

    /// The order in which files of one name were made.
    pub(super) fn age(&self) -> (&str, &str) {
        (&self.created_time, &self.id)
    }
}

impl Content {
    /// The version is the digest of the content, so that it comes with the bytes and needs no second answer. The tag of v2 is
    /// none, for it moves by itself.
    pub(super) fn version(&self) -> Option<Version> {
        Some(Version::new(self.md5_checksum.as_ref()?.to_ascii_lowercase()))
    }

    pub(super) fn revision(&self) -> Option<&str> {
        self.head_revision_id.as_deref()
    }

    /// Whether these are its bytes.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        self.version() == Some(version_of(bytes))
    }
}

/// Returns the version of a content.
pub(super) fn version_of(bytes: &[u8]) -> Version {
    Version::new(Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
