//! What the simulator looks at on a drive with a journal, and what such a drive does to its readers: each check can fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{id, synced, well};
use futures::FutureExt as _;
use kitestring::{
    Action, DrivePath, StateRecord, SyncOptions,
    drive::{Condition, GetOptions},
};
use kitestring_sim::{
    Config, Fault, FaultSource, Ghost, Run, World,
    case::Tier,
    drive::{Hidden, Request, SimDrive},
    eye::journal::unreachable,
    faults::Call,
    watch::{Watch, Write},
};
use std::sync::Arc;

/// A drive of a tier, its watch, and what the watch complains about.
struct Rig {
    drive: Arc<SimDrive>,
    ghost: Arc<Ghost>,
    watch: Watch,
}

fn rig(tier: Tier) -> Rig {
    let config = tier.of(Config::default());
    let (drive, ghost) = (Arc::new(SimDrive::new(config.capabilities, config.listings)), Arc::<Ghost>::default());
    let watch = Watch::new(&config, &drive, &ghost).unwrap();
    Rig { drive, ghost, watch }
}

fn record(order: u64, writer: u8, seq: u64, hash: u8) -> String {
    format!("j/{order:010x}-{}-{seq:06x}-{}", format!("{writer:02x}").repeat(14), format!("{hash:02x}").repeat(8))
}

impl Rig {
    fn write(&self, seat: usize, path: &str, bytes: &str, condition: Condition) {
        let (path, bytes) = (DrivePath::new(path).unwrap(), Some(bytes.as_bytes().to_vec()));
        let request = Request { seat, path, bytes, condition, sent: self.drive.writes() };
        if self.drive.write(request.clone()).is_ok() {
            let Request { path, condition, .. } = &request;
            self.watch.written(&Write { seat, path: path.as_str(), condition, honest: true });
        }
    }

    fn put(&self, path: &str, bytes: &str) {
        self.write(0, path, bytes, Condition::Absent);
    }

    fn complaints(&self) -> Vec<String> {
        self.ghost.violations().into_iter().map(|v| v.split(' ').next().unwrap().trim_end_matches(':').to_owned()).collect()
    }

    fn listed(&self, seat: usize) -> Vec<String> {
        let drive = self.drive.of_seat(seat);
        let listing = drive.list_dir(DrivePath::new("j").unwrap(), None).now_or_never().unwrap().unwrap();
        listing.entries.into_iter().map(|entry| format!("j/{}", entry.name)).collect()
    }
}

