//! A disk on which letter case and normal form make no difference.

use super::*;
use kitestring::{Client, Drive, Layout, MemoryDrive, Options, Report, SyncOptions, server::classic::ClassicOptions};
use kitestring_adapters::runtime::NativeRuntime;

/// A device: a folder and a client of it.
struct Device {
    f: Fixture,
    client: Client,
}

impl Device {
    fn new(drive: &Arc<MemoryDrive>, names: Names) -> Self {
        let f = Fixture::on(names);
        let mut options = Options::new(Arc::new(NativeRuntime::new()));
        options.layout = Layout::Classic(ClassicOptions { format: Arc::new(crate::classic_file::FileFormat), ..ClassicOptions::default() });
        let application = Arc::new(Folder { tree: f.folder.tree.clone(), cache: ScanCache::new(f.state.clone(), false) });
        let drive: Arc<dyn Drive> = drive.clone();
        let client = block_on(Client::open(application, f.state.clone(), drive, options)).unwrap();
        Self { f, client }
    }

    fn sync(&self) -> Report {
        block_on(self.client.sync(SyncOptions { reconcile: true, ..SyncOptions::default() })).unwrap()
    }

    fn content(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.f.at(path)).ok()
    }
}

/// A device that tells names apart, and one that does not.
fn two() -> (Device, Device) {
    let drive = Arc::new(MemoryDrive::new());
    (Device::new(&drive, Names::default()), Device::new(&drive, Names::assumed(true, true)))
}

#[test]
fn the_second_is_not_written_but_reported_and_never_taken_for_deleted() {
    let (exact, folding) = two();
    for path in ["README", "readme", "Dir/a", "dir/b", "\u{e9}", "e\u{301}"] {
        exact.f.write(path, path.as_bytes());
    }
    exact.sync();
    for _ in 0..3 {
        let report = folding.sync();
        assert_eq!(report.skipped.len(), 3, "{report:?}");
        assert!(report.skipped.iter().all(|s| s.why.contains("this disk takes its name for that of")), "{report:?}");
        assert_eq!((report.pushed, report.deleted), (0, 0));
        exact.sync();
    }
    assert_eq!(folding.f.entries().len(), 3);
    for path in ["README", "readme", "Dir/a", "dir/b", "\u{e9}", "e\u{301}"] {
        assert_eq!(exact.content(path).as_deref(), Some(path));
        assert!(folding.content(path).is_none_or(|content| content == path));
    }
    // What was in the way goes, and the other comes.
    fs::remove_file(exact.f.at("README")).unwrap();
    exact.sync();
    folding.sync();
    assert_eq!((folding.content("README"), folding.content("readme").as_deref()), (None, Some("readme")));
}

#[test]
fn an_edit_or_deletion_of_the_second_leaves_the_first_alone() {
    let (exact, folding) = two();
    exact.f.write("README", b"first");
    exact.sync();
    folding.sync();
    exact.f.write("readme", b"second");
    exact.sync();
    folding.sync();
    exact.f.write("readme", b"second, edited");
    exact.sync();
    folding.sync();
    fs::remove_file(exact.f.at("readme")).unwrap();
    exact.sync();
    let report = folding.sync();
    assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{report:?}");
    assert_eq!((folding.content("README").as_deref(), folding.content("readme")), (Some("first"), None));
    exact.sync();
    assert_eq!(exact.content("README").as_deref(), Some("first"));
}

#[test]
fn a_rename_that_changes_only_the_case_is_one_even_if_an_edit_follows() {
    let (exact, folding) = two();
    exact.f.write("sub/readme.md", b"text");
    exact.sync();
    folding.sync();
    fs::rename(folding.f.at("sub/readme.md"), folding.f.at("sub/README.md")).unwrap();
    folding.f.write("sub/README.md", b"longer text");
    let report = folding.sync();
    assert_eq!((report.pushed, report.deleted, report.skipped.len()), (1, 1, 0), "{report:?}");
    exact.sync();
    assert_eq!((exact.content("sub/readme.md"), exact.content("sub/README.md").as_deref()), (None, Some("longer text")));
}

#[test]
fn one_that_vanished_beside_its_twin_is_not_taken_for_deleted() {
    let (exact, folding) = two();
    for device in [&exact, &folding] {
        device.f.write("a", b"A");
    }
    exact.f.write("readme", b"small");
    exact.sync();
    folding.sync();
    // As a copy onto this disk leaves it: another file under the other name.
    folding.f.write("README", b"capital");
    fs::remove_file(folding.f.at("readme")).unwrap();
    let report = folding.sync();
    assert_eq!((report.pushed, report.deleted), (1, 0), "{report:?}");
    exact.sync();
    assert_eq!(exact.content("readme").as_deref(), Some("small"));
}
