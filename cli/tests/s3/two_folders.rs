//! Two folders of one bucket, from beginning to end, on every store and in both layouts; and how many requests that takes.

use crate::{kite, typed, world::World};
use kitestring_adapters::drives::s3::Place;
use kitestring_servers::{counting, s3::Store};

fn both_ways(store: Store, layout: &str) {
    let drive = typed(&store.empty_folder());
    let world = World::new(&["a", "b"]);
    for n in 0..20 {
        world.write(&format!("a/folder {}/note {n} & é.md", n % 3), format!("note {n}"));
    }
    for folder in ["a", "b"] {
        kite(&world, &["sync", folder, "--drive", &drive, "--layout", layout]).expect(0);
    }
    assert_eq!((world.files("a"), world.files("b").len()), (world.files("b"), 23));
    world.write("b/folder 1/note 1 & é.md", "edited");
    world.remove("a/folder 2/note 2 & é.md");
    for folder in ["a", "b", "a", "b"] {
        kite(&world, &["sync", folder]).expect(0);
    }
    assert_eq!((world.read("a/folder 1/note 1 & é.md").as_str(), world.files("b").len()), ("edited", 22));
    let idle = kite(&world, &["sync", "a", "--json"]).expect(0).json();
    let requests: u64 = idle["requests"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!((idle["pushed"].as_u64(), idle["pulled"].as_u64(), requests), (Some(0), Some(0), 1), "{idle}");
}

#[test]
fn both_ways_on_every_store_in_the_journal_layout() {
    Store::ALL.into_iter().for_each(|store| both_ways(store, "journal"));
}

#[test]
fn both_ways_in_the_classic_layout() {
    [Store::SeaweedFs, Store::Moto].into_iter().for_each(|store| both_ways(store, "classic"));
}

#[test]
fn ten_thousand_documents_take_few_requests() {
    let place = Store::SeaweedFs.empty_folder();
    let (relay, count) = counting(place.endpoint.as_deref().unwrap());
    let drive = typed(&Place { endpoint: Some(relay.trim_end_matches('/').to_owned()), ..place });
    let world = World::in_memory(&["a", "b"]);
    for n in 0..10_000 {
        world.write(&format!("a/{}/note {n}.md", n % 100), format!("This is note number {n}.\n").repeat(4));
    }
    let report = kite(&world, &["sync", "a", "--drive", &drive, "--json"]).expect(0).json();
    let push = count.take();
    assert_eq!(report["pushed"], 10_000);
    kite(&world, &["sync", "b", "--drive", &drive]).expect(0);
    let pull = count.take();
    world.write("b/0/note 0.md", "edited");
    kite(&world, &["sync", "b"]).expect(0);
    let edit = count.take();
    kite(&world, &["sync", "b"]).expect(0);
    let idle = count.take();
    println!("first push of 10,000 documents: {push} requests, first pull: {pull}, one edit: {edit}, idle: {idle}");
    assert!(push <= 25 && pull <= 25 && edit <= 3 && idle == 1, "push {push}, pull {pull}, edit {edit}, idle {idle}");
}

#[test]
fn a_bucket_that_is_not_there_is_told_and_not_made() {
    let drive = typed(&Place { bucket: "no-such-bucket".to_owned(), ..Store::SeaweedFs.empty_folder() });
    let world = World::new(&["a"]);
    world.write("a/note.md", "x");
    kite(&world, &["sync", "a", "--drive", &drive]).expect(1).says(&["no bucket no-such-bucket"]);
}
