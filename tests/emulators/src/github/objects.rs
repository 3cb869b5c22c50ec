//! Git's objects, with git's ids.

use sha1::{Digest as _, Sha1};
use std::{collections::BTreeMap, sync::Arc};

/// What a tree holds: by name, the mode and the id.
pub(super) type Tree = BTreeMap<String, (String, String)>;

#[derive(Debug, Clone)]
pub(super) enum Object {
    Blob(Arc<Vec<u8>>),
    Tree(Tree),
    Commit(Commit),
}

#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    /// Seconds since the Unix epoch.
    pub(super) time: u64,
}

/// All that a repository has ever been given.
#[derive(Debug, Default)]
pub(super) struct Objects(BTreeMap<String, Object>);

impl Objects {
    pub(super) fn blob(&self, id: &str) -> Option<&Arc<Vec<u8>>> {
        if let Object::Blob(bytes) = self.0.get(id)? { Some(bytes) } else { None }
    }

    pub(super) fn commit(&self, id: &str) -> Option<&Commit> {
        if let Object::Commit(commit) = self.0.get(id)? { Some(commit) } else { None }
    }

    /// Finds a tree by its id, or by that of a commit.
    pub(super) fn tree(&self, id: &str) -> Option<&Tree> {
        match self.0.get(id)? {
            Object::Tree(tree) => Some(tree),
            Object::Commit(commit) => self.tree(&commit.tree),
            Object::Blob(_) => None,
        }
    }

    pub(super) fn add_blob(&mut self, bytes: Vec<u8>) -> String {
        let id = id_of("blob", &bytes);
        self.0.entry(id.clone()).or_insert_with(|| Object::Blob(Arc::new(bytes)));
        id
    }

    pub(super) fn add_tree(&mut self, tree: Tree) -> String {
        let mut entries: Vec<_> = tree.iter().collect();
        // Git sorts a folder as if a slash followed its name.
        entries.sort_by_key(|(name, (mode, _))| format!("{name}{}", if mode == "040000" { "/" } else { "" }));
        let mut bytes = Vec::new();
        for (name, (mode, id)) in entries {
            bytes.extend(format!("{} {name}\0", mode.trim_start_matches('0')).into_bytes());
            bytes.extend((0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
        }
        let id = id_of("tree", &bytes);
        self.0.insert(id.clone(), Object::Tree(tree));
        id
    }

    pub(super) fn add_commit(&mut self, commit: Commit) -> String {
        let parents: String = commit.parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = format!("emulator <e@example.org> {} +0000", commit.time);
        let text = format!("tree {}\n{parents}author {who}\ncommitter {who}\n\n{}", commit.tree, commit.message);
        let id = id_of("commit", text.as_bytes());
        self.0.insert(id.clone(), Object::Commit(commit));
        id
    }

    /// Puts something at a path of a tree, or takes it away, and returns the new tree. Empty folders go.
    pub(super) fn changed(&mut self, tree: &Tree, path: &str, node: Option<(String, String)>) -> Tree {
        let mut tree = tree.clone();
        let Some((name, rest)) = path.split_once('/') else {
            match node {
                Some(node) => tree.insert(path.to_owned(), node),
                None => tree.remove(path),
            };
            return tree;
        };
        let below = tree.get(name).filter(|(mode, _)| mode == "040000").and_then(|(_, id)| self.tree(id)).cloned().unwrap_or_default();
        let below = self.changed(&below, rest, node);
        if below.is_empty() {
            tree.remove(name);
        } else {
            let id = self.add_tree(below);
            tree.insert(name.to_owned(), ("040000".to_owned(), id));
        }
        tree
    }

    /// Finds what has a path.
    pub(super) fn find(&self, tree: &Tree, path: &str) -> Option<(String, String)> {
        match path.split_once('/') {
            None => tree.get(path).cloned(),
            Some((name, rest)) => self.find(self.tree(&tree.get(name)?.1)?, rest),
        }
    }

    /// Whether one commit comes from another.
    pub(super) fn follows(&self, commit: &str, before: &str) -> bool {
        let mut open = vec![commit.to_owned()];
        while let Some(id) = open.pop() {
            if id == before {
                return true;
            }
            open.extend(self.commit(&id).into_iter().flat_map(|commit| commit.parents.clone()));
        }
        false
    }

    /// How many commits lead to one, with it: nobody merges here.
    pub(super) fn count(&self, commit: &str) -> usize {
        let parent = |id: &&str| self.commit(id)?.parents.first().map(String::as_str);
        std::iter::successors(Some(commit), parent).count()
    }
}

fn id_of(kind: &str, bytes: &[u8]) -> String {
    let digest = Sha1::new().chain_update(format!("{kind} {}\0", bytes.len())).chain_update(bytes).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
