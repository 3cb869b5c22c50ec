use super::*;

fn words(len: usize) -> Vec<u8> {
    (0..).flat_map(|i: u32| format!("word{} ", i.wrapping_mul(2_654_435_761) >> 25).into_bytes()).take(len).collect()
}

fn noise(len: usize) -> Vec<u8> {
    let mut s = 7_u64;
    let mut next = || {
        s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (s >> 33) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Compresses with a codec that need not be this target's.
pub(crate) fn stored_as(codec: Codec, raw: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Stored => raw.to_vec(),
        Codec::Deflate => pure::Tables.write(raw).unwrap(),
        Codec::Zstd => native::Tables::default().write(raw).unwrap(),
    }
}

fn written(raw: &[u8]) -> [(Codec, Vec<u8>); 2] {
    [Codec::Zstd, Codec::Deflate].map(|codec| (codec, stored_as(codec, raw)))
}

fn pure_read(codec: Codec, stored: &[u8], raw_len: usize) -> Result<Vec<u8>, Malformed> {
    match codec {
        Codec::Zstd => zstd_frame::check(stored, raw_len as u64).and_then(|()| pure::unzstd(stored, raw_len)),
        _ => decompress(codec, stored, raw_len),
    }
}

#[test]
fn what_one_target_writes_every_target_reads() {
    for len in [100, 255, 256, 257, 4000, 65_791, 65_792, 262_144, 3_000_000] {
        let raw = words(len);
        for (codec, stored) in written(&raw) {
            assert!(stored.len() < len, "{codec:?} does not shrink {len} bytes");
            assert!(decompress(codec, &stored, len).unwrap() == raw, "{codec:?} of {len} bytes");
            assert!(pure_read(codec, &stored, len).unwrap() == raw, "{codec:?} of {len} bytes in Rust");
        }
    }
}

#[test]
fn what_does_not_shrink_is_stored() {
    for raw in [Vec::new(), vec![1], noise(3000)] {
        let (codec, stored) = compress(&raw);
        assert_eq!((codec, &stored), (Codec::Stored, &raw));
        assert_eq!(decompress(codec, &stored, raw.len()), Ok(raw));
    }
    assert_eq!(compress(&words(3000)).0, Codec::Zstd);
}

#[test]
fn another_length_is_refused() {
    let raw = words(5000);
    for (codec, stored) in written(&raw) {
        for wrong in [4999, 5001, stored.len() + 1, 70_000] {
            assert!(decompress(codec, &stored, wrong).is_err(), "{codec:?} as {wrong}");
            assert!(pure_read(codec, &stored, wrong).is_err(), "{codec:?} as {wrong} in Rust");
        }
        for end in 0..stored.len() {
            assert!(decompress(codec, &stored[..end], raw.len()).is_err(), "{codec:?} cut at {end}");
            assert!(pure_read(codec, &stored[..end], raw.len()).is_err(), "{codec:?} cut at {end} in Rust");
        }
        let mut longer = stored.clone();
        longer.push(0);
        assert!(decompress(codec, &longer, raw.len()).is_err(), "{codec:?} and one byte more");
        assert!(pure_read(codec, &longer, raw.len()).is_err(), "{codec:?} and one byte more in Rust");
        let twice = [stored.clone(), stored].concat();
        assert!(decompress(codec, &twice, 2 * raw.len()).is_err(), "{codec:?} twice");
        assert!(pure_read(codec, &twice, 2 * raw.len()).is_err(), "{codec:?} twice in Rust");
    }
    assert!(decompress(Codec::Stored, b"abc", 4).is_err());
}

#[test]
fn a_frame_of_zstandard_asks_for_no_more_than_a_reader_has() {
    let raw = words(5000);
    let good = native::Tables::default().write(&raw).unwrap();
    assert!(zstd_frame::check(&good, 5000).is_ok());
    for bit in 0..4 {
        let mut bad = good.clone();
        bad[4] |= 1 << bit;
        assert!(decompress(Codec::Zstd, &bad, 5000).is_err(), "bit {bit} of the descriptor");
    }
    // No single segment, no content size; then the window: 8 MiB is what is allowed, the next is 9 MiB.
    let header = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, window];
    assert!(zstd_frame::check(&header(13 << 3), 5000).is_ok());
    assert_eq!(zstd_frame::check(&header(13 << 3 | 1), 5000), Err(Malformed("its frame of Zstandard has a window of more than 8 MiB")));
    assert!(zstd_frame::check(&header(0xff), 5000).is_err());
}

/// A frame without a content size: blocks of one repeated byte, 128 KiB each.
fn bomb(blocks: u32) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3];
    for n in 1..=blocks {
        let header = (131_072_u32 << 3) | 0b010 | u32::from(n == blocks);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(b'x');
    }
    frame
}

#[test]
fn a_frame_that_grows_beyond_its_length_is_noticed() {
    let fair = bomb(3);
    assert_eq!(decompress(Codec::Zstd, &fair, 393_216).map(|raw| raw.len()), Ok(393_216));
    assert_eq!(pure_read(Codec::Zstd, &fair, 393_216).map(|raw| raw.len()), Ok(393_216));
    let large = bomb(100_000);
    for len in [large.len() + 1, 393_216 * 2, MAX_RAW as usize] {
        assert!(decompress(Codec::Zstd, &large, len).is_err());
        assert!(pure_read(Codec::Zstd, &large, len).is_err());
    }
    assert!(decompress(Codec::Zstd, &fair, MAX_RAW as usize + 1).is_err());
}

#[test]
fn several_frames_are_not_one() {
    // Frames that do not say their length; and one that a reader would skip.
    let twice = [bomb(1), bomb(1)].concat();
    let skipped = [&bomb(2)[..], &[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]].concat();
    for frames in [twice, skipped] {
        assert_eq!(decompress(Codec::Zstd, &frames, 262_144), Err(Malformed("it is not one frame of Zstandard")));
        assert!(pure_read(Codec::Zstd, &frames, 262_144).is_err());
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let raw = words(3000);
    for (codec, stored) in written(&raw) {
        for at in 0..stored.len() {
            for bit in 0..8 {
                let mut bad = stored.clone();
                bad[at] ^= 1 << bit;
                let _ = (decompress(codec, &bad, 3000), pure_read(codec, &bad, 3000));
            }
        }
    }
}
