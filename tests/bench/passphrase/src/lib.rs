//! What trying a passphrase takes in WebAssembly, with the crate and the profile of the core: `measure.mjs` runs it.

use argon2::{Algorithm, Argon2, Params, Version};

/// Tries a passphrase once; returns a byte of the result, so that nothing is left out, or 256 for refused parameters.
#[unsafe(no_mangle)]
pub extern "C" fn try_passphrase(memory_kib: u32, passes: u32, lanes: u32) -> u32 {
    let Ok(params) = Params::new(memory_kib, passes, lanes, Some(32)) else { return 256 };
    let mut secret = [0; 32];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    match argon.hash_password_into(b"correct horse battery staple", &[7; 16], &mut secret) {
        Ok(()) => secret[0].into(),
        Err(_) => 256,
    }
}
