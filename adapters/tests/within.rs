//! A folder of a drive as a drive of its own.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use common::path;
use futures::executor::block_on;
use kitestring::{
    Client, Drive, DrivePath, ErrorKind, MemoryApplication, MemoryDrive, MemoryState, Options, SyncOptions, apply,
    drive::{Capabilities, Changed, Condition, DirEntry, GetOptions, Got, Listing, PutFile, Version},
    port,
};
use kitestring_adapters::{
    NativeRuntime,
    layers::{Collection, Within},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

fn within(drive: &Arc<MemoryDrive>, folder: &str) -> Within {
    Within::new(drive.clone(), path(folder))
}

fn get(drive: &dyn Drive, file: &str) -> Got {
    block_on(drive.get(path(file), GetOptions::default())).unwrap()
}

fn put(drive: &dyn Drive, file: &str, bytes: &[u8], condition: Condition) -> kitestring::Result<Version> {
    block_on(drive.put(path(file), bytes.to_vec(), condition))
}

fn names(drive: &dyn Drive, dir: &str) -> Vec<DirEntry> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let dir = if dir.is_empty() { DrivePath::root() } else { path(dir) };
        let page = block_on(drive.list_dir(dir, cursor)).unwrap();
        all.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

#[test]
fn its_files_lie_in_the_folder_and_everything_else_is_out_of_sight() {
    let drive = Arc::new(MemoryDrive::new());
    let (a, b) = (within(&drive, "a"), within(&drive, "b/c"));
    put(&*drive, "root.json", b"root", Condition::Any).unwrap();
    put(&a, "docs/1.json", b"a1", Condition::Absent).unwrap();
    put(&b, "docs/1.json", b"b1", Condition::Absent).unwrap();
    let files: Vec<String> = drive.contents().into_keys().collect();
    assert_eq!(files, ["a/docs/1.json", "b/c/docs/1.json", "root.json"]);
    assert!(matches!(get(&a, "docs/1.json"), Got::File { bytes, .. } if bytes == b"a1"));
    assert_eq!(get(&a, "root.json"), Got::Missing);
    assert_eq!(names(&a, ""), [DirEntry { name: "docs".into(), is_dir: true, size: None }]);
    assert_eq!(names(&b, "docs"), [DirEntry { name: "1.json".into(), is_dir: false, size: Some(2) }]);
    assert_eq!(names(&within(&drive, "none"), ""), []);
    block_on(a.delete(path("docs/1.json"), Condition::Any)).unwrap();
    assert_eq!(names(&a, "docs"), []);
    assert!(matches!(get(&b, "docs/1.json"), Got::File { .. }));
}

#[test]
fn conditions_versions_and_ranges_go_through() {
    let drive = Arc::new(MemoryDrive::new());
    let a = within(&drive, "a");
    let first = put(&a, "f", b"12345", Condition::Absent).unwrap();
    assert_eq!(put(&a, "f", b"x", Condition::Absent).unwrap_err().kind, ErrorKind::Condition);
    let got = block_on(a.get(path("f"), GetOptions { range: Some(1..3), unless: None })).unwrap();
    assert_eq!(got, Got::File { bytes: b"23".to_vec(), version: first.clone() });
    let unless = GetOptions { range: None, unless: Some(first.clone()) };
    assert_eq!(block_on(a.get(path("f"), unless)).unwrap(), Got::Unchanged);
    let second = put(&a, "f", b"new", Condition::Matches(first.clone())).unwrap();
    let error = block_on(a.delete(path("f"), Condition::Matches(first))).unwrap_err();
    assert_eq!((error.kind.clone(), error.subject()), (ErrorKind::Condition, Some("a/f")), "an error names the whole path");
    block_on(a.delete(path("f"), Condition::Matches(second))).unwrap();
    assert_eq!(get(&a, "f"), Got::Missing);
}

#[test]
fn listings_have_pages() {
    let drive = Arc::new(MemoryDrive::new());
    let a = within(&drive, "a");
    let files = (0..2500).map(|n| PutFile { path: path(&format!("docs/{n:04}")), bytes: vec![], condition: Condition::Absent });
    let answers = block_on(a.put_many(files.collect()));
    assert!(answers.len() == 2500 && answers.iter().all(Result::is_ok));
    let names: Vec<String> = names(&a, "docs").into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, (0..2500).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

/// Notes which calls arrive.
#[derive(Default)]
struct Noting(Mutex<Vec<String>>);

impl Noting {
    fn note(&self, call: String) {
        self.0.lock().unwrap().push(call);
    }
}

#[apply(port!)]
impl Drive for Noting {
    fn capabilities(&self) -> Capabilities {
        Capabilities { parallel: 3, replace: false, ..Capabilities::FULL }
    }
    async fn get(&self, path: DrivePath, _options: GetOptions) -> kitestring::Result<Got> {
        self.note(format!("get {path}"));
        Ok(Got::Missing)
    }
    async fn put(&self, path: DrivePath, _bytes: Vec<u8>, _condition: Condition) -> kitestring::Result<Version> {
        self.note(format!("put {path}"));
        Ok(Version::new("1"))
    }
    async fn delete(&self, path: DrivePath, _condition: Condition) -> kitestring::Result<()> {
        self.note(format!("delete {path}"));
        Ok(())
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> kitestring::Result<Listing> {
        self.note(format!("list {dir} {cursor:?}"));
        Ok(Listing::default())
    }
    async fn put_many(&self, files: Vec<PutFile>) -> Vec<kitestring::Result<Version>> {
        self.note(format!("put_many {files:?}"));
        files.iter().map(|f| Ok(Version::new(f.path.as_str()))).collect()
    }
    async fn changed_since(&self, token: Option<String>) -> kitestring::Result<Changed> {
        self.note(format!("changed_since {token:?}"));
        Ok(Changed::No)
    }
    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> kitestring::Result<Changed> {
        self.note(format!("wait_for_change {token:?} {timeout:?}"));
        Ok(Changed::Yes("2".into()))
    }
}

#[test]
fn batches_notices_and_capabilities_are_those_of_the_drive_and_cost_no_further_call() {
    let drive = Arc::new(Noting::default());
    let a = Within::new(drive.clone(), path("a/b"));
    assert_eq!(a.capabilities(), drive.capabilities());
    let file = |name| PutFile { path: path(name), bytes: vec![], condition: Condition::Matches(Version::new("7")) };
    let answers = block_on(a.put_many(vec![file("x"), file("y/z")]));
    assert_eq!(answers.into_iter().map(|v| v.unwrap().as_str().to_owned()).collect::<Vec<_>>(), ["a/b/x", "a/b/y/z"]);
    assert_eq!(block_on(a.changed_since(Some("1".into()))).unwrap(), Changed::No);
    assert_eq!(block_on(a.wait_for_change(Some("1".into()), Duration::from_secs(9))).unwrap(), Changed::Yes("2".into()));
    block_on(a.list_dir(DrivePath::root(), Some("c".into()))).unwrap();
    let calls = drive.0.lock().unwrap().clone();
    assert_eq!(calls[0], "put_many [PutFile(a/b/x, 0 bytes, Matches(Version(7))), PutFile(a/b/y/z, 0 bytes, Matches(Version(7)))]");
    assert_eq!(calls[1..], ["changed_since Some(\"1\")", "wait_for_change Some(\"1\") 9s", "list a/b Some(\"c\")"]);
}

#[test]
fn clients_of_two_collections_and_of_the_root_share_a_drive_and_nothing_else() {
    let drive = Arc::new(MemoryDrive::new());
    let collection = |name: &str| -> Arc<dyn Drive> { Arc::new(Within::new(drive.clone(), Collection::new(name).unwrap().path().clone())) };
    let roots: [(&str, Arc<dyn Drive>); 3] = [("", drive.clone()), ("photos", collection("photos")), ("notes", collection("notes"))];
    let body = |own: &str| format!("{{\"from\":\"{own}\"}}").into_bytes();
    let synced = |root: &Arc<dyn Drive>, own: Option<&str>| -> Vec<Option<Vec<u8>>> {
        let application = Arc::new(MemoryApplication::new());
        if let Some(own) = own {
            application.put("same", body(own)).unwrap();
            application.put(&format!("only {own}"), body(own)).unwrap();
        }
        block_on(async {
            let options = Options::new(Arc::new(NativeRuntime::new()));
            let client = Client::open(application.clone(), Arc::new(MemoryState::new()), root.clone(), options).await.unwrap();
            client.sync(SyncOptions::default()).await.unwrap();
        });
        ["same", "only ", "only photos", "only notes"].iter().map(|id| application.body(id)).collect()
    };
    for (name, root) in &roots {
        synced(root, Some(name));
    }
    for (name, root) in &roots {
        let own = |of: &str| (of == *name).then(|| body(name));
        assert_eq!(synced(root, None), [Some(body(name)), own(""), own("photos"), own("notes")], "{name}");
    }
    assert!(drive.contents().keys().all(|p| !p.contains("photos/notes")));
}
