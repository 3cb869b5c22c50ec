//! Files of other vaults, and of nobody, in the folder of a vault.

use super::{
    damages::garbage,
    fleet::{Fleet, ROLES, Role, kind, names},
};
use crate::common::{Device, drives, id, json};
use futures::executor::block_on;
use kitestring::*;

/// What a whole vault is told when another's files come to lie in its folder.
#[test]
fn records_of_another_vault_in_the_folder_are_reported_at_most() {
    block_on(async {
        for (n, drive) in drives().into_iter().enumerate() {
            let other = Fleet::new(drives()[n].clone(), 50, false).await.files;
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                files.extend(other.clone().into_iter().filter(|(path, _)| matches!(kind(path), "j" | "p")));
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                for _ in 0..2 {
                    let report = device.sync().await;
                    // Where a listing finds records, the user is told of each; a head names none of them.
                    let strangers = if n == 2 { other.keys().filter(|path| kind(path) == "j").count() } else { 0 };
                    assert_eq!(report.skipped.len(), strangers, "{report:?}");
                    for skipped in &report.skipped {
                        assert_eq!(skipped.why, "it belongs to another vault");
                        assert!(other.contains_key(skipped.id.as_str()), "{skipped:?}");
                    }
                }
                assert!(device.docs() == fleet.expected(role), "{:?}", names(&device.docs()));
                let mut files = fleet.drive.contents();
                files.retain(|path, _| fleet.files.contains_key(path) || !other.contains_key(path));
                fleet.drive.restore(files);
                fleet.converges("strangers are gone", role, &device, "j").await;
            }
        }
    });
}

#[test]
fn another_vault_in_the_place_of_ours_is_asked_about() {
    block_on(async {
        for (n, drive) in drives().into_iter().enumerate() {
            let other = Fleet::new(drives()[n].clone(), 50, false).await;
            // A numbered head is known by its number: as many pushes in both could not be told apart before the next one.
            let more = other.wake(Role::UpToDate).await;
            more.sync().await;
            let other = other.drive.contents();
            let fleet = Fleet::new(drive, 1, false).await;
            for role in [Role::UpToDate, Role::Behind] {
                fleet.drive.restore(other.clone());
                let device = fleet.wake(role).await;
                let before = device.docs();
                for _ in 0..2 {
                    let error = device.try_sync().await.unwrap_err();
                    assert_eq!(error.kind, ErrorKind::VaultChanged, "{error}");
                }
                assert!(device.docs() == before && fleet.drive.contents() == other, "nothing changes before the user agrees");
                fleet.drive.restore(fleet.files.clone());
                fleet.converges("ours is back", role, &device, "j").await;
            }
        }
    });
}

/// A folder that was copied over ours: all ids in `v/` are one vault's, so both are one from then on. Nothing of either
/// is lost, and where they differ the other version is kept for whoever takes it up.
#[test]
fn a_vault_copied_over_another_one_makes_one_of_both() {
    block_on(async {
        // Heads of one number replace each other there: what is announced of which vault is as good as chance.
        for (n, drive) in drives().into_iter().enumerate().filter(|(n, _)| *n != 1) {
            let other = Fleet::new(drives()[n].clone(), 50, false).await;
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                files.extend(other.files.clone());
                fleet.drive.restore(files);
                let (device, witness) = (fleet.wake(role).await, fleet.open(Role::UpToDate, 88).await);
                for device in [&witness, &device, &witness] {
                    assert_eq!(device.sync().await.skipped, []);
                }
                let fresh = Device::journal(&fleet.drive, 99).await;
                fresh.sync().await;
                for device in [&device, &witness, &fresh] {
                    let has = |name: &str| device.text(name).is_some();
                    assert!(has("only of 1") && has("only of 50") && has("mine"), "{role:?}: {:?}", names(&device.docs()));
                    if role != Role::UpToDate {
                        let left = device.client.left_versions().await.unwrap();
                        assert!(left.iter().any(|version| version.id == id("note 3")), "{role:?}: {left:?}");
                    }
                    for (id, body) in device.docs() {
                        let ours = [json("not pushed yet"), json("edited here")].contains(&body);
                        let written = [&fleet, &other].iter().any(|f| f.written.get(&id).is_some_and(|all| all.contains(&body)));
                        assert!(ours || written, "nobody wrote this {id}");
                    }
                }
            }
        }
    });
}

/// Names that look like ours in another spelling are foreign: a listing that shows them stops nobody.
#[test]
fn names_in_another_spelling_are_ignored() {
    block_on(async {
        for drive in drives() {
            let fleet = Fleet::new(drive, 1, false).await;
            for role in ROLES {
                let mut files = fleet.files.clone();
                for name in ["h/00000000000A", "h/+00000000001", "h/1", "h/fffffffffffff", "j/x", "j/0000000001-", "p/x", "v/x", "head2"] {
                    files.insert(name.to_owned(), garbage(100));
                }
                let record = fleet.files.keys().find(|path| kind(path) == "j").unwrap();
                files.insert(format!("j/{}", record[2..].to_uppercase()), garbage(100));
                files.insert(format!("{record} (conflicted copy)"), garbage(100));
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                assert_eq!(device.sync().await.skipped, []);
                fleet.converges(&format!("{role:?}, foreign names"), role, &device, "j").await;
            }
        }
    });
}
