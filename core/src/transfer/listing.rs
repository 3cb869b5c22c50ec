//! Which files a vault has, in the order in which they are copied.

use crate::{DrivePath, Result, drive::Drive, server::journal::list_with_sizes};
use std::collections::BTreeMap;

/// The folders of a vault in the journal layout. What names others comes before what it names: whatever a head or a record
/// that was listed needs was there when the next folder was.
const JOURNAL: [&str; 6] = ["v", "k", "h", "j", "c", "p"];
/// The files beside them, but the marker. A lease is nobody's elsewhere.
const HEAD: &str = "head";
/// The marker of a vault in the journal layout.
pub(super) const MARKER: &str = "vault";
/// The files of a classic vault that are not documents.
pub(super) const CLASSIC: [&str; 2] = ["meta.json", "kitestring.json"];

/// The files of a vault: their paths, and their sizes as far as the drive tells them.
pub(super) type Listed = BTreeMap<String, Option<u64>>;

/// How a vault lies on its drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Journal,
    Classic,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Classic => "classic",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Journal, Self::Classic].into_iter().find(|kind| kind.name() == name)
    }

    /// The files that say how far the vault goes, which are read before and after all others.
    pub(super) fn heads(self) -> &'static [&'static str] {
        match self {
            Self::Journal => &[HEAD, MARKER],
            Self::Classic => &CLASSIC,
        }
    }

    /// The file without which there is no vault: it comes last into another place.
    pub(super) fn marker(self) -> &'static str {
        match self {
            Self::Journal => MARKER,
            Self::Classic => "kitestring.json",
        }
    }

    /// Whether a path is one that such a vault has.
    pub(super) fn has(self, path: &str) -> bool {
        let in_folder = |folders: &[&str]| path.split_once('/').is_some_and(|(folder, _)| folders.contains(&folder));
        match self {
            Self::Journal => self.heads().contains(&path) || in_folder(&JOURNAL),
            Self::Classic => self.heads().contains(&path) || in_folder(&["docs", "changes"]),
        }
    }
}

/// Lists the files of a vault, but its heads.
pub(super) async fn list(drive: &dyn Drive, kind: Kind) -> Result<Listed> {
    let mut listed = Listed::new();
    match kind {
        Kind::Journal => {
            for folder in JOURNAL {
                for (name, size) in list_with_sizes(drive, &DrivePath::new(folder)?).await? {
                    listed.insert(format!("{folder}/{name}"), size);
                }
            }
        }
        Kind::Classic => {
            let mut folders = vec![DrivePath::new("docs")?, DrivePath::new("changes")?];
            while let Some(folder) = folders.pop() {
                let mut cursor = None;
                loop {
                    let page = drive.list_dir(folder.clone(), cursor).await?;
                    for entry in page.entries {
                        let Ok(inside) = folder.join(&entry.name) else { continue };
                        if entry.is_dir {
                            folders.push(inside);
                        } else {
                            listed.insert(inside.as_str().to_owned(), entry.size);
                        }
                    }
                    cursor = page.next;
                    if cursor.is_none() {
                        break;
                    }
                }
            }
        }
    }
    Ok(listed)
}
