//! Ids of git: what a content is called.

use kitestring::drive::Version;
use sha1::{Digest as _, Sha1};

/// Returns the id of a content, by which git knows it.
pub(super) fn id_of(content: &[u8]) -> String {
    let digest = Sha1::new().chain_update(format!("blob {}\0", content.len())).chain_update(content).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The version of a file is the id of its content.
pub(super) fn version(sha: &str) -> Version {
    Version::new(sha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        // `git hash-object`, of nothing and of a line.
        assert_eq!(id_of(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id_of(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
