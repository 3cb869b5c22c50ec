//! A folder in which ten thousand files of other programs lie.

use crate::world::World;
use kitestring_servers::{Kind, counting};
use std::fs;

#[test]
fn ten_thousand_foreign_files_are_passed_by_and_left_alone() {
    let address = Kind::Apache.empty_folder().unwrap();
    let place = Kind::Apache.shared().place(&address);
    for folder in ["", "photos"] {
        fs::create_dir_all(place.join(folder)).unwrap();
        (0..5000).for_each(|n| fs::write(place.join(folder).join(format!("photo {n}.jpg")), "a photo").unwrap());
    }
    let (relay, count) = counting(&address);
    let (world, drive) = (World::in_memory(&["a", "b"]), format!("webdav+{relay}"));
    world.write("a/note.md", "1");
    let report = world.kite(&["sync", "a", "--drive", &drive, "--json"]).expect(0).json();
    assert_eq!(report["pushed"], 1);
    let pushed = count.take();
    world.kite(&["sync", "b", "--drive", &drive]).expect(0);
    let pulled = count.take();
    assert_eq!(world.files("b").len(), 1);
    println!("with 10,000 foreign files: {pushed} requests push, {pulled} pull");
    assert!(pushed <= 20 && pulled <= 20, "{pushed} {pulled}");
    world.kite(&["compact", "a"]).expect(0);
    for folder in ["", "photos"] {
        let left = fs::read_dir(place.join(folder))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".jpg"));
        assert_eq!(left.count(), 5000);
    }
}
