//! Large files, and many of them: they pass in parts, so that memory stays bounded.

use crate::world::World;
use std::process::{Child, Command, Stdio};

/// What a sync may take, whatever it carries.
const MAX_KIB: u64 = 150 << 10;

const MIB: usize = 1 << 20;

/// Bytes that no codec makes smaller.
pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).take(bytes / 8).flatten().collect()
}

/// Runs a command, and returns how many KiB of memory it had at most.
fn peak(mut command: Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        peak = peak.max(high_water(&child).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            assert!(peak > 0, "its memory was never seen");
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The kernel keeps the peak, so that only what comes in the last moment is missed.
fn high_water(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn pass(w: &World) {
    for folder in ["a", "b"] {
        let peak = peak(w.command(&["sync", folder, "--drive", "drive"]));
        assert!(peak < MAX_KIB, "{peak} KiB in {folder}");
    }
    assert!(w.files("a") == w.files("b"));
}

#[test]
fn a_file_larger_than_the_memory_it_may_take() {
    let w = World::in_memory(&["a", "b"]);
    w.write("a/large", noise(200 * MIB, 1));
    pass(&w);
}

#[test]
fn many_files_that_pass_in_one_piece_each() {
    let w = World::in_memory(&["a", "b"]);
    for n in 0..220 {
        w.write(&format!("a/{n}"), noise(MIB - 8, n + 2));
    }
    pass(&w);
}
