//! The golden sealed vault of `spec/vectors/sealed`: what was sealed once is opened for ever.
//!
//! `KITE_WRITE_VECTORS=1` makes it anew, which only a new format may ask for. Its bytes are not compared with what the
//! library writes now: how well a frame is compressed may change.

use crate::common::Device;
use futures::executor::block_on;
use kitestring::*;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Not in the form in which it is taken: NFC makes one character of two.
const PASSPHRASE: &str = "corre\u{301}ct horse battery staple";
const KEY: [u8; 32] = [0x5e; 32];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/sealed")
}

fn passphrase() -> Encryption {
    Encryption::passphrase(PASSPHRASE).unwrap().with_cost(PassphraseCost::LEAST).unwrap()
}

/// What the vault holds: short bodies as text, long ones as their digest.
pub(crate) fn expected(docs: &BTreeMap<DocId, Vec<u8>>) -> Value {
    let body = |bytes: &Vec<u8>| match bytes.len() {
        0..1000 => json!({"text": String::from_utf8(bytes.clone()).unwrap()}),
        len => json!({"bytes": len, "sha256": Digest::of(bytes).to_string()}),
    };
    docs.iter().map(|(id, bytes)| (id.as_str().to_owned(), body(bytes))).collect::<serde_json::Map<_, _>>().into()
}

/// Text that does not compress well.
pub(crate) fn noise(len: usize) -> String {
    let mut n = 1_u64;
    let mut letter = || {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((n >> 40) % 26) as u8)
    };
    (0..len).map(|_| letter()).collect()
}

/// A vault with all that there is: a checkpoint, records beyond it, a deletion, parts, files of several pieces, two versions of
/// a document, padding, two keys, two slots.
async fn make() -> (Arc<MemoryDrive>, BTreeMap<DocId, Vec<u8>>) {
    let drive = Arc::new(MemoryDrive::new());
    let a = Device::sealed(&drive, 1, passphrase()).await;
    for n in 0..20 {
        a.put(&format!("notes/{n}.md"), &format!("what is said in note {n}")).await;
    }
    a.put("Größe/é.md", "ids are text").await;
    a.sync().await;
    a.client.add_key("paper", Encryption::key(KEY)).await.unwrap();
    a.put("large", &"a large document ".repeat(330_000)).await;
    a.put("notes/3.md", "said anew").await;
    a.delete("notes/4.md").await;
    a.sync().await;
    assert!(a.client.compact(SyncOptions::default()).await.unwrap());
    a.client.rotate_key(vec![Encryption::key(KEY)]).await.unwrap();
    let b = Device::sealed(&drive, 2, Encryption::key(KEY).padded()).await.on_a_fast_line().await;
    b.sync().await;
    b.put("of b", "sealed with the second key, and padded").await;
    b.put("noise", &noise(120_000)).await;
    b.delete("notes/5.md").await;
    b.sync().await;
    // A record that is made before its author has read the other's: two versions stand beside each other.
    let before = drive.contents();
    b.put("notes/6.md", "said by b").await;
    b.sync().await;
    let of_b = drive.contents();
    drive.restore(before);
    a.put("notes/6.md", "said by a").await;
    a.put("notes/7.md", "said by a").await;
    a.sync().await;
    drive.restore(of_b.into_iter().chain(drive.contents()).collect());
    b.sync().await;
    let c = Device::sealed(&drive, 4, Encryption::key(KEY)).await;
    c.sync().await;
    assert_eq!(c.client.left_versions().await.unwrap().len(), 1);
    (drive, c.docs())
}

async fn write() {
    let (drive, docs) = make().await;
    let _ = fs::remove_dir_all(folder());
    for (path, bytes) in drive.contents() {
        let path = folder().join("vault").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = json!({"passphrase": PASSPHRASE, "key": key, "documents": expected(&docs)});
    fs::write(folder().join("expected.json"), serde_json::to_string_pretty(&expected).unwrap() + "\n").unwrap();
}

#[test]
fn the_golden_vault_is_opened() {
    block_on(async {
        if std::env::var_os("KITE_WRITE_VECTORS").is_some() {
            write().await;
        }
        let wanted: Value = serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap();
        for encryption in [passphrase(), Encryption::key(KEY)] {
            let drive = Arc::new(MemoryDrive::new());
            drive.restore(crate::vectors::load(&folder().join("vault")));
            let device = Device::sealed(&drive, 3, encryption).await;
            assert_eq!(device.sync().await.skipped, []);
            assert_eq!(expected(&device.docs()), wanted["documents"]);
        }
    });
}

#[test]
fn a_vault_that_is_made_now_is_like_it() {
    block_on(async {
        let (drive, docs) = make().await;
        let wanted: Value = serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap();
        assert_eq!(expected(&docs), wanted["documents"]);
        let kinds = |paths: Vec<String>| -> BTreeMap<String, usize> {
            paths.into_iter().fold(BTreeMap::new(), |mut kinds, path| {
                *kinds.entry(path.split('/').next().unwrap().to_owned()).or_default() += 1;
                kinds
            })
        };
        let golden = crate::vectors::load(&folder().join("vault"));
        assert_eq!(kinds(drive.contents().into_keys().collect()), kinds(golden.into_keys().collect()));
    });
}
