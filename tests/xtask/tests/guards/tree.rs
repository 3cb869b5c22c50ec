//! The core depends on no async runtime, no HTTP, no clock and no file system.

use crate::cargo;
use std::collections::BTreeSet;

const BANNED: &[&str] = &[
    // async runtimes
    "tokio",
    "async-std",
    "smol",
    "async-io",
    "async-executor",
    "async-global-executor",
    "blocking",
    "futures-executor",
    "mio",
    "polling",
    // HTTP and sockets
    "reqwest",
    "hyper",
    "ureq",
    "http",
    "isahc",
    "curl",
    "surf",
    "socket2",
    "rustls",
    "native-tls",
    // clocks and timers
    "chrono",
    "time",
    "web-time",
    "instant",
    "futures-timer",
    "gloo-timers",
    "jiff",
    // file systems and databases
    "tempfile",
    "walkdir",
    "rustix",
    "nix",
    "fs4",
    "fs2",
    "memmap2",
    "notify",
    "rusqlite",
    "libsqlite3-sys",
    "redb",
    // ambient randomness
    "getrandom",
    "rand",
];

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect()
}

fn banned(tree: &str) -> Vec<&str> {
    names(tree).into_iter().filter(|name| BANNED.contains(name)).collect()
}

fn tree_of_core(target: &str) -> String {
    cargo(&["tree", "--locked", "-p", "kitestring", "-e", "normal", "--prefix", "none", "--target", target])
}

#[test]
fn the_core_has_no_runtime_network_clock_or_file_system() {
    for target in ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin", "wasm32-unknown-unknown"] {
        let tree = tree_of_core(target);
        assert!(names(&tree).contains("kitestring"), "this is no tree: {tree}");
        assert_eq!(banned(&tree), Vec::<&str>::new(), "for {target}:\n{tree}");
    }
}

#[test]
fn a_banned_crate_would_be_seen() {
    assert_eq!(banned("kitestring v0.1.0 (/x/core)\ntokio v1.40.0\nserde v1.0.0 (*)\n"), ["tokio"]);
    assert_eq!(banned("kitestring v0.1.0\ntokio-macros v2.0.0\n"), Vec::<&str>::new());
}
