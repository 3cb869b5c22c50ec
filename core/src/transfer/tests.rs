//! What an export refuses, and what it takes for a vault.

use super::{
    importing,
    listing::Kind,
    manifest::{Manifest, Told},
};
use crate::Digest;
use std::collections::BTreeMap;

#[test]
fn a_list_of_files_comes_back_and_names_only_what_a_vault_has() {
    let files = |path: &str| BTreeMap::from([(path.to_owned(), Told::of(b"x"))]);
    let manifest = Manifest::new(Kind::Journal, Some("id".to_owned()), files("j/x"));
    let (read, kind) = Manifest::decode(&manifest.encode().unwrap().bytes).unwrap();
    assert_eq!((read.files, read.vault, kind), (manifest.files, manifest.vault, Kind::Journal));
    for path in ["x", "../vault", "/vault", "docs/x", "j", "j/../x", "meta.json", ""] {
        let manifest = Manifest::new(Kind::Journal, None, files(path));
        let refused = Manifest::decode(&manifest.encode().unwrap().bytes).is_err();
        // A path that leaves its folder is none on any drive.
        assert!(refused || crate::DrivePath::new(path).is_err(), "{path}");
    }
    assert!(Manifest::decode(b"{}").is_err());
    assert!(Manifest::decode(br#"{"kitestring":"export","format":2}"#).is_err());
}

#[test]
fn the_marker_of_an_import_is_known_by_what_is_imported() {
    let digest = Digest::of(b"manifest");
    let marker = importing::marker("journal", digest).unwrap();
    assert_eq!(importing::read(&marker), Some(digest));
    assert_eq!(importing::read(br#"{"kitestring":"journal","format":1}"#), None);
    assert!(importing::refuse(&marker, "vault").is_err());
}
