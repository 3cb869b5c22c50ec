//! What only the inside can show: a disk that is full or fails, and a commit that is shared.

use super::{
    FileState, open,
    store::{Open, Store},
    writer::Writer,
};
use futures::executor::block_on;
use kitestring::{ErrorKind, State as _, StateRecord};
use redb::{Builder, StorageBackend, backends::FileBackend};
use std::{
    fs::OpenOptions,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// A disk with so many bytes for the file; with none, it fails.
#[derive(Debug)]
struct Small {
    file: FileBackend,
    room: Arc<AtomicU64>,
}

impl StorageBackend for Small {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        match self.room.load(SeqCst) {
            room if len > room => Err(io::ErrorKind::StorageFull.into()),
            _ => self.file.set_len(len),
        }
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.room.load(SeqCst) == 0 { Err(io::Error::other("the cable is out")) } else { self.file.sync_data() }
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

fn on_small_disk(path: &Path, room: &Arc<AtomicU64>) -> FileState {
    let (path, room) = (open::prepare(path).unwrap(), room.clone());
    let open: Open = Box::new(move |path| {
        let file = FileBackend::new(OpenOptions::new().read(true).write(true).open(path)?)?;
        Builder::new().create_with_backend(Small { file, room: room.clone() })
    });
    let store = Arc::new(Store::open(path, open).unwrap());
    FileState { writer: Writer::start(store.clone()).unwrap(), store }
}

#[test]
fn a_full_disk_is_said_so_and_spoils_nothing() {
    let home = tempfile::tempdir().unwrap();
    let room = Arc::new(AtomicU64::new(4 << 20));
    let state = on_small_disk(&home.path().join("s"), &room);
    block_on(state.write(vec![StateRecord::set("a", "small")])).unwrap();
    let error = block_on(state.write(vec![StateRecord::set("a", "other"), StateRecord::set("b", vec![7; 16 << 20])])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::QuotaExceeded, "{error}");
    assert_eq!(block_on(state.read(vec!["a".into(), "b".into()])).unwrap(), [Some(b"small".to_vec()), None]);
    block_on(state.write(vec![StateRecord::set("a", "after")])).unwrap();
    assert_eq!(block_on(state.read(vec!["a".into()])).unwrap(), [Some(b"after".to_vec())]);
}

#[test]
fn after_a_failure_of_the_disk_what_was_acknowledged_is_there() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let room = Arc::new(AtomicU64::new(u64::MAX));
    let state = on_small_disk(&path, &room);
    block_on(state.write(vec![StateRecord::set("a", "old")])).unwrap();
    room.store(0, SeqCst);
    for call in [block_on(state.write(vec![StateRecord::set("a", "new")])), block_on(state.read(vec!["a".into()])).map(drop)] {
        let error = call.unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.detail().contains("open the client again"), "{error}");
    }
    drop(state);
    let state = FileState::open(&path).unwrap();
    let found = block_on(state.read(vec!["a".into()])).unwrap().remove(0).unwrap();
    assert!(found == b"old" || found == b"new", "an unacknowledged write is whole or not there: {found:?}");
}

#[test]
fn a_bad_batch_in_a_shared_commit_fails_alone() {
    let home = tempfile::tempdir().unwrap();
    let room = Arc::new(AtomicU64::new(8 << 20));
    let state = on_small_disk(&home.path().join("s"), &room);
    let batch = |n: usize| vec![StateRecord::set(format!("k{n}"), if n == 7 { vec![7; 32 << 20] } else { vec![7] })];
    let waiting: Vec<_> = (0..20).map(|n| state.writer.queue(batch(n)).unwrap()).collect();
    for (n, answer) in waiting.into_iter().enumerate() {
        let kind = block_on(answer).unwrap().err().map(|e| e.into_kind());
        assert_eq!(kind, (n == 7).then_some(ErrorKind::QuotaExceeded), "{n}");
    }
    assert_eq!(block_on(state.read(vec!["k7".into(), "k8".into()])).unwrap(), [None, Some(vec![7])]);
}
