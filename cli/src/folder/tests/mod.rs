//! The folder as an application, on a real file system.

mod ignored;
mod twins;

use super::*;
use crate::{config, lock::FolderLock, setup};
use async_io::block_on;
use kitestring::MemoryState;
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Path, content (none deletes), and the content that is expected to be there.
type Written<'a> = (&'a str, Option<&'a [u8]>, Option<&'a [u8]>);

struct Fixture {
    root: TempDir,
    folder: Folder,
    state: Arc<MemoryState>,
}

impl Fixture {
    fn new() -> Self {
        Self::on(Names::default())
    }

    /// On a disk that treats names like this.
    fn on(names: Names) -> Self {
        let root = tempfile::tempdir().unwrap();
        setup::make_own(root.path()).unwrap();
        fs::write(root.path().join(OWN).join(config::FILE), "{}").unwrap();
        let state = Arc::new(MemoryState::new());
        let folder = open(root.path(), &state, false, names);
        Self { root, folder, state }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, content: &[u8]) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    fn apply(&self, path: &str, body: Option<&[u8]>, expected: Option<&[u8]>) -> Outcome {
        self.apply_all(&[(path, body, expected)]).remove(0)
    }

    fn apply_all(&self, changes: &[Written<'_>]) -> Vec<Outcome> {
        let incoming = |(path, body, expected): &Written<'_>| Incoming {
            id: id(path),
            revision: Revision::of(body.unwrap_or(b"deletion")),
            body: body.map(|b| Body::Whole(b.to_vec())),
            expected: expected.map(Revision::of),
        };
        block_on(self.folder.apply(changes.iter().map(incoming).collect())).unwrap()
    }

