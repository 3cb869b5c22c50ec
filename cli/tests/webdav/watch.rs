//! A watch of a server, which gives no notice: it is looked at again and again.

use crate::world::World;
use kitestring_servers::Kind;
use std::{
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

#[test]
fn what_another_device_pushes_arrives_by_itself() {
    let drive = format!("webdav+{}", Kind::Apache.empty_folder().unwrap());
    let world = World::new(&["a", "b"]);
    for folder in ["a", "b"] {
        world.kite(&["sync", folder, "--drive", &drive]).expect(0);
    }
    let mut watch = world.command(&["watch", "a", "--every", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    world.write("b/note.md", "x");
    world.sync("b").expect(0);
    let begun = Instant::now();
    while !world.at("a/note.md").exists() && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(world.read("a/note.md"), "x");
}
