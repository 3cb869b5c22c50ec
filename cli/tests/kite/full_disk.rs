//! No room on the drive. A limit on the size of files stands for a full disk.

use crate::{
    large::noise,
    world::{CLASSIC, Ran, World},
};
use std::process::Command;

/// Runs the command, which can write no file of more than 512 KiB.
fn cramped(w: &World, args: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1024; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_kite")]);
    Ran::of(command.args(args).current_dir(w.at("")))
}

#[test]
fn a_full_drive_fails_with_what_to_do_and_the_next_sync_goes_on() {
    for layout in [&[][..], CLASSIC] {
        let w = World::new(&["a", "b"]);
        w.write("a/large", noise(1_500_000, 1));
        w.write("a/small", "1");
        for _ in 0..2 {
            let ran = cramped(&w, &[&["sync", "a", "--drive", "drive", "--json"], layout].concat()).expect(1);
            assert_eq!(ran.json()["error"]["code"], "quota_exceeded", "{ran:?}");
            assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
            ran.says(&["no room for the file", "when there is room again: kite sync a"]);
        }
        w.sync("a").expect(0);
        w.set_up("b", layout).expect(0);
        assert_eq!(w.files("a"), w.files("b"));
    }
}