    fn entries(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let page = block_on(self.folder.entries(all.last().map(|e| e.id.clone()), 2)).unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    fn missing(&self, paths: &[&str]) -> Vec<String> {
        let gone = block_on(self.folder.missing(paths.iter().map(|p| id(p)).collect())).unwrap();
        gone.into_iter().map(|id| id.as_str().to_owned()).collect()
    }

    /// Every file in the trash, as `path: content`.
    fn trash(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Ok(stamps) = fs::read_dir(self.at(".kite/trash")) else { return found };
        for stamp in stamps {
            list(&stamp.unwrap().path(), "", &mut found);
        }
        found.sort();
        found
    }
}

fn open(root: &Path, state: &Arc<MemoryState>, checksum: bool, names: Names) -> Folder {
    let tree = Tree::open(root, Usage::Work(FolderLock::take(root).unwrap()), names).unwrap();
    Folder::new(Arc::new(tree), state.clone(), checksum)
}

fn list(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &format!("{path}/"), found);
        } else {
            found.push(format!("{path}: {}", fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn id(path: &str) -> DocId {
    DocId::new(path).unwrap()
}

fn is_rejected(outcome: &Outcome, why: &str) -> bool {
    matches!(outcome, Outcome::Rejected(reason) if reason.contains(why))
}

#[test]
fn entries_give_every_file_with_its_digest_in_pages() {
    let f = Fixture::new();
    for path in ["b", "a/x", "a/y", "c", "d/e/f"] {
        f.write(path, path.as_bytes());
    }
    let entries = f.entries();
    let ids: Vec<&str> = entries.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["a/x", "a/y", "b", "c", "d/e/f"]);
    for e in &entries {
        assert_eq!(e.revision, Revision::of(e.id.as_str().as_bytes()));
        assert_eq!(e.digest.map(Revision::from), Some(e.revision.clone()));
        assert_eq!(e.size, Some(e.id.as_str().len() as u64));
    }
}

#[test]
fn a_page_of_nothing_but_unreadable_names_is_not_the_end() {
    let f = Fixture::new();
    for n in 0..5 {
        symlink("nowhere", f.at(&format!("a{n}"))).unwrap();
    }
    f.write("z", b"z");
    assert_eq!(f.entries().len(), 1);
    assert_eq!(f.folder.tree.notes.all().len(), 5);
}

#[test]
fn an_edit_that_keeps_size_and_time_is_noticed() {
    let f = Fixture::new();
    f.write("a", b"one");
    let mtime = fs::metadata(f.at("a")).unwrap().modified().unwrap();
    assert_eq!(f.entries()[0].revision, Revision::of(b"one"));
    f.write("a", b"two");
    fs::File::options().write(true).open(f.at("a")).unwrap().set_modified(mtime).unwrap();
    assert_eq!(f.entries()[0].revision, Revision::of(b"two"));
}

#[test]
fn a_settled_file_is_not_read_again_unless_asked_to() {
    let f = Fixture::new();
    f.write("a", b"one");
    // A digest that no content has shows whether the cache was asked.
    let false_digest = kitestring::Digest::of(b"from the cache");
    let found = f.folder.tree.page(None, 10).unwrap();
    let settled = stamp::Hashed::now(false_digest, found[0].stamp).later(std::time::Duration::from_secs(3));
    block_on(f.folder.cache.learn(vec![(id("a"), settled)])).unwrap();
    assert_eq!(f.entries()[0].digest, Some(false_digest));
    drop(f.folder);
    let thorough = open(f.root.path(), &f.state, true, Names::default());
    assert_eq!(block_on(thorough.entries(None, 10)).unwrap()[0].revision, Revision::of(b"one"));
}

#[test]
fn a_record_that_cannot_be_read_is_as_good_as_none() {
    let f = Fixture::new();
    f.write("a", b"one");
    let text = format!("{} 3 1 1 1 9000000000", Revision::of(b"from the cache"));
    block_on(f.state.write(vec![kitestring::StateRecord::set("kite/scan/a", text)])).unwrap();
    assert_eq!(f.entries()[0].revision, Revision::of(b"one"));
    let learnt = block_on(f.state.read(vec!["kite/scan/a".to_owned()])).unwrap().remove(0).unwrap();
    assert!(stamp::Hashed::from_bytes(&learnt).is_some());
}

#[test]
fn a_new_file_is_written_and_an_old_one_never_overwritten_unseen() {
    let f = Fixture::new();
    assert_eq!(f.apply("a/b/c", Some(b"new"), None), Outcome::Applied);
    assert_eq!(fs::read(f.at("a/b/c")).unwrap(), b"new");
    assert_eq!(f.apply("a/b/c", Some(b"other"), None), Outcome::Stale);
    assert_eq!(f.apply("a/b/c", Some(b"other"), Some(b"old")), Outcome::Stale);
    assert_eq!(f.apply("gone", Some(b"other"), Some(b"old")), Outcome::Stale);
    assert_eq!(fs::read(f.at("a/b/c")).unwrap(), b"new");
    assert!(!f.at("gone").exists());
    assert!(f.trash().is_empty());
}

#[test]
fn what_is_replaced_or_deleted_is_in_the_trash() {
    let f = Fixture::new();
    f.write("dir/a", b"1");
    f.write("b", b"2");
    fs::set_permissions(f.at("dir/a"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(f.apply("dir/a", Some(b"11"), Some(b"1")), Outcome::Applied);
    assert_eq!(fs::metadata(f.at("dir/a")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(f.apply("b", None, Some(b"2")), Outcome::Applied);
    assert_eq!(f.apply("dir/a", Some(b"111"), Some(b"11")), Outcome::Applied);
    assert_eq!(fs::read(f.at("dir/a")).unwrap(), b"111");
    assert_eq!(f.trash(), ["b: 2", "dir/a: 1", "dir/a: 11"]);
}

#[test]
fn a_deletion_takes_only_what_is_expected_and_the_directories_it_empties() {
    let f = Fixture::new();
    f.write("a/b/c", b"1");
    f.write("a/d/e", b"2");
    assert_eq!(f.apply("a/b/c", None, Some(b"0")), Outcome::Stale);
    assert_eq!(f.apply("a/b/c", None, Some(b"1")), Outcome::Applied);
    assert!(!f.at("a/b").exists() && f.at("a/d/e").exists());
    assert_eq!(f.apply("a/b/c", None, Some(b"1")), Outcome::Stale);
    assert_eq!(f.apply("a/b/c", None, None), Outcome::Applied);
    assert_eq!(f.apply("a/d/e", None, Some(b"2")), Outcome::Applied);
    assert!(!f.at("a").exists() && f.root.path().exists());
}

#[test]
fn a_file_and_a_directory_change_places_within_a_batch() {
    let f = Fixture::new();
    f.write("x", b"file");
    f.write("y/z", b"inside");
    let applied =
        f.apply_all(&[("x", None, Some(b"file")), ("x/in", Some(b"1"), None), ("y", Some(b"2"), None), ("y/z", None, Some(b"inside"))]);
    assert_eq!(applied, vec![Outcome::Applied; 4]);
    assert_eq!((fs::read(f.at("x/in")).unwrap(), fs::read(f.at("y")).unwrap()), (b"1".to_vec(), b"2".to_vec()));
}

#[test]
fn no_write_leaves_the_folder_or_enters_kites_own() {
    let f = Fixture::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "theirs").unwrap();
    symlink(outside.path(), f.at("link")).unwrap();
    symlink(outside.path().join("file"), f.at("linkfile")).unwrap();
    f.write("file", b"1");
    let theirs = Some(&b"theirs"[..]);
    assert!(is_rejected(&f.apply("link/new", Some(b"x"), None), "symbolic link"));
    assert!(is_rejected(&f.apply("link/file", Some(b"x"), theirs), "symbolic link"));
    assert!(is_rejected(&f.apply("link/file", None, theirs), "symbolic link"));
    assert!(is_rejected(&f.apply("linkfile", Some(b"x"), theirs), "symbolic link"));
    assert!(is_rejected(&f.apply("file/below", Some(b"x"), None), "a file stands"));
    for bad in [".kite/config.json", ".KITE/x", "sub/.kite/x", "../up", "/abs", "a//b", "./a", "nul\0"] {
        assert!(matches!(f.apply(bad, Some(b"x"), None), Outcome::Rejected(_)), "{bad}");
        assert!(matches!(f.apply(bad, None, Some(b"{}")), Outcome::Rejected(_)), "{bad}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(fs::read(outside.path().join("file")).unwrap(), b"theirs");
    assert_eq!(fs::read(f.at(".kite/config.json")).unwrap(), b"{}");
}

#[test]
fn only_what_is_certainly_gone_is_missing() {
    let f = Fixture::new();
    f.write("here", b"1");
    f.write("real/inside", b"2");
    symlink("real", f.at("moved")).unwrap();
    symlink("nowhere", f.at("link")).unwrap();
    f.write("dir/x", b"3");
    f.write("dir/.cloudy.icloud", b"placeholder");
    assert_eq!(
        f.missing(&["dir/cloudy", "here", "gone", "link", "moved/inside", "moved/gone", "dir", "here/below"]),
        ["gone", "dir", "here/below"]
    );
}

#[test]
fn a_folder_that_lost_its_configuration_is_not_taken_for_an_empty_one() {
    let f = Fixture::new();
    f.write("a", b"1");
    fs::remove_file(f.at(".kite/config.json")).unwrap();
    assert!(block_on(f.folder.entries(None, 10)).is_err());
    assert!(block_on(f.folder.missing(vec![id("a")])).is_err());
}

#[test]
fn a_large_file_goes_in_parts_both_ways() {
    let f = Fixture::new();
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    f.write("large", &large);
    let document = block_on(f.folder.get(vec![id("large"), id("gone")])).unwrap().remove(0);
    assert_eq!((document.revision.clone(), document.body), (Revision::of(&large), Body::Parts { size: 3_000_000 }));
    let part = |offset| PartRequest { id: id("large"), revision: Revision::of(&large), offset, length: 1 << 20 };
    assert_eq!(block_on(f.folder.read_part(part(2 << 20))).unwrap().unwrap(), large[2 << 20..]);
    for (n, bytes) in large.chunks(1 << 20).enumerate() {
        let part = StagedPart { id: id("copy"), revision: Revision::of(&large), offset: (n << 20) as u64, bytes: bytes.to_vec() };
        block_on(f.folder.stage_part(part)).unwrap();
    }
    let change = |size| Incoming { id: id("copy"), revision: Revision::of(&large), body: Some(Body::Parts { size }), expected: None };
    assert!(is_rejected(&block_on(f.folder.apply(vec![change(2_999_999)])).unwrap()[0], "whole"));
    assert_eq!(block_on(f.folder.apply(vec![change(3_000_000)])).unwrap(), [Outcome::Applied]);
    assert_eq!(fs::read(f.at("copy")).unwrap(), large);
    f.write("large", b"small now");
    assert_eq!(block_on(f.folder.read_part(part(0))).unwrap(), None);
}

#[test]
fn what_cannot_be_read_is_left_out_and_named() {
    let f = Fixture::new();
    f.write("a", b"1");
    symlink("a", f.at("link")).unwrap();
    let documents = block_on(f.folder.get(vec![id("link"), id("a"), id("gone")])).unwrap();
    assert_eq!(documents.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(f.folder.tree.notes.all().into_keys().collect::<Vec<_>>(), ["link"]);
}
