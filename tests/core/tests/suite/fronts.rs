//! Files that are larger than what is read of them at first, and indexes that are as large as they may be (J44, J80).

use crate::common::*;
use futures::executor::block_on;
use kitestring::*;

/// So many bytes that do not shrink.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

async fn queue(device: &Device, id: DocId, revision: Revision, body: Vec<u8>) {
    device.notes.0.lock().unwrap().insert(id.clone(), (revision.clone(), body));
    device.client.queue_change(Change { id, revision, action: Action::Put }).await.unwrap();
}

#[test]
fn what_is_behind_the_front_of_a_file_is_read_too() {
    block_on(async {
        let drive = drives()[0].clone();
        let a = Device::journal(&drive, 1).await.on_a_fast_line().await;
        // A record of nearly 8 MiB: it is not full before the last.
        for (n, len) in [1 << 20, 1 << 20, 1 << 20, 900_000, 4 << 20].into_iter().enumerate() {
            let body = noise(len);
            queue(&a, id(&format!("{n}")), Revision::of(&body), body).await;
        }
        a.sync().await;
        let largest = drive.contents().values().map(Vec::len).max().unwrap();
        assert!((15 << 19..9 << 20).contains(&largest), "{largest}");
        let b = Device::journal(&drive, 2).await.on_a_fast_line().await;
        let report = b.sync().await;
        assert_eq!((report.pulled, report.skipped), (5, vec![]));
        assert!(b.docs() == a.docs());
        // The marker, the head, the front and the rest.
        assert!(report.requests.get <= 5, "{:?}", report.requests);
        // The last frame, of 4 MiB, begins before the end of the front.
        assert!(report.bytes.received < largest as u64 + (4 << 20), "{}", report.bytes.received);
    });
}

/// Ids, revisions and deletions make an index large without a single byte of content.
#[test]
fn an_index_is_never_larger_than_what_is_read() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            const DOCUMENTS: usize = 6000;
            for n in 0..DOCUMENTS {
                let (id, revision) = (id(&format!("{n:01024}")), Revision::new(format!("{n:04096}")));
                queue(&a, id, revision, b"1".to_vec()).await;
            }
            a.sync().await;
            assert_eq!(b.sync().await.pulled as usize, DOCUMENTS);
            assert!(b.docs() == a.docs());
            a.client.compact(SyncOptions::default()).await.unwrap();
            let c = Device::journal(&drive, 3).await;
            assert_eq!(c.sync().await.pulled as usize, DOCUMENTS);
            assert!(c.docs() == a.docs());
        }
    });
}
