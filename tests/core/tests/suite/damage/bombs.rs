//! Files that claim or become far more than they are.

use super::fleet::{Fleet, LIMIT, ROLES};
use crate::common::{
    drives,
    forged::{Forged, number},
};
use futures::executor::block_on;
use kitestring::Digest;
use std::time::Instant;

/// Files whose names and hashes are right, that claim or become far more than they are: they are reported, and everything
/// else arrives.
#[test]
fn a_bomb_stops_nobody() {
    const MIB: u64 = 1 << 20;
    block_on(async {
        let fleet = Fleet::new(drives()[2].clone(), 1, false).await;
        let marker: serde_json::Value = serde_json::from_slice(&fleet.files["vault"]).unwrap();
        let digits = marker["vault"].as_str().unwrap();
        let vault: Vec<u8> = (0..16).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
        let compressed = |mib: usize| miniz_oxide::deflate::compress_to_vec(&vec![0; mib << 20], 6);
        // As much as a frame, and as an index may become.
        let (zeros, many) = (compressed(8), compressed(16));
        let stored = zeros.len() as u64;
        let plain = |writer: u8| Forged {
            writer: [writer; 14],
            order: 5,
            id: "bomb",
            size: 8 * MIB,
            digest: [1; 16],
            frames: vec![(1, stored, 8 * MIB)],
            hash: Digest::of(&zeros).as_bytes()[..16].try_into().unwrap(),
            parts: Vec::new(),
        };
        let part = |no| (no, 1, stored, 8 * MIB, Digest::of(&zeros).as_bytes()[..16].try_into().unwrap());
        let front = |raw: u64| [b"kitej\x01\x01", number(raw).as_slice(), &number(many.len() as u64), &many].concat();
        let far = Forged { order: (1 << 40) - 1, size: 0, frames: Vec::new(), ..plain(9) };
        let cases = [
            ("an index of 16 MiB of zeros", "something follows its end", vec![plain(1).named(front(16 * MIB), b"")]),
            ("an index that becomes more than it says", "another length", vec![plain(2).named(front(many.len() as u64 + 1), b"")]),
            ("an index of more than is allowed", "more than 16 MiB", vec![plain(3).named(front(u64::MAX), b"")]),
            ("a frame of 8 MiB of zeros", "not what it should be", vec![plain(4).file(&vault, &zeros)]),
            ("a frame of more than is allowed", "more than 8 MiB", {
                vec![Forged { size: 9 * MIB, frames: vec![(1, stored, 9 * MIB)], ..plain(10) }.file(&vault, &zeros)]
            }),
            ("a frame that is not there", "not all of it", vec![plain(5).file(&vault, b"")]),
            ("a frame that becomes more than it says", "another length", {
                vec![Forged { size: MIB, frames: vec![(1, stored, MIB)], ..plain(6) }.file(&vault, &zeros)]
            }),
            (
                "parts that are not there",
                "not what it should be",
                vec![Forged { frames: Vec::new(), parts: vec![part(1)], ..plain(7) }.file(&vault, b"")],
            ),
            ("a body of 64 GiB whose parts are one file each", "not what it should be", {
                let parts = (0..8192).map(|no| (no, 0, 8 * MIB, 8 * MIB, [7; 16])).collect();
                vec![Forged { size: 65536 * MIB, frames: Vec::new(), parts, ..plain(8) }.file(&vault, b"")]
            }),
            ("an order that is absurd", "absurd", vec![far.file(&vault, b"")]),
        ];
        for (what, why, bombs) in cases {
            for role in ROLES {
                let begun = Instant::now();
                let mut files = fleet.files.clone();
                files.extend(bombs.clone());
                fleet.drive.restore(files);
                let device = fleet.wake(role).await;
                let report = device.try_sync().await.unwrap_or_else(|e| panic!("{role:?} meets {what}: {e:?}"));
                let [skipped] = &report.skipped[..] else { panic!("{role:?} meets {what}: {report:?}") };
                assert!(skipped.why.contains(why), "{role:?} meets {what}: {skipped:?}");
                assert!(begun.elapsed() < LIMIT, "{role:?} meets {what}: {:?}", begun.elapsed());
                assert!(device.docs() == fleet.expected(role), "{role:?} meets {what}");
            }
        }
    });
}
