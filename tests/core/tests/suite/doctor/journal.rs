//! The journal layout: with every strategy, sealed and not.

use super::world::*;
use crate::common::*;
use FindingKind as Kind;
use Who::{Device as Known, Stranger};
use futures::{FutureExt as _, executor::block_on};
use kitestring::*;
use std::panic::AssertUnwindSafe;

/// One way to damage a vault, and what is said of it.
struct Case {
    name: &'static str,
    /// Returns whether it makes sense here.
    damage: fn(&World, &mut Files) -> bool,
    /// As what it is told: a sealed file is damaged as a whole.
    kinds: &'static [Kind],
    /// What becomes of it if a device calls that has synced everything, and if somebody does with nothing but the drive.
    device: Repair,
    stranger: Repair,
}

/// A change of one file.
type Change = fn(&mut Files, &str);

fn cut(files: &mut Files, path: &str) {
    let file = files.get_mut(path).unwrap();
    file.truncate(file.len() * 2 / 3);
}

fn flip(files: &mut Files, path: &str, at: fn(usize) -> usize) {
    let file = files.get_mut(path).unwrap();
    let at = at(file.len());
    file[at] ^= 1;
}

fn has_head(world: &World) -> bool {
    !world.paths("head").is_empty() || !world.paths("h/").is_empty()
}

/// The head that counts.
fn head(world: &World) -> Option<String> {
    world.paths("head").pop().or_else(|| world.paths("h/").pop())
}

fn heads(world: &World, files: &mut Files) -> bool {
    for path in world.paths("h") {
        files.remove(&path);
    }
    has_head(world)
}

const NOTE: Repair = Repair::Needless;
const POSSIBLE: Repair = Repair::Possible;
const REFUSED: Repair = Repair::Refused;

