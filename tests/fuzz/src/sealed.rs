//! The golden sealed vault, opened.

use kitestring::{Encryption, Unsealed};
use std::sync::OnceLock;

/// The path of its keyring.
pub(crate) const PATH: &str = "k/00000002-00000001-024a237f6a0e3ee5";
/// Its keyring.
pub(crate) const KEYRING: &[u8] = include_bytes!("../../../spec/vectors/sealed/vault/k/00000002-00000001-024a237f6a0e3ee5");

/// What opens it, without what a passphrase costs.
pub(crate) fn key() -> Encryption {
    Encryption::key([0x5e; 32])
}

/// Its keys.
pub(crate) fn golden() -> &'static Unsealed {
    static GOLDEN: OnceLock<Unsealed> = OnceLock::new();
    GOLDEN.get_or_init(|| match Unsealed::open(PATH, KEYRING, &key()) {
        Some(opened) => opened,
        None => panic!("the golden keyring does not open"),
    })
}
