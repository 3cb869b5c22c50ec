//! Applies several patches to one file. Each was made against the file as it is, not on top of the others, so they can
//! be written, refreshed and taken out one by one.

use crate::Result;
use std::{ops::Range, path::PathBuf};

/// One planted bug: a change of one file.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) name: String,
    pub(super) path: PathBuf,
    hunks: Vec<Hunk>,
}

/// A place of a patch.
#[derive(Debug, Default)]
struct Hunk {
    /// The line at which it began when it was made, from 0.
    at: usize,
    /// What is there: context and what is taken out.
    before: Vec<String>,
    changes: Vec<Change>,
}

/// Lines to replace; in a hunk counted from its beginning, in a file from the file's.
#[derive(Debug, Clone)]
struct Change {
    lines: Range<usize>,
    with: Vec<String>,
}

impl Patch {
    /// Reads a unified diff of one file; what stands before it is a comment.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self> {
        let wrong = |what: &str| format!("{}: {what}", place(name));
        let mut lines = text.lines().skip_while(|l| !l.starts_with("+++ "));
        let path = lines.next().and_then(|l| l.strip_prefix("+++ b/")).ok_or_else(|| wrong("it has no line `+++ b/...`"))?;
        let path = path.split('\t').next().unwrap_or_default();
        let mut hunks: Vec<Hunk> = Vec::new();
        for line in lines {
            if let Some(head) = line.strip_prefix("@@ -") {
                let at: usize = head.split([',', ' ']).next().and_then(|n| n.parse().ok()).ok_or_else(|| wrong(line))?;
                hunks.push(Hunk { at: at.saturating_sub(1), ..Hunk::default() });
            } else if line.starts_with("+++ b/") || line.starts_with("--- a/") {
                return Err(wrong("it changes a second file; one bug is one change of one file"));
            } else {
                hunks.last_mut().ok_or_else(|| wrong("it has lines outside of any place"))?.take(line);
            }
        }
        if hunks.is_empty() { Err(wrong("it changes nothing")) } else { Ok(Self { name: name.to_owned(), path: path.into(), hunks }) }
    }

    /// Finds where in the file the patch belongs, and returns what it changes there.
    fn changes(&self, file: &[&str]) -> Result<Vec<Change>> {
        let mut all = Vec::new();
        for hunk in &self.hunks {
            let at = hunk.find(file).ok_or_else(|| self.stale(hunk))?;
            let moved = |c: &Change| Change { lines: at + c.lines.start..at + c.lines.end, with: c.with.clone() };
            all.extend(hunk.changes.iter().map(moved));
        }
        Ok(all)
    }

    fn stale(&self, hunk: &Hunk) -> String {
        let (file, path) = (self.path.display(), place(&self.name));
        format!(
            "{path} no longer applies: near line {} of {file} these lines are expected:\n{}\n\
             To refresh it: make its change in {file} by hand, put what `git diff {file}` prints below the header of the \
             patch, and undo the change with `git checkout {file}`. If what the bug spoils is gone, remove the patch.",
            hunk.at + 1,
            hunk.before.join("\n")
        )
    }
}

impl Hunk {
    fn take(&mut self, line: &str) {
        let text = line.get(1..).unwrap_or_default().to_owned();
        let at = self.before.len();
        match line.chars().next() {
            Some('+') => self.change(at, |change| change.with.push(text)),
            Some('-') => {
                self.change(at, |change| change.lines.end += 1);
                self.before.push(text);
            }
            // `\ No newline at end of file`
            Some('\\') => {}
            _ => self.before.push(text),
        }
    }

    /// Goes on with the change that ends at this line, or begins a new one.
    fn change(&mut self, at: usize, go_on: impl FnOnce(&mut Change)) {
        let last = self.changes.pop_if(|change| change.lines.end == at);
        let mut change = last.unwrap_or_else(|| Change { lines: at..at, with: Vec::new() });
        go_on(&mut change);
        self.changes.push(change);
    }