const CASES: &[Case] = &[
    Case {
        name: "a record is cut",
        damage: |w, files| {
            cut(files, &w.records()[0]);
            true
        },
        kinds: &[Kind::RecordDamaged],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "a byte in the head part of a record is flipped",
        damage: |w, files| {
            flip(files, &w.records()[1], |_| 20);
            true
        },
        kinds: &[Kind::RecordDamaged],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "the last byte of a record is flipped",
        damage: |w, files| {
            flip(files, &w.records()[0], |len| len - 1);
            true
        },
        kinds: &[Kind::BodyDamaged, Kind::RecordDamaged],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "a record in the middle is missing",
        damage: |w, files| files.remove(&w.records()[2]).is_some(),
        kinds: &[Kind::RecordMissing],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case { name: "the heads are missing", damage: heads, kinds: &[Kind::HeadMissing], device: POSSIBLE, stranger: POSSIBLE },
    Case {
        name: "the head makes no sense",
        damage: |w, files| head(w).is_some_and(|path| files.insert(path, b"nonsense".to_vec()).is_some()),
        kinds: &[Kind::HeadDamaged],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "the marker is missing",
        damage: |_, files| files.remove("vault").is_some(),
        kinds: &[Kind::MarkerMissing],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "the marker makes no sense",
        damage: |_, files| files.insert("vault".to_owned(), b"{\"kitestring\":\"jour".to_vec()).is_some(),
        kinds: &[Kind::MarkerDamaged],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "the vault's id is missing",
        damage: |w, files| files.remove(&w.paths("v/")[0]).is_some(),
        kinds: &[Kind::IdMissing],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "a part of a large document is missing",
        damage: |w, files| files.remove(&w.paths("p/")[0]).is_some(),
        kinds: &[Kind::PartMissing],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "a part of a large document is cut",
        damage: |w, files| {
            cut(files, &w.paths("p/")[1]);
            true
        },
        kinds: &[Kind::PartDamaged],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "a part that nothing names",
        damage: |w, files| w.sealed.is_none() && files.insert(format!("p/{}-0123456789abcdef", "ab".repeat(14)), vec![1]).is_none(),
        kinds: &[Kind::PartOrphaned],
        device: NOTE,
        stranger: NOTE,
    },
    Case {
        name: "foreign files",
        damage: |_, files| {
            files.insert("holiday.jpg".to_owned(), vec![1]);
            files.insert("j/README".to_owned(), vec![1]).is_none()
        },
        kinds: &[Kind::Foreign],
        device: NOTE,
        stranger: NOTE,
    },
    Case {
        name: "a file that is left of an interrupted write",
        damage: |w, files| files.insert(format!("{}.tmp", w.records()[0]), vec![1]).is_none(),
        kinds: &[Kind::Temporary],
        device: NOTE,
        stranger: NOTE,
    },
    Case {
        name: "a copy beside a record that is gone",
        damage: |w, files| {
            let path = w.records()[1].clone();
            let file = files.remove(&path).unwrap();
            files.insert(format!("{path} (conflicted copy of phone)"), file).is_none()
        },
        kinds: &[Kind::RecordMissing],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "a copy beside a record that is damaged",
        damage: |w, files| {
            let path = w.records()[0].clone();
            files.insert(format!("{path}.sync-conflict-20260101-120000-ABCDEFG"), files[&path].clone());
            cut(files, &path);
            true
        },
        kinds: &[Kind::BodyDamaged, Kind::RecordDamaged],
        device: POSSIBLE,
        stranger: POSSIBLE,
    },
    Case {
        name: "files of the classic layout",
        damage: |_, files| files.insert("meta.json".to_owned(), b"{\"lastChange\":7}".to_vec()).is_none(),
        kinds: &[Kind::OtherLayout],
        device: REFUSED,
        stranger: REFUSED,
    },
    Case {
        name: "the keyring is missing",
        damage: |w, files| {
            let paths = w.paths("k/");
            paths.iter().for_each(|path| drop(files.remove(path)));
            !paths.is_empty()
        },
        kinds: &[Kind::KeyringMissing],
        device: POSSIBLE,
        stranger: REFUSED,
    },
    Case {
        name: "the keyring is cut",
        damage: |w, files| {
            w.paths("k/").first().is_some_and(|path| {
                cut(files, path);
                // What is cut in the body does not open, and nobody can tell it from a wrong key.
                files.get_mut(path).is_some_and(|file| {
                    file.truncate(20);
                    true
                })
            })
        },
        kinds: &[Kind::KeyringDamaged],
        device: POSSIBLE,
        stranger: REFUSED,
    },
];

async fn meet(world: &World, case: &Case, who: Who) -> bool {
    let mut files = world.files.clone();
    if !(case.damage)(world, &mut files) {
        return false;
    }
    world.drive.restore(files.clone());
    let name = format!("{}, {who:?}, {:?}, sealed {}", case.name, world.drive.capabilities(), world.sealed.is_some());
    let expected = if who == Known { case.device } else { case.stranger };
    let found = look(world, who).await;
    let all = told(&found);
    let told_as = |all: &[(Kind, Repair)], repair| case.kinds.iter().any(|kind| all.contains(&(*kind, repair)));
    assert!(told_as(&all, expected), "{name}: {:#?}", found.findings);
    assert!(found.findings.iter().all(|finding| !finding.detail.is_empty() && !finding.advice.is_empty()), "{name}");
    let now = repair(world, who).await;
    match expected {
        Repair::Possible => {
            assert!(told_as(&told(&now), Repair::Done), "{name}: {:#?}", now.findings);
            assert_eq!(now.worst(), None, "{name}: {:#?}", now.findings);
            assert_eq!(now.documents, Some(world.docs.len() as u64), "{name}");
        }
        Repair::Refused => {
            assert!(told_as(&told(&now), Repair::Refused), "{name}: {:#?}", now.findings);
            return true;
        }
        _ => assert_eq!(found.worst(), None, "{name}: {:#?}", found.findings),
    }
    world.everybody_has_everything(&name).await;
    true
}

async fn all_cases(n: usize, sealed: bool) {
    let world = World::new(&drives()[n], journal, sealed.then(|| key(1)), 1).await;
    let healthy = look(&world, Stranger).await;
    assert_eq!((healthy.findings, healthy.documents), (Vec::new(), Some(world.docs.len() as u64)));
    assert_eq!(look(&world, Known).await.findings, Vec::new());
    let (mut met, mut failed) = (0, Vec::new());
    for case in CASES {
        for who in [Known, Stranger] {
            match AssertUnwindSafe(meet(&world, case, who)).catch_unwind().await {
                Ok(is_met) => met += usize::from(is_met),
                Err(_) => failed.push((case.name, who)),
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(met >= 28, "only {met} cases were met");
}

#[test]
fn every_damage_is_explained_and_repaired_or_refused_with_compare_and_swap() {
    block_on(all_cases(0, false));
}

#[test]
fn every_damage_is_explained_and_repaired_or_refused_with_slots() {
    block_on(all_cases(1, false));
}

#[test]
fn every_damage_is_explained_and_repaired_or_refused_with_listing() {
    block_on(all_cases(2, false));
}

#[test]
fn every_damage_of_a_sealed_vault_is_explained_and_repaired_or_refused() {
    block_on(async {
        for n in 0..3 {
            all_cases(n, true).await;
        }
    });
}

/// A vault with a checkpoint, damaged in its files.
#[test]
fn a_damaged_checkpoint_is_explained_and_made_anew_by_who_knows_it() {
    block_on(async {
        for (n, sealed) in [(0, false), (1, false), (2, false), (0, true)] {
            let world = World::new(&drives()[n], journal, sealed.then(|| key(1)), 1).await.compacted().await;
            assert_eq!(look(&world, Stranger).await.findings, Vec::new());
            let root = world.paths("j/c-").pop().unwrap();
            let damages: [(&str, Change); 3] = [
                ("missing", |files, path| drop(files.remove(path))),
                ("cut", |files, path| files.get_mut(path).unwrap().truncate(40)),
                ("flipped", |files, path| {
                    let file = files.get_mut(path).unwrap();
                    let at = file.len() - 1;
                    file[at] ^= 1;
                }),
            ];
            for (damage, change) in damages {
                for who in [Known, Stranger] {
                    let mut files = world.files.clone();
                    change(&mut files, &root);
                    world.drive.restore(files);
                    let case = format!("the root of a checkpoint is {damage}, {who:?}, drive {n}, sealed {sealed}");
                    let found = look(&world, who).await;
                    if n == 2 && found.worst().is_none() {
                        // Where listings may lag, the records that it covers are there still.
                        assert_eq!(found.documents, Some(world.docs.len() as u64), "{case}");
                        let fresh = world.newcomer(902).await;
                        fresh.sync().await;
                        assert!(fresh.docs() == world.docs, "{case}");
                        continue;
                    }
                    assert_eq!(found.worst(), Some(Severity::Damage), "{case}: {:#?}", found.findings);
                    let now = repair(&world, who).await;
                    if who == Stranger {
                        assert_eq!(now.worst(), Some(Severity::Damage), "{case}: nobody knows what it said: {:#?}", now.findings);
                        continue;
                    }
                    assert_eq!(now.worst(), None, "{case}: {:#?}", now.findings);
                    world.everybody_has_everything(&case).await;
                }
            }
        }
    });
}

/// An older head, which names less than there is.
#[test]
fn a_head_that_is_behind_names_everything_again() {
    block_on(async {
        for (n, sealed) in [(0, false), (1, false), (0, true)] {
            let drive = drives()[n].clone();
            let mut world = World::new(&drive, journal, sealed.then(|| key(1)), 1).await;
            let older: Files =
                world.files.iter().filter(|(path, _)| world.logical(path).starts_with('h')).map(|(p, b)| (p.clone(), b.clone())).collect();
            let device = world.device(600).await;
            device.put("newer", "newer").await;
            device.sync().await;
            let mut files = world.drive.contents();
            files.retain(|path, _| !path.starts_with('h'));
            files.extend(older);
            (world.files, world.docs) = (files.clone(), device.docs());
            for who in [Known, Stranger] {
                world.drive.restore(files.clone());
                let found = look(&world, who).await;
                assert_eq!(told(&found), [(Kind::Unannounced, Repair::Possible)], "{:#?}", found.findings);
                assert_eq!(found.documents, Some(world.docs.len() as u64 - 1), "nobody finds it");
                let now = repair(&world, who).await;
                assert_eq!((told(&now), now.worst()), (vec![(Kind::Unannounced, Repair::Done)], None), "{:#?}", now.findings);
                assert_eq!(now.documents, Some(world.docs.len() as u64));
                world.everybody_has_everything("a head that is behind").await;
            }
        }
    });
}

/// The head of another vault is replaced only where nothing else is of that vault.
#[test]
fn the_head_of_another_vault_is_replaced_unless_that_vault_lies_here_too() {
    block_on(async {
        for n in [0, 1] {
            let world = World::new(&drives()[n], journal, None, 1).await;
            let other = World::new(&drives()[n], journal, None, 50).await;
            let theirs = head(&other).unwrap();
            let mut files = world.files.clone();
            files.insert(head(&world).unwrap(), other.files[&theirs].clone());
            for who in [Known, Stranger] {
                world.drive.restore(files.clone());
                let found = look(&world, who).await;
                assert!(told(&found).contains(&(Kind::HeadForeign, Repair::Possible)), "{:#?}", found.findings);
                let now = repair(&world, who).await;
                assert!(told(&now).contains(&(Kind::HeadForeign, Repair::Done)), "{:#?}", now.findings);
                assert_eq!(now.worst(), None, "{:#?}", now.findings);
                world.everybody_has_everything("the head of another vault").await;
            }
            let record = other.records()[0].clone();
            files.insert(record.clone(), other.files[&record].clone());
            world.drive.restore(files.clone());
            let now = repair(&world, Stranger).await;
            assert!(told(&now).contains(&(Kind::HeadForeign, Repair::Refused)), "{:#?}", now.findings);
            assert!(told(&now).contains(&(Kind::RecordForeign, Repair::Refused)), "{:#?}", now.findings);
            assert_eq!(world.drive.contents(), files, "nothing was written");
        }
    });
}

/// A device that was copied while it ran writes two records with one number.
#[test]
fn two_records_with_one_number_are_named() {
    block_on(async {
        let world = World::new(&drives()[0], journal, None, 1).await;
        // A copy of the device at that moment, and the device itself, each with an edit.
        let (original, copy) = (world.device(600).await, world.device(600).await);
        original.put("mine", "of the original").await;
        original.sync().await;
        let first = world.drive.contents();
        world.drive.restore(world.files.clone());
        copy.put("mine", "of the copy").await;
        copy.sync().await;
        let mut files = world.drive.contents();
        files.extend(first.into_iter().filter(|(path, _)| path.starts_with("j/")));
        world.drive.restore(files);
        let found = look(&world, Stranger).await;
        assert!(told(&found).contains(&(Kind::WriterForked, Repair::Refused)), "{:#?}", found.findings);
        assert_eq!(found.worst(), Some(Severity::Warning), "{:#?}", found.findings);
    });
}

#[test]
fn another_vault_an_older_one_and_one_that_is_newer_are_named() {
    block_on(async {
        let world = World::new(&drives()[0], journal, None, 1).await;
        let other = World::new(&drives()[0], journal, None, 50).await;
        world.drive.restore(other.files.clone());
        let now = repair(&world, Known).await;
        assert!(told(&now).contains(&(Kind::AnotherVault, Repair::Refused)), "{:#?}", now.findings);
        assert_eq!(world.drive.contents(), other.files);

        let device = world.device(600).await;
        world.drive.restore(world.files.clone());
        device.put("newer", "newer").await;
        device.sync().await;
        world.drive.restore(world.files.clone());
        let found = device.client.doctor(DoctorOptions { repair: true, ..DoctorOptions::default() }).await.unwrap();
        assert_eq!(told(&found), [(Kind::Older, Repair::Refused)]);
        assert_eq!(world.drive.contents(), world.files);

        let mut files = world.files.clone();
        files.get_mut("head").unwrap()[5] = 2;
        world.drive.restore(files.clone());
        let now = repair(&world, Stranger).await;
        assert!(told(&now).contains(&(Kind::Newer, Repair::Refused)), "{:#?}", now.findings);
        let marker = String::from_utf8(files["vault"].clone()).unwrap().replace("\"format\":1", "\"format\":9");
        files.insert("vault".to_owned(), marker.into_bytes());
        world.drive.restore(files.clone());
        assert_eq!(told(&repair(&world, Stranger).await), [(Kind::Newer, Repair::Refused)]);
        assert_eq!(world.drive.contents(), files);
    });
}

/// Without the key, as much is said as can be seen.
#[test]
fn a_sealed_vault_without_its_key_is_not_looked_into() {
    block_on(async {
        let world = World::new(&drives()[0], journal, Some(key(1)), 1).await;
        let blind = World { sealed: None, ..world };
        let found = look(&blind, Stranger).await;
        assert_eq!(told(&found), [(Kind::KeyNeeded, Repair::Refused)]);
        assert!(found.sealed && found.files > 8 && found.documents.is_none(), "{found:?}");
        let wrong = World { sealed: Some(key(2)), ..blind };
        let refused = wrong.newcomer(1).await.client.doctor(DoctorOptions::default()).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::WrongKey);
    });
}

/// A record that was written by a device whose clock is ahead.
#[test]
fn a_clock_that_is_ahead_is_named_and_a_lease_is_shown() {
    block_on(async {
        let world = World::new(&drives()[0], journal, None, 1).await;
        let device = world.device(600).await;
        device.later(10 * 24 * 60 * 60);
        device.put("from", "the future").await;
        device.sync().await;
        let mut files = world.drive.contents();
        files.insert("lease".to_owned(), b"{\"owner\":\"aa\",\"nonce\":\"1\"}".to_vec());
        world.drive.restore(files);
        let found = look(&world, Stranger).await;
        assert_eq!(told(&found), [(Kind::ClockAhead, NOTE), (Kind::Locked, NOTE)]);
        assert_eq!(found.lock.unwrap().owner.as_deref(), Some("aa"));
    });
}

#[test]
fn progress_is_told_and_a_look_can_be_cancelled() {
    use std::sync::{Arc, Mutex};
    block_on(async {
        let world = World::new(&drives()[0], journal, None, 1).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = told.clone();
        let progress = ProgressSink::new(move |progress| sink.lock().unwrap().push((progress.phase, progress.done, progress.total)));
        let device = world.device(600).await;
        device.client.doctor(DoctorOptions { progress, ..DoctorOptions::default() }).await.unwrap();
        let (told, records) = (told.lock().unwrap().clone(), world.records().len() as u64);
        assert_eq!(told.first(), Some(&(Phase::Read, 0, Some(records))));
        assert!(told.contains(&(Phase::Read, records, Some(records))), "{told:?}");
        let cancel = CancelToken::new();
        cancel.cancel();
        let options = DoctorOptions { cancel: Some(cancel), ..DoctorOptions::default() };
        assert_eq!(device.client.doctor(options).await.unwrap_err().kind, ErrorKind::Cancelled);
    });
}
