//! The second golden sealed vault, `spec/vectors/sealed-2`: records that are found by listings, a checkpoint of another
//! strategy, a version that was taken back, two keys, a key that was removed, padding, and indices of every codec.
//!
//! `KITE_WRITE_VECTORS=1` makes it anew, which only a new format may ask for. An index of Deflate, which is not written
//! natively, is made here.

use crate::{common::*, sealed_vectors::expected};
use futures::executor::block_on;
use kitestring::{server::journal::Scale, *};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

const PASSPHRASE: &str = "der Gro\u{308}\u{df}te";
const KEY: [u8; 32] = [0x6e; 32];
/// What opened it for a telephone, and does no longer.
const LOST: [u8; 32] = [0x7e; 32];

type Files = BTreeMap<String, Vec<u8>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/sealed-2")
}

fn passphrase() -> Encryption {
    Encryption::passphrase(PASSPHRASE).unwrap().with_cost(PassphraseCost::LEAST).unwrap()
}

/// A device on a small scale.
async fn device(drive: &Arc<MemoryDrive>, seed: u64, encryption: Encryption) -> Device {
    let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(seed * 1_000_000), ..TestRuntime::default() });
    let scale = Scale { small_file_bytes: 1, alive_fifths: 1, ..Scale::default() };
    let layout = Layout::Journal(JournalOptions { scale, ..JournalOptions::default() });
    let options = Options { encryption: Some(encryption), layout, ..Options::new(runtime.clone()) };
    Device::with(Arc::default(), Arc::default(), drive.clone(), runtime, options).await
}

/// The newest keyring, opened.
fn keyring(files: &Files) -> (String, Unsealed) {
    let (path, file) = files.iter().rfind(|(path, _)| path.starts_with("k/")).unwrap();
    (path.clone(), Unsealed::open(path, file, &Encryption::key(KEY)).unwrap())
}

/// The records: of each its path in the layout and on the drive, its writer and its number.
fn records(files: &Files) -> Vec<(String, String, [u8; 14], u64)> {
    let keys = keyring(files).1;
    let names = files.keys().filter(|path| path.starts_with("j/")).map(|path| (keys.logical(path).unwrap(), path.clone()));
    let record = |(logical, path): (String, String)| {
        let parts: Vec<&str> = logical.strip_prefix("j/").filter(|name| !name.starts_with("c-"))?.split('-').collect();
        let [_, writer, seq, _] = *parts.as_slice() else { return None };
        let mut bytes = [0; 14];
        (0..14).for_each(|n| bytes[n] = u8::from_str_radix(&writer[2 * n..2 * n + 2], 16).unwrap());
        Some((logical.clone(), path, bytes, u64::from_str_radix(seq, 16).unwrap()))
    };
    names.filter_map(record).collect()
}

/// Stores the index of a writer's last record in another way: its hash, and so its name, are others then.
fn store_index(drive: &MemoryDrive, writer: [u8; 14], codec: u8) {
    let mut files = drive.contents();
    let keys = keyring(&files).1;
    let of_writer = records(&files).into_iter().filter(|record| record.2 == writer);
    let (logical, path, ..) = of_writer.max_by_key(|record| record.3).unwrap();
    let content = keys.read(&logical, &files[&path]).unwrap();
    let (mut at, before) = (7, content[6]);
    let (raw, stored) = (number(&content, &mut at), number(&content, &mut at));
    assert!(before == 2 || before == 0, "the index has the codec {before}");
    let (index, frames) = content[at..].split_at(stored as usize);
    let index = if before == 2 { unzstd(index) } else { index.to_vec() };
    assert_eq!(index.len() as u64, raw);
    let stored = if codec == 1 { miniz_oxide::deflate::compress_to_vec(&index, 9) } else { index };
    assert!(codec == 0 || (stored.len() as u64) < raw, "the index does not get shorter");
    let mut head = [&content[..6], &[codec]].concat();
    put_number(&mut head, raw);
    put_number(&mut head, stored.len() as u64);
    head.extend(&stored);
    let hash = Digest::of(&head).to_string();
    let renamed = format!("{}-{}", logical.rsplit_once('-').unwrap().0, &hash[..16]);
    let sealed = keys.seal(&renamed, &[&head[..], frames].concat(), false, &TestRuntime::default()).unwrap();
    files.remove(&path);
    files.insert(keys.on_drive(&renamed).unwrap(), sealed);
    drive.restore(files);
}

fn number(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            return value;
        }
    }
}

fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number > 127 {
        to.push(number as u8 | 128);
        number >>= 7;
    }
    to.push(number as u8);
}

fn unzstd(frame: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(frame).unwrap();
    std::io::Read::read_to_end(&mut decoder, &mut raw).unwrap();
    raw
}

/// The writer whose record came last into these files.
fn newcomer(before: &Files, now: &Files) -> [u8; 14] {
    let known: Vec<[u8; 14]> = records(before).into_iter().map(|record| record.2).collect();
    records(now).into_iter().map(|record| record.2).find(|writer| !known.contains(writer)).unwrap()
}

