//! No room: a limit on the size of files stands for a full drive, and for a file system of small files.

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

#[test]
fn a_file_too_large_for_the_folders_file_system_is_named_and_the_rest_arrives() {
    for layout in [&[][..], CLASSIC] {
        let w = World::new(&["a", "b"]);
        w.write("a/file", noise(1_500_000, 1));
        w.write("a/small", "1");
        w.set_up("a", layout).expect(0);
        let ran = cramped(&w, &[&["sync", "b", "--drive", "drive"], layout].concat()).expect(3);
        ran.says(&["1 file was skipped", "file", "holds no file of this size"]);
        assert_eq!(w.files("b").into_keys().collect::<Vec<_>>(), ["small"]);
        w.sync("b").expect(0);
        assert_eq!(w.files("a"), w.files("b"));
    }
}