    /// Where the lines are: where they were, or at the only place that has them.
    fn find(&self, file: &[&str]) -> Option<usize> {
        let is_at = |place: &usize| file.get(*place..*place + self.before.len()).is_some_and(|lines| lines == self.before);
        if is_at(&self.at) {
            return Some(self.at);
        }
        let mut places = (0..file.len()).filter(is_at);
        places.next().filter(|_| places.next().is_none())
    }
}

/// Applies patches to a file.
///
/// # Errors
/// If one no longer applies, or if two change the same lines.
pub(super) fn apply(file: &str, patches: &[&Patch]) -> Result<String> {
    let lines: Vec<&str> = file.lines().collect();
    let mut changes = Vec::new();
    for patch in patches {
        changes.extend(patch.changes(&lines)?.into_iter().map(|change| (change, &patch.name)));
    }
    changes.sort_by_key(|(change, _)| (change.lines.start, change.lines.end));
    let (mut text, mut done, mut last) = (String::with_capacity(file.len() * 2), 0, "");
    for (change, name) in changes {
        let kept =
            lines.get(done..change.lines.start).ok_or_else(|| format!("the planted bugs {last} and {name} change the same lines"))?;
        let new = change.with.iter().map(String::as_str);
        kept.iter().copied().chain(new).for_each(|line| push(&mut text, line));
        (done, last) = (change.lines.end, name);
    }
    lines.iter().skip(done).for_each(|line| push(&mut text, line));
    Ok(text)
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn place(name: &str) -> String {
    format!("{}/{name}.patch", super::BUGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "a\nb\nc\nd\ne\n";

    fn patch(name: &str, hunks: &str) -> Patch {
        Patch::parse(name, &format!("A bug.\n\n--- a/f.rs\n+++ b/f.rs\n{hunks}")).unwrap()
    }

    #[test]
    fn patches_of_one_file_do_not_disturb_each_other() {
        let one = patch("one", "@@ -1,3 +1,4 @@\n a\n+x\n+y\n b\n c\n");
        let two = patch("two", "@@ -2,3 +2,3 @@\n b\n-c\n+z\n d\n");
        assert_eq!(apply(FILE, &[&one, &two]).unwrap(), "a\nx\ny\nb\nz\nd\ne\n");
        assert_eq!(apply(FILE, &[&two, &one]).unwrap(), "a\nx\ny\nb\nz\nd\ne\n");
    }

    #[test]
    fn a_patch_finds_lines_that_have_moved() {
        let two = patch("two", "@@ -2,3 +2,3 @@\n b\n-c\n+z\n d\n");
        assert_eq!(apply("0\n0\n0\na\nb\nc\nd\n", &[&two]).unwrap(), "0\n0\n0\na\nb\nz\nd\n");
        assert!(apply("0\n0\nb\nc\nd\nb\nc\nd\n", &[&two]).is_err(), "nobody can say which place is meant");
    }

    #[test]
    fn a_patch_that_no_longer_applies_is_named() {
        let stale = patch("stale", "@@ -2,2 +2,2 @@\n b\n-x\n+z\n");
        let e = apply(FILE, &[&stale]).unwrap_err();
        assert!(e.starts_with("tests/sim/planted/stale.patch no longer applies") && e.contains("git diff f.rs"), "{e}");
    }

    #[test]
    fn two_patches_of_the_same_lines_are_named() {
        let (one, two) = (patch("one", "@@ -2,1 +2,1 @@\n-b\n+x\n"), patch("two", "@@ -2,2 +2,1 @@\n-b\n-c\n+y\n"));
        let e = apply(FILE, &[&one, &two]).unwrap_err();
        assert_eq!(e, "the planted bugs one and two change the same lines");
    }

    #[test]
    fn a_patch_of_two_files_is_refused() {
        assert!(Patch::parse("two", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n--- a/g\n+++ b/g\n").is_err());
        assert!(Patch::parse("none", "only words\n").is_err());
    }
}
