//! Any bytes as a keyring, behind a line with its path: only the one that was made opens. And as what one holds, which only
//! somebody can write who has the keys.

use crate::sealed::{KEYRING, PATH, golden, key};
use kitestring::Unsealed;

pub(crate) fn run(input: &[u8]) {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (path, file) = input.split_at(line);
    let (path, file) = (String::from_utf8_lossy(path), file.get(1..).unwrap_or_default());
    for path in [&*path, PATH] {
        let Some(opened) = Unsealed::open(path, file, &key()) else { continue };
        // Nothing is bound to the last part of the name, which is random.
        assert!(file == KEYRING && path.get(..20) == PATH.get(..20), "a keyring opens that nobody made");
        assert_eq!(opened.data_keys(), golden().data_keys(), "it has other keys");
        assert!((1..=64).contains(&opened.labels().len()), "a keyring without a slot");
    }
    golden().could_be_a_body(file);
}