async fn make() -> (Arc<MemoryDrive>, BTreeMap<DocId, Vec<u8>>) {
    let drive = Arc::new(MemoryDrive::new());
    let a = device(&drive, 1, passphrase()).await;
    for n in 0..6 {
        a.put(&format!("notes/{n}"), &format!("what is said in note {n}")).await;
    }
    a.sync().await;
    a.client.add_key("paper", Encryption::key(KEY)).await.unwrap();
    let lost = a.client.add_key("the lost telephone", Encryption::key(LOST)).await.unwrap();
    let before = drive.contents();
    let d = device(&drive, 5, Encryption::key(LOST)).await;
    d.sync().await;
    d.put("of the telephone", "said before it was lost").await;
    d.sync().await;
    let of_d = newcomer(&before, &drive.contents());
    a.sync().await;
    assert!(a.client.compact(SyncOptions::default()).await.unwrap());
    a.put("notes/1", "said anew").await;
    a.delete("notes/2").await;
    a.sync().await;
    assert!(a.client.compact(SyncOptions::default()).await.unwrap());
    // From here on there is no head.
    a.client.lower(Strategy::Listing).await.unwrap();
    a.client.remove_key(&lost.id).await.unwrap();
    a.client.rotate_key(vec![Encryption::key(KEY)]).await.unwrap();
    let before = drive.contents();
    let b = device(&drive, 2, Encryption::key(KEY).padded()).await;
    b.sync().await;
    b.put("of b", "sealed with the second key, and padded").await;
    b.put("noise", &crate::sealed_vectors::noise(70_000)).await;
    b.sync().await;
    let of_b = newcomer(&before, &drive.contents());
    // Both write before they have read the other's; who loses takes back what it has said: a change of kind 3.
    let apart = drive.contents();
    b.put("notes/4", "said by b").await;
    b.sync().await;
    let theirs = drive.contents();
    drive.restore(apart);
    a.put("notes/4", "said by a").await;
    a.sync().await;
    drive.restore(theirs.into_iter().chain(drive.contents()).collect());
    for device in [&a, &b, &a, &b] {
        for conflict in device.sync().await.conflicts {
            device.client.resolve(conflict, Resolution::TakeRemote).await.unwrap();
        }
    }
    a.put("of a", "the last of a: its index is stored").await;
    for n in 0..12 {
        b.put(&format!("more of b/{n}"), "the last of b: its index is compressed by Deflate").await;
    }
    a.sync().await;
    b.sync().await;
    let all = records(&drive.contents());
    let of_a = all.iter().map(|record| record.2).find(|writer| *writer != of_b && *writer != of_d).unwrap();
    store_index(&drive, of_b, 1);
    store_index(&drive, of_a, 0);
    let c = device(&drive, 4, Encryption::key(KEY)).await;
    c.sync().await;
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
    let hex = |key: [u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let expected = json!({"passphrase": PASSPHRASE, "key": hex(KEY), "removed": hex(LOST), "documents": expected(&docs)});
    fs::write(folder().join("expected.json"), serde_json::to_string_pretty(&expected).unwrap() + "\n").unwrap();
}

fn wanted() -> Value {
    serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

async fn opened(encryption: Encryption) -> (Device, Result<Report>) {
    let drive = Arc::new(MemoryDrive::new());
    drive.restore(crate::vectors::load(&folder().join("vault")));
    let device = device(&drive, 3, encryption).await;
    let synced = device.try_sync().await;
    (device, synced)
}

#[test]
fn the_second_golden_vault_is_opened() {
    block_on(async {
        if std::env::var_os("KITE_WRITE_VECTORS").is_some() {
            write().await;
        }
        for encryption in [passphrase(), Encryption::key(KEY)] {
            let (device, synced) = opened(encryption).await;
            synced.unwrap();
            assert_eq!(expected(&device.docs()), wanted()["documents"]);
        }
        let (_, synced) = opened(Encryption::key(LOST)).await;
        assert_eq!(synced.unwrap_err().kind, ErrorKind::WrongKey);
    });
}

#[test]
fn it_has_what_it_is_for() {
    let files = crate::vectors::load(&folder().join("vault"));
    let (_, keys) = keyring(&files);
    assert_eq!((keys.data_keys().len(), keys.labels().len()), (2, 2));
    let sealed_with = |n: usize| files.values().filter(|file| Unsealed::key_of(file) == Some(keys.data_keys()[n])).count();
    assert!(sealed_with(0) > 2 && sealed_with(1) > 2);
    let content = |path: &str| keys.read(&keys.logical(path).unwrap(), &files[path]).unwrap();
    let codecs: Vec<u8> = files.keys().filter(|path| path.starts_with("j/")).map(|path| content(path)[6]).collect();
    assert!([0, 1, 2].iter().all(|codec| codecs.contains(codec)), "{codecs:?}");
}

#[test]
fn a_second_vault_that_is_made_now_is_like_it() {
    block_on(async {
        let (drive, docs) = make().await;
        assert_eq!(expected(&docs), wanted()["documents"]);
        let kinds = |files: Files| -> BTreeMap<String, usize> {
            files.into_keys().fold(BTreeMap::new(), |mut kinds, path| {
                *kinds.entry(path.split('/').next().unwrap().to_owned()).or_default() += 1;
                kinds
            })
        };
        assert_eq!(kinds(drive.contents()), kinds(crate::vectors::load(&folder().join("vault"))));
    });
}
