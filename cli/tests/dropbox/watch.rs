//! A watch of a folder in Dropbox is told of changes, and sends nothing while there is none.

use crate::Place;
use std::{
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Ends with the test, however that ends.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_another_device_pushes_arrives_by_itself_and_waiting_costs_nothing() {
    let place = Place::new(&["a", "b"]);
    for folder in ["a", "b"] {
        place.kite(&["sync", folder, "--drive", "dropbox:/notes"]).expect(0);
    }
    place.requests();
    let mut command = place.command(&["watch", "a"]);
    let _watch = Watch(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let mut asked = Vec::new();
    let begun = Instant::now();
    while asked.last().is_none_or(|route| route != "list_folder/longpoll") && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50));
        asked.extend(place.emulator.requests());
    }
    sleep(Duration::from_secs(3));
    assert_eq!(place.emulator.requests(), Vec::<String>::new(), "after {asked:?} it waits, and asks");
    place.world.write("b/note.md", "x");
    place.sync("b");
    until("the file is there", || place.world.at("a/note.md").exists());
    assert_eq!(place.world.read("a/note.md"), "x");
}
