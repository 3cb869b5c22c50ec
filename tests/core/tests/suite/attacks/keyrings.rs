//! Keyrings of the drive's own making.

use super::Files;
use crate::common::{Device, cheap, key};
use futures::executor::block_on;
use kitestring::*;
use std::sync::Arc;

/// The keyring of another vault, with the same passphrase or another one, or an older keyring.
#[test]
fn a5_a13_no_other_keyring_is_taken() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("horse")).await;
        a.put("x", "1").await;
        a.sync().await;
        let older = drive.contents();
        let keyring = |files: &Files| files.iter().find(|(path, _)| path.starts_with("k/")).map(|(p, b)| (p.clone(), b.clone())).unwrap();
        a.client.add_key("new", cheap("staple")).await.unwrap();
        let b = Device::sealed(&drive, 2, cheap("staple")).await;
        b.sync().await;
        let first = b.client.keys().unwrap()[0].id.clone();
        b.client.remove_key(&first).await.unwrap();
        let now = drive.contents();
        for passphrase in ["horse", "staple"] {
            let other = Arc::new(MemoryDrive::new());
            let evil = Device::sealed(&other, 66, cheap(passphrase)).await;
            evil.put("evil", "1").await;
            evil.sync().await;
            let (name, bytes) = keyring(&other.contents());
            let ours = keyring(&now).0;
            for (path, keep) in [(ours.clone(), false), (name.clone(), false), ("k/ffffffff-00000001-0000000000000000".to_owned(), true)] {
                let mut files = now.clone();
                if !keep {
                    files.remove(&ours);
                }
                files.insert(path.clone(), bytes.clone());
                drive.restore(files.clone());
                let newcomer = Device::sealed(&drive, 7, cheap(passphrase)).await;
                newcomer.put("mine", "1").await;
                if let Err(e) = newcomer.try_sync().await {
                    assert!(matches!(e.kind, ErrorKind::WrongKey | ErrorKind::Corrupt | ErrorKind::Unavailable), "{e:?}");
                    assert_eq!(drive.contents(), files, "{path}");
                } else {
                    assert!(keep && passphrase == "staple", "{path} was taken");
                }
                // Who knows the vault goes on.
                drive.restore(files);
                b.sync().await;
            }
        }
        // The keyring with the old passphrase is put back in the place of the new one: whoever knows better does not care.
        let mut files = now.clone();
        let (path, bytes) = keyring(&older);
        files.remove(&keyring(&now).0);
        files.insert(path, bytes);
        drive.restore(files);
        b.put("x", "once more").await;
        b.sync().await;
    });
}

/// A wrong passphrase, a wrong key and a keyring that was changed are one error.
#[test]
fn a32_one_answer_for_everything_that_does_not_open() {
    block_on(async {
        let drive = Arc::new(MemoryDrive::new());
        let a = Device::sealed(&drive, 1, cheap("horse")).await;
        a.put("x", "1").await;
        a.sync().await;
        let mut told = Vec::new();
        for encryption in [cheap("wrong"), key(3)] {
            told.push(Device::sealed(&drive, 2, encryption).await.try_sync().await.unwrap_err());
        }
        let files = drive.contents();
        let (path, bytes) = files.iter().find(|(path, _)| path.starts_with("k/")).unwrap();
        // In the commitment, the wrapped key, and the body.
        for at in [bytes.len() - 150, bytes.len() - 100, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            drive.restore(files.clone().into_iter().chain([(path.clone(), changed)]).collect());
            told.push(Device::sealed(&drive, 2, cheap("horse")).await.try_sync().await.unwrap_err());
        }
        for error in &told {
            assert_eq!((&error.kind, error.detail()), (&ErrorKind::WrongKey, told[0].detail()));
        }
    });
}
