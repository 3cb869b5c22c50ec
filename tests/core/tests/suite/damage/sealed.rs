//! The attacks of a drive on a sealed vault. Whatever it does to its files: a typed error or true content, and nothing here
//! is lost.

use super::{
    damages::meet_all,
    fleet::{Files, Fleet, Met, ROLES, kind},
};
use crate::common::{drives, key};
use futures::executor::block_on;
use kitestring::{Drive as _, MemoryDrive};
use std::{collections::BTreeMap, sync::Arc};

async fn sealed(n: usize, seed: u64, large: bool) -> Fleet {
    let drive = Arc::new(MemoryDrive::with(drives()[n].capabilities()));
    Fleet::of(drive, Some(key(1)), seed, large).await
}

/// Changed, cut, extended, exchanged, deleted, garbage, of another vault with the same key, of a newer version.
#[test]
fn a1_a2_a3_a5_every_file_is_damaged_in_every_way() {
    block_on(async {
        for n in 0..3 {
            let (fleet, other) = (sealed(n, 1, false).await, sealed(n, 50, false).await.files);
            let step = |path: &str| match kind(path) {
                "vault" | "k" => 5,
                _ => 61 + 2 * n,
            };
            let count = meet_all(&fleet, &other, step).await;
            println!("{count:?}");
            assert_eq!(count.len(), 3, "all outcomes were met");
        }
    });
}

#[test]
fn a6_parts_of_a_large_document_are_damaged_in_every_way() {
    block_on(async {
        let (fleet, other) = (sealed(0, 1, true).await, sealed(0, 50, true).await.files);
        let count = meet_all(&fleet, &other, |path| if kind(path) == "p" { 997 } else { 0 }).await;
        assert!(count[&Met::Skipped] > 10, "{count:?}");
    });
}

/// The contents of two files exchanged, of one kind or of two.
#[test]
fn a3_a4_the_contents_of_every_pair_of_files_are_exchanged() {
    block_on(async {
        for n in 0..3 {
            let fleet = sealed(n, 1, false).await;
            let mut met: BTreeMap<Met, usize> = BTreeMap::new();
            for path in fleet.files.keys().filter(|path| path.as_str() != "vault" && kind(path) != "v") {
                for other in fleet.files.keys().filter(|other| *other != path) {
                    for role in ROLES {
                        let damage = format!("replaced by {other}");
                        *met.entry(fleet.meet(role, path, &damage, Some(fleet.files[other].clone())).await).or_default() += 1;
                    }
                }
            }
            println!("{met:?}");
        }
    });
}

/// Where a client expects a sealed file there is what an unsealed vault would have.
#[test]
fn a11_nothing_unsealed_is_taken_for_the_vaults() {
    block_on(async {
        for n in 0..3 {
            let fleet = sealed(n, 1, false).await;
            let plain = Fleet::new(Arc::new(MemoryDrive::with(drives()[n].capabilities())), 50, false).await.files;
            let of = |files: &Files, wanted: &str| files.iter().filter(|(path, _)| kind(path) == wanted).map(|(_, b)| b.clone()).next();
            for path in fleet.files.keys() {
                let Some(bytes) = of(&plain, kind(path)) else { continue };
                for role in ROLES {
                    fleet.meet(role, path, "replaced by an unsealed one", Some(bytes.clone())).await;
                }
            }
        }
    });
}
