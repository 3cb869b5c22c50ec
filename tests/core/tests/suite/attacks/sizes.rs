//! What sizes tell. The residual is written down in `spec/sealed.md`, section 6.

use crate::common::{Device, TestRuntime, key, recording::Recording};
use futures::executor::block_on;
use kitestring::*;
use std::{collections::BTreeSet, sync::Arc};

/// Text that does not compress well.
fn noise(len: usize, mut n: u64) -> String {
    let mut letter = || {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[(n >> 40) as usize % 64])
    };
    (0..len).map(|_| letter()).collect()
}

/// The sizes of the files that one push of these documents writes.
async fn sizes(documents: &[(&str, &str)], padded: bool) -> Vec<u64> {
    let drive = Recording::new(Arc::new(MemoryDrive::new()));
    let runtime = Arc::new(TestRuntime { seed: 1_000_000.into(), ..TestRuntime::default() });
    let encryption = if padded { key(1).padded() } else { key(1) };
    let options = Options { encryption: Some(encryption), ..Options::new(runtime.clone()) };
    let device = Device::with(Arc::default(), Arc::default(), drive.clone(), runtime, options).await;
    for (name, text) in documents {
        device.put(name, text).await;
    }
    device.sync().await;
    let written = drive.written.lock().unwrap();
    written.iter().filter(|(path, _)| path.starts_with("j/") || path == "head").map(|(_, bytes)| bytes.len() as u64).collect()
}

/// Whether it is a length that Padmé gives: its last bits are zero, as many as the length of its exponent leaves.
fn is_padme(length: u64) -> bool {
    let e = length.ilog2();
    let s = e.ilog2() + 1;
    length.is_multiple_of(1 << (e - s))
}

/// A size of which there are few tells little: at most the logarithm of their number. Of 400 lengths it is less than 5.6 bits,
/// where an unpadded one tells all 8.6. Every record and head of a client that pads is of such a size.
#[test]
fn a26_padded_files_have_few_sizes() {
    block_on(async {
        let (mut padded, mut plain) = (BTreeSet::new(), BTreeSet::new());
        for len in (0..400).map(|n| 500 + 5 * n) {
            let text = noise(len, 1);
            let (with, without) = (sizes(&[("x", &text)], true).await, sizes(&[("x", &text)], false).await);
            for (with, without) in with.iter().zip(&without) {
                // What is before the one piece, and what sealing adds to it.
                assert!(is_padme(with - 54 - 16), "{with}");
                assert!(with >= without && with * 100 <= without * 112, "{without} became {with}");
            }
            padded.insert(with[0]);
            plain.insert(without[0]);
        }
        println!("{} sizes, and {} padded", plain.len(), padded.len());
        assert!(plain.len() > 300 && padded.len() <= 48, "{} and {}", plain.len(), padded.len());
    });
}

/// Whoever can have a document written beside a secret one, and sees sizes, can guess it letter by letter: what is repeated
/// takes less. So it is with what is pushed together, without padding. With it the right letter and a wrong one are mostly of
/// one size; not if their lengths lie on both sides of a border, which whoever chooses lengths can arrange. So padding makes
/// this slower, and that is all (`spec/sealed.md`, 6).
#[test]
fn a27_padding_hides_most_guesses_of_what_is_compressed_together() {
    const LENGTHS: usize = 100;
    block_on(async {
        let secret = format!("the token is {}", noise(24, 7));
        let right = &secret[..25];
        let wrong = format!("{}{}", &secret[..24], if right.ends_with('x') { 'y' } else { 'x' });
        let (mut plain, mut padded) = (0, 0);
        for n in 0..LENGTHS {
            let beside = noise(700 + 13 * n, 3);
            let documents = |guess| [("a secret", secret.as_str()), ("beside", beside.as_str()), ("guess", guess)];
            let differ = async |padded| sizes(&documents(right), padded).await[0] != sizes(&documents(&wrong), padded).await[0];
            plain += usize::from(differ(false).await);
            padded += usize::from(differ(true).await);
        }
        println!("of {LENGTHS} guesses {plain} are told apart, {padded} if padded");
        assert!(plain > LENGTHS / 2 && padded < plain / 4, "{plain} and {padded}");
    });
}
