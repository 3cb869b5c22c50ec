//! What a document was: listed, restored, and shown as the base of a conflict.

use crate::common::{Device, drives, id, json};
use futures::executor::block_on;
use kitestring::*;

async fn revisions(device: &Device, name: &str) -> Vec<(Revision, bool)> {
    device.client.history(id(name)).await.unwrap().into_iter().map(|old| (old.revision, old.deleted)).collect()
}

#[test]
fn every_version_is_listed_and_can_be_had_again_also_by_another_device_and_after_checkpoints() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            let text = |n: u32| format!("version {n}");
            for n in 0..60 {
                a.put("note", &text(n)).await;
                a.put("other", &n.to_string()).await;
                a.sync().await;
                a.later(60);
            }
            a.delete("other").await;
            b.sync().await;
            b.put("note", "of b").await;
            b.sync().await;
            a.sync().await;
            b.sync().await;
            for device in [&a, &b] {
                let all = revisions(device, "note").await;
                assert_eq!(all.len(), 61, "on {:?}", drive.capabilities());
                assert_eq!(all[0].0, Revision::of(&json("of b")));
                assert_eq!(all[60].0, Revision::of(&json(&text(0))));
                assert!(revisions(device, "other").await[0].1, "the deletion is the newest");
            }
            let new = Device::journal(&drive, 3).await;
            new.sync().await;
            assert_eq!(revisions(&new, "note").await.len(), 61);
            for n in [3, 30, 58] {
                b.client.restore(id("note"), Revision::of(&json(&text(n)))).await.unwrap();
                assert_eq!(b.text("note").unwrap().as_bytes(), json(&text(n)));
                b.sync().await;
                a.sync().await;
                assert_eq!(a.text("note"), b.text("note"));
            }
            b.client.restore(id("other"), Revision::of(&json("59"))).await.unwrap();
            b.sync().await;
            a.sync().await;
            assert_eq!(a.text("other").unwrap().as_bytes(), json("59"));
            let gone = a.client.restore(id("other"), Revision::new("never")).await.unwrap_err();
            assert_eq!(gone.kind.code(), "not_found");
            let deletion = a.client.history(id("other")).await.unwrap().into_iter().find(|old| old.deleted).unwrap();
            assert_eq!(a.client.restore(id("other"), deletion.revision).await.unwrap_err().kind.code(), "invalid_input");
        }
    });
}

#[test]
fn a_conflict_shows_what_both_sides_had_before() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::journal(&drive, 1).await, Device::journal(&drive, 2).await);
            a.put("note", "before").await;
            a.sync().await;
            b.sync().await;
            a.put("note", "of a").await;
            a.sync().await;
            b.put("note", "of b").await;
            b.sync().await;
            let base = |versions: Versions| versions.base.map(|base| base.body);
            assert_eq!(base(b.client.versions(id("note")).await.unwrap()), Some(Body::Whole(json("before"))));
            for _ in 0..2 {
                a.client.compact(SyncOptions::default()).await.unwrap();
            }
            assert_eq!(base(b.client.versions(id("note")).await.unwrap()), Some(Body::Whole(json("before"))));
        }
    });
}

#[test]
fn history_ends_when_it_is_old_and_there_is_none_where_none_is_kept() {
    block_on(async {
        for drive in drives() {
            let a = Device::journal(&drive, 1).await;
            for n in 0..3 {
                a.put("note", &n.to_string()).await;
                a.sync().await;
            }
            a.client.compact(SyncOptions::default()).await.unwrap();
            assert_eq!(revisions(&a, "note").await.len(), 3);
            a.later(31 * 86_400);
            // Ages are counted up to the checkpoint before: one clock that is wrong drops nothing at once.
            for text in ["x", "y"] {
                assert_eq!(revisions(&a, "note").await.len(), 3);
                a.put("other", text).await;
                a.client.compact(SyncOptions::default()).await.unwrap();
            }
            assert_eq!(revisions(&a, "note").await.len(), 1, "on {:?}", drive.capabilities());
        }
        let drive = &drives()[0];
        let layout = || Layout::Journal(JournalOptions { history_days: 0, ..JournalOptions::default() });
        let a = Device::of(drive, 1, layout).await;
        for n in 0..3 {
            a.put("note", &n.to_string()).await;
            a.sync().await;
        }
        assert_eq!(revisions(&a, "note").await.len(), 1);
    });
}
