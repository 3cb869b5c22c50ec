//! A vault that is sealed on its way from the classic layout.

use super::*;

fn sealing(key: Option<Encryption>) -> MigrateOptions {
    MigrateOptions { encryption: key, ..options() }
}

async fn opened(device: Device, drive: &Arc<MemoryDrive>, key: Encryption) -> Device {
    let Device { notes, state, runtime, client, .. } = device;
    drop(client);
    let options = Options { encryption: Some(key), ..Options::new(runtime.clone()) };
    Device::with(notes, state, drive.clone(), runtime, options).await
}

#[test]
fn a_vault_is_sealed_on_its_way_and_its_devices_follow() {
    block_on(async {
        for from in drives() {
            let to = empty_like(&from);
            let (a, b) = two(&from).await;
            b.put("new of b", "unsent").await;
            a.client.migrate(to.clone(), sealing(Some(key(7)))).await.unwrap();
            let plain = to.contents().into_values().find(|bytes| bytes.windows(4).any(|window| window == b"by a"));
            assert_eq!(plain, None);
            b.client.follow(to.clone()).await.unwrap();
            let (a, b) = (opened(a, &to, key(7)).await, opened(b, &to, key(7)).await);
            for device in [&a, &b, &a] {
                let report = device.sync().await;
                assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{report:?}");
            }
            assert_eq!(names(&a), ["b's", "edited", "new of b", "same"]);
            assert_eq!(a.docs(), b.docs());
        }
    });
}

/// Killed at each request. Nobody goes on without something that seals it, and nothing lies there unsealed at any time.
#[test]
fn what_was_to_be_sealed_is_never_anything_else() {
    block_on(async {
        let from = Arc::new(MemoryDrive::new());
        let (a, b) = two(&from).await;
        b.sync().await;
        let (start, kept_a, kept_b) = (from.contents(), Kept::of(&a), Kept::of(&b));
        let mut refused = 0;
        for step in 0.. {
            let to = empty_like(&from);
            from.restore(start.clone());
            let rule = killed_at(step, false);
            let a = kept_a.device(5000 + step, Faulty::new(&from, rule())).await;
            if a.client.migrate(Faulty::new(&to, rule()), sealing(Some(key(7)))).await.is_ok() {
                break;
            }
            let is_closed = from.contents().iter().any(|(_, bytes)| bytes.starts_with(b"This vault"));
            let b = kept_b.device(7000 + step, from.clone()).await;
            b.later(600);
            if is_closed {
                assert!(b.client.migrate(to.clone(), sealing(None)).await.is_err(), "step {step}");
                refused += 1;
            }
            b.client.migrate(to.clone(), sealing(Some(key(7)))).await.unwrap_or_else(|e| panic!("step {step}: {e:?}"));
            assert!(!to.contents().into_values().any(|bytes| bytes.windows(4).any(|window| window == b"by a")), "step {step}");
            let b = opened(b, &to, key(7)).await;
            assert!(b.sync().await.conflicts.is_empty(), "step {step}");
        }
        assert!(refused > 5, "{refused}");
    });
}
