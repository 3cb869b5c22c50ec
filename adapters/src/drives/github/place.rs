//! Where a drive is: a repository, a branch of it, and a folder in that.

use kitestring::{DrivePath, Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a branch needs encoded to be part of an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The branch that is taken if none is named. No other program has one of that name, so that no code is in the way.
pub const BRANCH: &str = "kitestring";

/// What the first commit holds: whoever clones the repository gets the bytes as they are.
pub(super) const OWN_FILE: &str = ".gitattributes";
/// That no line's end is to be converted.
pub(super) const OWN_CONTENT: &[u8] = b"* -text\n";

/// The longest names of accounts and repositories (GitHub).
const MAX_OWNER: usize = 39;
const MAX_REPOSITORY: usize = 100;

/// A place for a drive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The account or organization.
    pub owner: String,
    /// The repository.
    pub repository: String,
    /// The branch; [`BRANCH`] if none is named.
    pub branch: Option<String>,
    /// The folder; the top of the branch if none is named.
    pub folder: Option<String>,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) owner: String,
    pub(super) repository: String,
    pub(super) branch: String,
    folder: DrivePath,
}

impl Spot {
    pub(super) fn of(place: &Place) -> Result<Self> {
        let invalid = |detail: &str, what: &str| Err(Error::new(ErrorKind::InvalidInput, "open", detail).about(what));
        let is_word = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        let Place { owner, repository, .. } = place;
        if owner.is_empty() || owner.len() > MAX_OWNER || !is_word(owner, "-_") {
            return invalid("this is no name of an account of GitHub", owner);
        }
        let is_dots = matches!(repository.as_str(), "" | "." | "..");
        if is_dots || repository.len() > MAX_REPOSITORY || !is_word(repository, "-_.") {
            return invalid("this is no name of a repository", repository);
        }
        let branch = place.branch.as_deref().unwrap_or(BRANCH);
        if !is_branch(branch) {
            return invalid("this is no name of a branch", branch);
        }
        let folder = DrivePath::new(place.folder.as_deref().unwrap_or_default().trim_matches('/'))?;
        check(&folder)?;
        Ok(Self { owner: owner.clone(), repository: repository.clone(), branch: branch.to_owned(), folder })
    }

    /// Returns the path in the repository.
    ///
    /// # Errors
    /// `invalid_input` for a name that git does not hold, or that is the drive's own.
    pub(super) fn full(&self, path: &DrivePath) -> Result<String> {
        check(path)?;
        if self.is_own(path.as_str()) {
            return Err(Error::new(ErrorKind::InvalidInput, "path", "this file is the drive's own").about(path.as_str()));
        }
        let parts = [self.folder.as_str(), path.as_str()];
        Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
    }

    /// Whether that is a file of the drive itself.
    pub(super) fn is_own(&self, path: &str) -> bool {
        self.folder.as_str().is_empty() && path == OWN_FILE
    }

    /// The branch as a part of an address.
    pub(super) fn branch_in_url(&self) -> String {
        utf8_percent_encode(&self.branch, ENCODED).to_string()
    }

    /// Names the repository, as people do.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.owner, self.repository)
    }
}

/// The rules of `git check-ref-format`.
fn is_branch(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let ends_well = !name.ends_with('.') && !name.starts_with('-') && name != "@";
    ends_well && !name.contains(is_bad) && !name.contains("..") && !name.contains("@{") && name.split('/').all(is_part)
}

/// Git keeps these names for itself, and refuses a tree that has them.
fn check(path: &DrivePath) -> Result<()> {
    let is_gits = |name: &str| matches!(name.to_ascii_lowercase().trim_end_matches(['.', ' ']), ".git" | "git~1");
    if !path.segments().any(is_gits) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "path", "git keeps the name .git for itself").about(path.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_what_github_and_git_take() {
        let place = |owner: &str, repository: &str, branch: &str, folder: &str| Place {
            owner: owner.into(),
            repository: repository.into(),
            branch: Some(branch.into()),
            folder: Some(folder.into()),
        };
        for good in [place("me", "my.notes", "main", ""), place("a-b_c", "n", "with/slash", "/deep/folder/")] {
            assert!(Spot::of(&good).is_ok(), "{good:?}");
        }
        for bad in [
            place("", "n", "main", ""),
            place("me/you", "n", "main", ""),
            place("me", "..", "main", ""),
            place("me", "n?x", "main", ""),
            place("me", "n", "a..b", ""),
            place("me", "n", "a b", ""),
            place("me", "n", "a.lock", ""),
            place("me", "n", "/a", ""),
            place("me", "n", "", ""),
            place("me", "n", "main", "a/../b"),
            place("me", "n", "main", "a/.GIT"),
        ] {
            assert!(Spot::of(&bad).is_err(), "{bad:?}");
        }
    }
}
