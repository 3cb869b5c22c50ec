//! A watch of a folder in Google Drive asks once in each interval, and for one file.

use crate::{
    Place,
    watching::{Watch, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(20);

fn what_another_device_pushes_arrives(layout: &str) {
    let place = Place::new(&["a", "b"]);
    place.world.write("a/first.md", "1");
    for folder in ["a", "b"] {
        place.kite(&["sync", folder, "--drive", "gdrive:appdata", "--layout", layout]).expect(0);
    }
    place.requests();
    let _watch = Watch::begin(&mut place.command(&["watch", "a", "--every", "1"]));
    let begun = Instant::now();
    let mut asked = Vec::new();
    while asked != ["GET drive/v2/files/{id}"] {
        assert!(begun.elapsed() < ENOUGH, "it does not come to rest: {asked:?}");
        sleep(Duration::from_millis(1000));
        asked = place.requests();
    }
    sleep(Duration::from_secs(5));
    let asked = place.requests();
    assert!((3..=6).contains(&asked.len()) && asked.iter().all(|call| call == "GET drive/v2/files/{id}"), "{asked:?}");
    place.world.write("b/note.md", "x");
    place.sync("b");
    until("the file is there", || place.world.at("a/note.md").exists());
    assert_eq!(place.world.read("a/note.md"), "x");
    place.world.write("a/back.md", "y");
    until("the file of the folder that is watched is on the drive", || {
        place.sync("b");
        place.world.at("b/back.md").exists()
    });
}

#[test]
fn what_another_device_pushes_arrives_and_an_interval_costs_one_request() {
    what_another_device_pushes_arrives("journal");
}

#[test]
fn so_it_does_in_the_classic_layout() {
    what_another_device_pushes_arrives("classic");
}
