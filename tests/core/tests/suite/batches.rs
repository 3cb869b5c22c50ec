//! How a push is cut: batches grow while the drive is fast, and are bounded by bytes.

use crate::common::{Device, faulty::Faulty, json};
use futures::executor::block_on;
use kitestring::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// A device on a drive whose heads are counted, each of them taking `ms`.
async fn counted(a: Device, drive: &Arc<MemoryDrive>, ms: u64) -> (Device, Arc<AtomicUsize>) {
    let heads = Arc::new(AtomicUsize::new(0));
    let (count, runtime) = (heads.clone(), a.runtime.clone());
    let faulty = Faulty::new(drive, move |op, path| {
        if op == "put" && path == "meta.json" {
            count.fetch_add(1, SeqCst);
            runtime.ms.fetch_add(ms, SeqCst);
        }
        None
    });
    (a.restarted(faulty).await, heads)
}

#[test]
fn batches_grow_as_long_as_they_end_within_a_second() {
    block_on(async {
        for (ms, batches) in [(0, 4), (999, 4), (1000, 5), (1500, 5)] {
            let drive = Arc::new(MemoryDrive::new());
            let a = Device::new(&drive, 1).await;
            a.sync().await;
            let (a, heads) = counted(a, &drive, ms).await;
            for n in 0..1100 {
                a.put(&format!("{n}"), "1").await;
            }
            assert_eq!(a.sync().await.pushed, 1100);
            assert_eq!(heads.load(SeqCst), batches, "at {ms} ms each");
        }
    });
}

#[test]
fn a_batch_ends_with_four_mebibytes() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::new(&drive, 1).await;
        let (a, heads) = counted(a, &drive, 0).await;
        let text = |letter: &str, bytes: usize| letter.repeat(bytes - json("").len());
        for (x, y, batches) in [(4 << 20, 10, 2), ((4 << 20) - 1, 20, 1)] {
            for round in ["a", "b"] {
                let before = heads.load(SeqCst);
                // In the second round the sizes are known.
                a.put("x", &text(round, x)).await;
                a.put("y", &text(round, y + 2)).await;
                assert_eq!(a.sync().await.pushed, 2);
                if round == "b" {
                    assert_eq!(heads.load(SeqCst) - before, batches, "{x} and {y} bytes");
                }
            }
        }
    });
}
