//! A watch of a server, which gives no notice: it is looked at again and again.

use crate::world::World;
use kitestring_servers::{Kind, counting};
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

#[test]
fn each_look_is_one_request_where_nothing_happens() {
    const SECONDS: u64 = 6;
    let (relay, count) = counting(&Kind::Apache.empty_folder().unwrap());
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    world.kite(&["sync", "a", "--drive", &format!("webdav+{relay}")]).expect(0);
    let mut watch = world.command(&["watch", "a", "--every", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_secs(3));
    count.take();
    sleep(Duration::from_secs(SECONDS));
    let asked = count.take();
    watch.kill().unwrap();
    watch.wait().unwrap();
    println!("a quiet watch that looks every second: {asked} requests in {SECONDS} seconds");
    assert!((SECONDS / 2..=SECONDS + 1).contains(&asked), "{asked} requests");
}
