//! The golden vectors of `spec/vectors`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::common::{Device, TestRuntime, id};
use futures::executor::block_on;
use kitestring::{drive::Condition, *};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

fn vectors(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/classic").join(folder)
}

pub fn load(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn raw(device: &Device) -> BTreeMap<String, (bool, bool, String)> {
    let docs = device.notes.0.lock().unwrap();
    let one = |(id, (revision, body)): (&DocId, &(Revision, Vec<u8>))| {
        (id.as_str().to_owned(), (id.is_number(), revision.is_number(), String::from_utf8(body.clone()).unwrap()))
    };
    docs.iter().map(one).collect()
}

#[test]
fn a_vault_of_an_old_client_is_read_and_carried_on() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        drive.restore(load(&vectors("old")));
        let device = Device::new(&drive, 1).await;
        assert_eq!(device.sync().await.pulled, 3);
        let expected = [
            ("42", (true, true, r#"{"_id":42,"_rev":1700000000001,"answer":true}"#)),
            ("a b", (false, false, r#"{"_id":"a b","_rev":"rev-5"}"#)),
            ("note", (false, true, r#"{"_id":"note","_rev":1700000000002,"text":"h\u00e9llo\nworld","n":1.50}"#)),
        ];
        let expected = expected.map(|(id, (a, b, body))| (id.to_owned(), (a, b, body.to_owned())));
        assert_eq!(raw(&device), BTreeMap::from(expected), "every byte of a body is kept");
        // A host whose language has text only writes 42 again: on the drive it stays a number.
        let body = br#"{"_id":42,"_rev":1700000000009}"#.to_vec();
        device.notes.0.lock().unwrap().insert(id("42"), (Revision::new("1700000000009"), body));
        let change = Change { id: id("42"), revision: Revision::new("1700000000009"), action: Action::Put };
        device.client.queue_change(change).await.unwrap();
        device.sync().await;
        let files = drive.contents();
        let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
        assert_eq!(text("docs/42.json"), r#"{"doc":{"_id":42,"_rev":1700000000009},"_rev":1700000000009}"#);
        assert!(
            text("changes/0.json")
                .contains(r#"{"_id":"a b","_rev":"rev-5","action":"put"},{"_id":42,"_rev":1700000000009,"action":"put","push":""#)
        );
    });
}

#[test]
fn the_vault_that_this_library_writes_stays_the_same_to_the_byte() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let golden = |seed: u64| Arc::new(TestRuntime { seed: (seed * 1_000_000).into(), golden: true, ..TestRuntime::default() });
        let device = |seed| Device::open(Arc::default(), Arc::default(), drive.clone(), golden(seed));
        let (a, b) = (device(1).await, device(2).await);
        a.put("milk", "1 litre").await;
        a.put("lists/Saturday.md", "bread").await;
        a.put("gone", "soon").await;
        a.sync().await;
        b.sync().await;
        b.delete("gone").await;
        b.put("milk", "2 litres").await;
        b.put("Milk", "another").await;
        b.sync().await;
        let (written, folder) = (drive.contents(), vectors("vault"));
        if std::env::var_os("KITE_WRITE_VECTORS").is_some() {
            let _ = fs::remove_dir_all(&folder);
            for (path, bytes) in &written {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
        let text = |files: BTreeMap<String, Vec<u8>>| {
            files.into_iter().map(|(p, b)| (p, String::from_utf8(b).unwrap())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(text(written), text(load(&folder)));
    });
}

#[test]
fn the_vault_is_read() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        for (path, bytes) in load(&vectors("vault")) {
            drive.put(DrivePath::new(path).unwrap(), bytes, Condition::Any).await.unwrap();
        }
        let device = Device::new(&drive, 3).await;
        let report = device.sync().await;
        assert_eq!((report.pulled, report.skipped.len()), (3, 0));
        assert_eq!(device.docs().keys().map(DocId::as_str).collect::<Vec<_>>(), ["Milk", "lists/Saturday.md", "milk"]);
    });
}
