//! What OneDrive says of a file or folder.

use super::hash::hash_of;
use kitestring::drive::Version;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// What has a name.
pub(super) enum There {
    File(Box<File>),
    /// A folder, or something else that is no file.
    Folder,
    Nothing,
}

/// A file, as it was seen.
#[derive(Clone)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    /// The id of the folder that it is in.
    folder: Option<String>,
    /// What a request can be conditioned on. It moves by itself, too.
    pub(super) tag: String,
    version: Version,
    pub(super) size: u64,
    hash: Option<String>,
    /// Where its content is, for an hour or so. Whoever has this has the file.
    pub(super) content: Option<Url>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    name: String,
    #[serde(rename = "eTag")]
    etag: Option<String>,
    #[serde(rename = "cTag")]
    ctag: Option<String>,
    #[serde(default)]
    size: u64,
    file: Option<FileFacet>,
    #[serde(rename = "parentReference")]
    parent: Option<Parent>,
    #[serde(rename = "@microsoft.graph.downloadUrl")]
    content: Option<String>,
}

#[derive(Deserialize)]
struct FileFacet {
    hashes: Option<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    #[serde(rename = "quickXorHash")]
    quick_xor: Option<String>,
}

#[derive(Deserialize)]
struct Parent {
    id: Option<String>,
}

impl There {
    /// Reads what an answer says; none if it makes no sense.
    pub(super) fn read(value: Value) -> Option<Self> {
        let item: Item = serde_json::from_value(value).ok()?;
        let Some(facet) = item.file else { return Some(Self::Folder) };
        let tag = item.etag?;
        Some(Self::File(Box::new(File {
            id: item.id,
            name: item.name,
            folder: item.parent.and_then(|parent| parent.id),
            version: Version::new(item.ctag.unwrap_or_else(|| tag.clone())),
            tag,
            size: item.size,
            hash: facet.hashes.and_then(|hashes| hashes.quick_xor),
            content: item.content.and_then(|url| Url::parse(&url).ok()),
        })))
    }

    /// Returns the file; none of anything else.
    pub(super) fn file(self) -> Option<File> {
        match self {
            Self::File(file) => Some(*file),
            Self::Folder | Self::Nothing => None,
        }
    }
}

impl File {
    /// The version is the tag of the content, which stays when something else of the file changes.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// Whether these are the bytes of this file; none if OneDrive has not said it yet.
    pub(super) fn is_of(&self, bytes: &[u8]) -> Option<bool> {
        let hash = self.hash.as_ref()?;
        Some(self.size == bytes.len() as u64 && *hash == hash_of(bytes))
    }

    /// Whether it is the same file with the same version.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id && self.version == other.version
    }

    /// Whether it still has the content that it had.
    pub(super) fn has_content_of(&self, before: &Self) -> bool {
        let has_hash = self.hash.is_some() && self.hash == before.hash && self.size == before.size;
        self.version == before.version || (self.id == before.id && has_hash)
    }

    /// Whether it was neither renamed nor moved.
    pub(super) fn is_where(&self, before: &Self) -> bool {
        self.name == before.name && self.folder == before.folder
    }
}
