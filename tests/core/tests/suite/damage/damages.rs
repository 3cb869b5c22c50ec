//! All that may become of a file.

use super::fleet::{Files, Fleet, Met, ROLES, kind};
use futures::FutureExt as _;
use std::{collections::BTreeMap, panic::AssertUnwindSafe};

/// Numbers below `len`: all of them with a step of 1, and in any case the first and the last ones.
fn sample(len: usize, step: usize) -> impl Iterator<Item = usize> {
    let first = if step > 100 { 1 } else { 8 };
    (0..len).filter(move |n| n % step == len % step || *n < first || n + 2 > len)
}

/// Bytes that nobody wrote.
pub fn garbage(len: usize) -> Vec<u8> {
    (0..len).map(|n| ((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 29) as u8).collect()
}

/// All that may have become of a file.
fn damages(files: &Files, path: &str, other: &Files, step: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let bytes = &files[path];
    let mut all = vec![("deleted".to_owned(), None), ("1 MiB of garbage".to_owned(), Some(garbage(1 << 20)))];
    all.push(("garbage in its length".to_owned(), Some(garbage(bytes.len()))));
    all.push(("with more behind it".to_owned(), Some([bytes.as_slice(), b"more"].concat())));
    all.extend(sample(bytes.len(), step).map(|len| (format!("cut to {len} bytes"), Some(bytes[..len].to_vec()))));
    for at in sample(bytes.len(), step) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        all.push((format!("byte {at} flipped"), Some(flipped)));
    }
    let of_others = other.iter().filter(|(found, _)| kind(found) == kind(path)).take(2);
    all.extend(of_others.map(|(found, bytes)| (format!("replaced by another vault's {found}"), Some(bytes.clone()))));
    let own = files.iter().filter(|(found, _)| *found != path).filter(|(found, _)| step == 1 || kind(found) == kind(path)).take(8);
    all.extend(own.map(|(found, bytes)| (format!("replaced by {found}"), Some(bytes.clone()))));
    if bytes.starts_with(b"kite") {
        let mut newer = bytes.clone();
        newer[5] += 1;
        all.push(("of a newer version".to_owned(), Some(newer)));
        let claims = [&bytes[..6], &[1, 0xff, 0xff, 0xff, 0x1f, 9], garbage(9).as_slice()].concat();
        all.push(("claiming more than it has".to_owned(), Some(claims)));
    } else if bytes.starts_with(b"{") {
        let newer = String::from_utf8(bytes.clone()).unwrap().replace(r#""format":1"#, r#""format":2"#);
        all.push(("of a newer version".to_owned(), Some(newer.into_bytes())));
    }
    all
}

/// Meets every damage of every file of a kind that is wanted; returns how many cases there were.
pub async fn meet_all(fleet: &Fleet, other: &Files, step: impl Fn(&str) -> usize) -> BTreeMap<Met, usize> {
    let (mut count, mut failed) = (BTreeMap::new(), Vec::new());
    for path in fleet.files.keys() {
        let step = step(path);
        if step == 0 {
            continue;
        }
        for (damage, damaged) in damages(&fleet.files, path, other, step) {
            for role in ROLES {
                let case = AssertUnwindSafe(fleet.meet(role, path, &damage, damaged.clone()));
                match case.catch_unwind().await {
                    Ok(met) => *count.entry(met).or_default() += 1,
                    Err(_) => failed.push(format!("{role:?} meets {path}, {damage}")),
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} cases fail: {failed:#?}", failed.len());
    count
}
