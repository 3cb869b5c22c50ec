//! One repository: objects, and branches that lead to them.

use super::objects::{Commit, Objects, Tree};
use std::collections::BTreeMap;

pub(super) const MAIN: &str = "refs/heads/main";

#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) objects: Objects,
    pub(super) refs: BTreeMap<String, String>,
    /// Where each branch was before.
    pub(super) before: BTreeMap<String, String>,
    pub(super) is_archived: bool,
    time: u64,
}

impl Repository {
    pub(super) fn commit(&mut self, tree: Tree, parents: Vec<String>, message: &str) -> String {
        let tree = self.objects.add_tree(tree);
        self.commit_tree(tree, parents, message)
    }

    pub(super) fn commit_tree(&mut self, tree: String, parents: Vec<String>, message: &str) -> String {
        self.time += 1;
        self.objects.add_commit(Commit { tree, parents, message: message.to_owned(), time: 1_700_000_000 + self.time })
    }

    /// Moves a branch.
    pub(super) fn set(&mut self, name: &str, commit: &str) {
        if let Some(before) = self.refs.insert(name.to_owned(), commit.to_owned()) {
            self.before.insert(name.to_owned(), before);
        }
    }

    /// The files that a branch holds, with their sizes.
    pub(super) fn files(&self, name: &str) -> Vec<(String, usize)> {
        let mut files = Vec::new();
        if let Some(tree) = self.refs.get(name).and_then(|commit| self.objects.tree(commit)) {
            self.walk(tree, "", &mut files);
        }
        files
    }

    fn walk(&self, tree: &Tree, above: &str, files: &mut Vec<(String, usize)>) {
        for (name, (mode, id)) in tree {
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            match self.objects.tree(id) {
                Some(below) if mode == "040000" => self.walk(below, &path, files),
                _ => files.push((path, self.objects.blob(id).map_or(0, |bytes| bytes.len()))),
            }
        }
    }
}
