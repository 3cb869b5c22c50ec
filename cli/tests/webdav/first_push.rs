//! How many requests the first push of ten thousand documents takes. What is counted is what the server was asked.

use crate::world::World;
use kitestring_servers::{Kind, counting};

/// The folder on the server, the marker and its id, the records and the files of bodies, with what making folders takes.
const MOST: u64 = 20;

#[test]
fn ten_thousand_documents_take_few_requests() {
    let (relay, count) = counting(&Kind::Apache.empty_folder().unwrap());
    let world = World::in_memory(&["a", "b"]);
    for n in 0..10_000 {
        world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let drive = format!("webdav+{relay}");
    let report = world.kite(&["sync", "a", "--drive", &drive, "--json"]).expect(0).json();
    let first = count.take();
    assert_eq!(report["pushed"], 10_000);
    println!("first push of 10,000 documents: {first} requests, {} calls of the drive", report["requests"]);
    assert!(first <= MOST, "{first} requests");
    world.kite(&["sync", "b", "--drive", &drive]).expect(0);
    println!("first pull of 10,000 documents: {} requests", count.take());
    world.write("b/0/note 0.md", "edited");
    world.sync("b").expect(0);
    let edit = count.take();
    world.sync("b").expect(0);
    let idle = count.take();
    println!("one edit: {edit} requests; idle: {idle}");
    assert!(edit <= 3 && idle <= 1, "{edit} and {idle} requests");
}
