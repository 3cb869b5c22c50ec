//! The same natively: `cargo run --release` prints the best of seven.

use kitestring_bench_passphrase::try_passphrase;
use std::time::Instant;

fn main() {
    let tries = (0..7).map(|_| {
        let begun = Instant::now();
        assert_ne!(try_passphrase(64 << 10, 10, 1), 256, "refused");
        begun.elapsed().as_millis()
    });
    println!("Argon2id, 65536 KiB, 10 passes, 1 lane: {} ms", tries.min().unwrap_or_default());
}