#[test]
fn what_a_journal_may_write_is_not_complained_about() {
    let rig = rig(Tier::Cas);
    rig.put(&format!("v/{}", "0a".repeat(16)), "one");
    rig.put("vault", r#"{"id":"v","strategy":"compare-and-swap"}"#);
    for (path, bytes) in
        [(record(1, 1, 1, 7), "one"), (record(2, 1, 2, 7), "two"), (record(2, 2, 1, 7), "other"), (record(1, 1, 1, 7), "one")]
    {
        rig.write(0, &path, bytes, Condition::Any);
    }
    rig.put("p/1", "part");
    rig.put("head", "one");
    assert_eq!(rig.complaints(), [""; 0]);
    assert_eq!(gaps(&rig.drive), [""; 0]);
}

/// What cannot be reached by the names alone: the files here hold nothing.
fn gaps(drive: &SimDrive) -> Vec<String> {
    unreachable(drive, true).into_iter().filter(|bad| !bad.ends_with("makes no sense")).collect()
}

#[test]
fn what_a_journal_may_not_write_is_told() {
    type Bad = fn(&Rig);
    let all: [(&str, Bad); 8] = [
        ("I5", |rig| rig.write(0, &record(1, 1, 1, 7), "another", Condition::Any)),
        ("I5", |rig| rig.put(&record(1, 1, 1, 8), "another record under this number")),
        ("I5", |rig| rig.write(0, "vault", "another", Condition::Any)),
        ("I5", |rig| {
            rig.put(&format!("v/{}", "0a".repeat(16)), "one");
            rig.write(1, &format!("v/{}", "0a".repeat(16)), "another", Condition::Any);
        }),
        ("I5", |rig| {
            rig.put("h/1", "one");
            rig.write(1, "h/1", "another", Condition::Any);
        }),
        ("I6", |rig| rig.put(&record(4, 2, 2, 7), "without the first")),
        ("Fence", |rig| rig.write(0, "head", "one", Condition::Any)),
        ("Names", |rig| rig.put("docs/a.json", "{}")),
    ];
    for (name, bad) in all {
        let rig = rig(Tier::Cas);
        rig.put("vault", "one");
        rig.put(&record(1, 1, 1, 7), "one");
        assert_eq!(rig.complaints(), [""; 0]);
        bad(&rig);
        assert_eq!(rig.complaints(), [name]);
    }
}

#[test]
fn gaps_are_told() {
    let all: [&[String]; 3] = [&[record(1, 1, 2, 7)], &[record(2, 1, 1, 7), record(2, 1, 2, 7)], &["h/1".to_owned(), "h/3".to_owned()]];
    for paths in all {
        let rig = rig(Tier::Slots);
        paths.iter().for_each(|path| rig.put(path, "one"));
        assert_eq!(gaps(&rig.drive).len(), 1, "{paths:?}");
    }
}

/// Two documents of two devices, the second on top of the first.
fn with_two_records(tier: Tier) -> World {
    let mut world: World = synced(tier.of(Config::default()));
    world.drive.clear_up();
    well(world.change(1, &id("a"), Action::Put));
    well(world.sync(1, SyncOptions::default()));
    assert_eq!(unreachable(&world.drive, true), [""; 0]);
    world
}

fn put_there(world: &World, path: &str, bytes: Option<&[u8]>) {
    let path = DrivePath::new(path).unwrap();
    let bytes = bytes.map(<[u8]>::to_vec);
    world.drive.write(Request { seat: 9, path, bytes, condition: Condition::Any, sent: world.drive.writes() }).unwrap();
}

#[test]
fn what_records_and_heads_say_is_looked_at() {
    for tier in [Tier::Cas, Tier::Slots, Tier::Listing] {
        let world = with_two_records(tier);
        let records: Vec<String> = world.drive.snapshot().into_keys().filter(|path| path.starts_with("j/")).collect();
        put_there(&world, &records[0], None);
        let bad = unreachable(&world.drive, false).join("; ");
        assert!(bad.contains(" replaces "), "{tier}: {bad}");
        assert_eq!(bad.contains(&format!(" names {}", records[0])), tier != Tier::Listing, "{tier}: {bad}");
        let world = with_two_records(tier);
        put_there(&world, &records[0], Some(b"half"));
        assert!(unreachable(&world.drive, false).join("; ").contains("makes no sense"), "{tier}");
    }
}

#[test]
fn a_head_that_does_not_name_a_record_is_told() {
    let mut world = with_two_records(Tier::Cas);
    let old = world.drive.file("head").unwrap().bytes;
    well(world.change(0, &id("b"), Action::Put));
    well(world.sync(0, SyncOptions::default()));
    put_there(&world, "head", Some(&old));
    assert_eq!(unreachable(&world.drive, false), [""; 0], "somebody may be about to announce it");
    assert!(unreachable(&world.drive, true).join("; ").contains("does not name all of"));
}

#[test]
fn what_was_folded_is_not_forgotten() {
    let seen = |seq: u64, hash: &str| StateRecord::set("server/seen/w", format!(r#"{{"seq":{seq},"order":1,"hash":"{hash}"}}"#));
    for (next, complaints) in [
        (seen(3, "b"), 0),
        (seen(2, "a"), 0),
        (seen(2, "b"), 1),
        (seen(1, "b"), 1),
        (StateRecord::remove("server/seen/w"), 1),
        (StateRecord::set("server/seen/w", "half"), 1),
    ] {
        let rig = rig(Tier::Cas);
        rig.watch.concluding(0, &[seen(2, "a")]);
        rig.watch.concluding(1, &[seen(1, "c")]);
        rig.watch.concluding(0, &[next]);
        assert_eq!(rig.complaints(), vec!["I4"; complaints]);
    }
}

#[test]
fn late_listings_leave_out_what_is_new_and_never_what_is_own() {
    let rig = rig(Tier::Late);
    let [one, two, own] = [record(1, 1, 1, 7), record(2, 1, 2, 7), record(1, 2, 1, 7)];
    rig.put(&one, "one");
    rig.write(1, &own, "own", Condition::Any);
    assert_eq!(rig.listed(1), std::slice::from_ref(&own));
    rig.put(&two, "two");
    assert_eq!(rig.listed(1), [own.clone(), two.clone()], "the newer one is listed before the older one");
    assert_eq!(rig.listed(1), [one.clone(), own.clone(), two.clone()]);
    rig.drive.clear_up();
    assert_eq!(rig.listed(2).len(), 3);
}

#[test]
fn a_hidden_file_is_hidden_from_one_seat() {
    let rig = rig(Tier::Listing);
    let one = record(1, 1, 1, 7);
    rig.put(&one, "one");
    let reads = |seat| {
        let drive = rig.drive.of_seat(seat);
        format!("{:?}", drive.get(DrivePath::new(&one).unwrap(), GetOptions::default()).now_or_never().unwrap().unwrap())
    };
    for (how, read) in [(Hidden::Name, "File"), (Hidden::File, "Missing")] {
        assert_eq!(rig.drive.hide(1, 0, how), Some(one.clone()));
        assert_eq!((rig.listed(1).len(), rig.listed(2).len()), (0, 1));
        assert!(reads(1).starts_with(read) && reads(2).starts_with("File"));
        rig.drive.catch_up(1);
        assert_eq!(rig.listed(1).len(), 1);
    }
}

/// Strikes the first write of a file by the first client.
struct RacyPut(&'static str);

impl FaultSource for RacyPut {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        (call.seat == 0 && call.call == "put" && call.subject == self.0).then_some(Fault::Racy)
    }
}

#[test]
fn a_racy_write_overwrites_what_came_between_its_check_and_its_effect() {
    let mut world: World = synced(Config::default());
    well(world.change(0, &id("a"), Action::Put));
    world.arm(Some(Box::new(RacyPut("meta.json"))));
    let started = world.start_sync(0, SyncOptions::default());
    assert!(matches!(world.go_on(&started), Run::Paused));
    let path = DrivePath::new("meta.json").unwrap();
    let (seat, bytes) = (9, Some(b"between".to_vec()));
    world.drive.write(Request { seat, path, bytes, condition: Condition::Any, sent: world.drive.writes() }).unwrap();
    world.resume(&started);
    well(world.go_on(&started));
    assert_eq!(world.drive.file("meta.json").unwrap().seat, 0);
}
