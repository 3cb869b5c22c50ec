//! What a commit holds, as far as it was read.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Node {
    File {
        sha: String,
        size: u64,
    },
    /// Its id is not known where we have changed it ourselves.
    Folder {
        sha: Option<String>,
    },
    /// A link, or another repository.
    Other,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    File {
        sha: String,
    },
    Folder,
    Other,
    Nothing,
    /// A file stands where the path wants a folder.
    BelowFile,
    /// This folder was not read yet.
    Unread {
        folder: String,
        sha: String,
    },
}

type Names = BTreeMap<String, Node>;

/// The folders of a commit, by their paths in the repository.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tree {
    /// What is asked for to read the topmost folder.
    root: String,
    folders: BTreeMap<String, Names>,
    /// All of them were read.
    is_whole: bool,
}

/// A tree as GitHub tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    tree: Vec<Entry>,
    pub(super) truncated: bool,
}

#[derive(Debug, Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sha: Option<String>,
    #[serde(default)]
    size: u64,
}

impl Entry {
    fn into_parts(self) -> (String, Node) {
        let node = match (self.kind.as_str(), self.mode.as_str(), self.sha) {
            ("tree", _, sha) => Node::Folder { sha },
            // A link is a blob of another mode.
            ("blob", "100644" | "100755" | "100664", Some(sha)) => Node::File { sha, size: self.size },
            _ => Node::Other,
        };
        (self.path, node)
    }
}

impl Tree {
    /// Takes a whole commit.
    pub(super) fn whole(commit: &str, told: Told) -> Self {
        let mut tree = Self { root: commit.to_owned(), is_whole: true, folders: BTreeMap::new() };
        for (path, node) in told.tree.into_iter().map(Entry::into_parts) {
            let (folder, name) = split(&path);
            tree.folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), node);
        }
        tree
    }

    /// A commit of which nothing was read: one that is too large to be told at once.
    pub(super) fn unread(commit: &str) -> Self {
        Self { root: commit.to_owned(), ..Self::default() }
    }

    /// Takes what one folder holds.
    pub(super) fn read(&mut self, folder: &str, told: Told) {
        self.folders.insert(folder.to_owned(), told.tree.into_iter().map(Entry::into_parts).collect());
    }

    /// Returns how many names were read.
    pub(super) fn count(&self) -> usize {
        self.folders.values().map(BTreeMap::len).sum()
    }

    /// Says what has this path.
    pub(super) fn find(&self, path: &str) -> Found {
        let (mut folder, mut sha) = (String::new(), Some(self.root.clone()));
        let mut names = path.split('/').filter(|name| !name.is_empty());
        loop {
            let Some(known) = self.folders.get(&folder) else {
                return match sha {
                    Some(sha) if !self.is_whole => Found::Unread { folder, sha },
                    _ if folder.is_empty() && names.next().is_none() => Found::Folder,
                    _ => Found::Nothing,
                };
            };
            let Some(name) = names.next() else { return Found::Folder };
            let is_last = names.clone().next().is_none();
            match known.get(name) {
                None => return Found::Nothing,
                Some(Node::File { sha, .. }) if is_last => return Found::File { sha: sha.clone() },
                Some(Node::Other) if is_last => return Found::Other,
                Some(Node::File { .. } | Node::Other) => return Found::BelowFile,
                Some(Node::Folder { sha: own }) => {
                    sha.clone_from(own);
                    folder = joined(&folder, name);
                }
            }
        }
    }

    /// Returns what a folder holds that was read; nothing if there is none.
    pub(super) fn names(&self, folder: &str) -> impl Iterator<Item = (&String, &Node)> {
        self.folders.get(folder).into_iter().flatten()
    }

    /// Writes a file, and the folders above it.
    pub(super) fn put(&mut self, path: &str, sha: &str, size: u64) {
        self.hang(path, Node::File { sha: sha.to_owned(), size });
    }

    /// Deletes a file. Git knows no empty folders, so those go too.
    pub(super) fn delete(&mut self, path: &str) {
        let (folder, name) = split(path);
        let Some(names) = self.folders.get_mut(folder) else { return };
        names.remove(name);
        if names.is_empty() && !folder.is_empty() {
            self.folders.remove(folder);
            self.delete(folder);
        } else if !folder.is_empty() {
            self.hang(folder, Node::Folder { sha: None });
        }
    }

    fn hang(&mut self, path: &str, node: Node) {
        let (folder, name) = split(path);
        self.folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), node);
        if !folder.is_empty() {
            self.hang(folder, Node::Folder { sha: None });
        }
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: &[(&str, &str)]) -> Told {
        let entry = |(path, kind): &(&str, &str)| Entry {
            path: (*path).to_owned(),
            mode: if *kind == "blob" { "100644" } else { "" }.to_owned(),
            kind: (*kind).to_owned(),
            sha: Some(format!("sha of {path}")),
            size: 1,
        };
        Told { tree: entries.iter().map(entry).collect(), truncated: false }
    }

    #[test]
    fn a_path_leads_to_what_was_told_and_to_what_was_changed() {
        let mut tree = Tree::whole("c", told(&[("a", "tree"), ("a/b", "blob"), ("l", "commit")]));
        assert_eq!(tree.find("a/b"), Found::File { sha: "sha of a/b".into() });
        assert_eq!([tree.find("a"), tree.find(""), tree.find("l")], [Found::Folder, Found::Folder, Found::Other]);
        assert_eq!([tree.find("x/y"), tree.find("a/b/c"), tree.find("l/x")], [Found::Nothing, Found::BelowFile, Found::BelowFile]);
        tree.put("d/e/f", "new", 3);
        assert_eq!([tree.find("d/e"), tree.find("d/e/f")], [Found::Folder, Found::File { sha: "new".into() }]);
        tree.delete("d/e/f");
        tree.delete("a/b");
        assert_eq!([tree.find("d"), tree.find("a"), tree.find("")], [Found::Nothing, Found::Nothing, Found::Folder]);
    }

    #[test]
    fn a_large_commit_is_read_folder_by_folder() {
        let mut tree = Tree::unread("c");
        assert_eq!(tree.find("a/b"), Found::Unread { folder: String::new(), sha: "c".into() });
        tree.read("", told(&[("a", "tree"), ("z", "tree")]));
        assert_eq!(tree.find("a/b"), Found::Unread { folder: "a".into(), sha: "sha of a".into() });
        tree.read("a", told(&[("b", "blob")]));
        assert!(matches!(tree.find("a/b"), Found::File { .. }));
        tree.put("a/c", "new", 1);
        assert!(matches!(tree.find("a/c"), Found::File { .. }));
        assert_eq!(tree.find("z"), Found::Unread { folder: "z".into(), sha: "sha of z".into() });
    }

    #[test]
    fn an_empty_commit_is_a_folder() {
        assert_eq!(Tree::whole("c", told(&[])).find(""), Found::Folder);
    }
}
