//! What the Dropbox drive asks of the service, and what it makes of its answers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use futures::future::join_all;
use kitestring::{
    Drive as _, DrivePath, Error, ErrorKind, Result, Retry, Runtime, apply,
    drive::{Changed, Condition, GetOptions, Got, PutFile, Version},
    port,
};
use kitestring_adapters::{
    Dropbox, NativeRuntime,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::{DropboxEmulator, Failure};
use std::{
    collections::BTreeSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Time that goes a hundred times faster, but for waits that end what takes too long: the machine may be busy.
#[derive(Debug, Default)]
struct Hasty(NativeRuntime);

const FASTER: u32 = 100;
const LONG: Duration = Duration::from_secs(50);

#[apply(port!)]
impl Runtime for Hasty {
    fn now(&self) -> Duration {
        self.0.now() * FASTER
    }
    fn wall(&self) -> Duration {
        self.0.wall()
    }
    async fn sleep(&self, duration: Duration) {
        self.0.sleep(if duration < LONG { duration / FASTER } else { duration }).await;
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        self.0.random(bytes)
    }
}

/// An emulator, and a drive in the folder `/d` of an account.
struct World {
    emulator: DropboxEmulator,
    drive: Dropbox,
}

fn open(emulator: &DropboxEmulator, token: &str, folder: &str) -> Dropbox {
    let (runtime, tokens): (Arc<dyn Runtime>, _) = (Arc::new(Hasty::default()), Arc::new(FixedToken::new(Secret::new(token))));
    Dropbox::emulated(emulator.address(), Arc::new(NativeHttp::new().unwrap()), runtime, folder, tokens).unwrap()
}

impl World {
    fn new() -> Self {
        let emulator = DropboxEmulator::start();
        let drive = open(&emulator, "me", "/d");
        block_on(drive.make_root()).unwrap();
        emulator.requests();
        Self { emulator, drive }
    }

    fn put(&self, name: &str, condition: Condition) -> Result<Version> {
        block_on(self.drive.put(path(name), name.into(), condition))
    }

    fn get(&self, name: &str) -> Result<Got> {
        block_on(self.drive.get(path(name), GetOptions::default()))
    }

    fn names(&self, dir: &str) -> BTreeSet<String> {
        block_on(self.drive.list_dir(path(dir), None)).unwrap().entries.into_iter().map(|entry| entry.name).collect()
    }

    fn asked(&self, routes: &[&str]) {
        assert_eq!(self.emulator.requests(), routes);
    }
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn file(name: &str, bytes: impl Into<Vec<u8>>) -> PutFile {
    PutFile { path: path(name), bytes: bytes.into(), condition: Condition::Absent }
}

fn codes<T>(answers: &[Result<T>]) -> Vec<&str> {
    answers.iter().map(|answer| answer.as_ref().map_or_else(|e| e.kind.code(), |_| "written")).collect()
}

fn says(error: &Error, kind: &str, words: &[&str]) {
    assert_eq!(error.kind.code(), kind, "{error:?}");
    words.iter().for_each(|word| assert!(error.to_string().contains(word), "{error}"));
}

#[test]
fn each_call_is_one_request() {
    let world = World::new();
    let version = world.put("f", Condition::Absent).unwrap();
    world.get("f").unwrap();
    let unchanged = GetOptions { unless: Some(version.clone()), range: None };
    assert_eq!(block_on(world.drive.get(path("f"), unchanged.clone())).unwrap(), Got::Unchanged);
    let newer = world.put("f", Condition::Matches(version.clone())).unwrap();
    assert!(matches!(block_on(world.drive.get(path("f"), unchanged)).unwrap(), Got::File { version, .. } if version == newer));
    world.names("");
    block_on(world.drive.delete(path("f"), Condition::Matches(newer))).unwrap();
    world.asked(&["upload", "download", "download", "upload", "download", "list_folder", "delete_v2"]);
    // A condition that cannot hold needs none.
    let never = Condition::Matches(Version::new("no revision"));
    assert_eq!(world.put("f", never).unwrap_err().kind, ErrorKind::Condition);
    world.asked(&[]);
}

#[test]
fn a_batch_is_three_calls_and_answers_for_each_file() {
    let world = World::new();
    world.put("taken", Condition::Absent).unwrap();
    world.emulator.requests();
    let long = "n".repeat(256);
    let names = ["a", "taken", "A", "taken/below", long.as_str(), "trailing ", "b"];
    let answers = block_on(world.drive.put_many(names.iter().map(|name| file(name, "content")).collect()));
    let expected = ["written", "condition", "condition", "invalid_input", "invalid_input", "invalid_input", "written"];
    assert_eq!(codes(&answers), expected);
    assert!(answers[4].as_ref().is_err_and(|error| error.detail().contains("255")));
    assert!(answers[1].as_ref().is_err_and(|error| error.subject() == Some("taken")));
    world.asked(&["upload_session/start_batch", "upload_session/append_batch", "upload_session/finish_batch_v2"]);
    assert!(
        matches!(world.get("b").unwrap(), Got::File { bytes, version } if bytes == b"content" && Some(&version) == answers[6].as_ref().ok())
    );
}

#[test]
fn without_a_condition_a_file_is_replaced_whatever_it_is() {
    let world = World::new();
    let version = world.put("f", Condition::Any).unwrap();
    assert_eq!(world.put("f", Condition::Any).unwrap(), version, "the same bytes are there already");
    world.asked(&["upload", "upload"]);
    block_on(world.drive.put(path("f"), b"other".to_vec(), Condition::Any)).unwrap();
    world.asked(&["upload", "get_metadata", "upload"]);
    let any = |name: &str| PutFile { condition: Condition::Any, ..file(name, "third") };
    assert_eq!(codes(&block_on(world.drive.put_many(vec![any("f"), any("g")]))), ["written"; 2]);
    for name in ["f", "g"] {
        assert!(matches!(world.get(name).unwrap(), Got::File { bytes, .. } if bytes == b"third"));
    }
}

#[test]
fn many_files_take_few_requests_and_keep_their_contents() {
    let world = World::new();
    let files =
        (0..1500_u32).map(|n| file(&format!("many/{n}"), if n == 7 { String::new() } else { format!("{n}").repeat(n as usize % 9 + 1) }));
    let answers = block_on(world.drive.put_many(files.collect()));
    assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|answer| answer.is_err()));
    let requests = world.emulator.requests();
    println!("1,500 files in one batch: {} requests", requests.len());
    assert!(requests.len() <= 40, "{} requests", requests.len());
    for n in [0_usize, 7, 999, 1000, 1499] {
        let expected = if n == 7 { String::new() } else { format!("{n}").repeat(n % 9 + 1) };
        let got = world.get(&format!("many/{n}")).unwrap();
        assert!(
            matches!(&got, Got::File { bytes, version } if bytes == expected.as_bytes() && Some(version) == answers[n].as_ref().ok()),
            "{n}"
        );
    }
    let (mut names, mut cursor, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let page = block_on(world.drive.list_dir(path("many"), cursor)).unwrap();
        names.extend(page.entries.into_iter().map(|entry| entry.name));
        pages += 1;
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!((names.len(), pages), (1500, 3));
}

#[test]
fn a_file_of_a_batch_that_meets_another_write_is_finished_again_alone() {
    let world = World::new();
    world.emulator.fail("upload_session/finish_batch_v2", &[Failure::Contended, Failure::Contended]);
    let answers = block_on(world.drive.put_many(vec![file("a", "1"), file("b", "2"), file("c", "3")]));
    assert_eq!(codes(&answers), ["written"; 3]);
    let finish = "upload_session/finish_batch_v2";
    world.asked(&["upload_session/start_batch", "upload_session/append_batch", finish, finish, finish]);
    assert_eq!(world.names(""), ["a", "b", "c"].map(str::to_owned).into());
}

#[test]
fn what_says_that_nothing_was_done_is_sent_again_also_under_a_condition() {
    let world = World::new();
    let refusals = [Failure::TooManyRequests, Failure::TooManyRequestsInText, Failure::TooManyWrites, Failure::Contended];
    for (n, refusal) in refusals.into_iter().enumerate() {
        world.emulator.fail("upload", &[refusal, refusal]);
        world.put(&format!("{n}"), Condition::Absent).unwrap();
        world.asked(&["upload", "upload", "upload"]);
    }
    world.emulator.fail("upload", &[Failure::TooManyRequests; 20]);
    let error = world.put("f", Condition::Absent).unwrap_err();
    says(&error, "rate_limited", &["Dropbox"]);
    assert_eq!(error.retry, Retry::After(Duration::from_secs(1)));
    assert_eq!(world.emulator.requests().len(), 4);
    let world = World::new();
    world.emulator.fail("upload", &[Failure::Contended; 20]);
    says(&world.put("f", Condition::Absent).unwrap_err(), "rate_limited", &["written to by others"]);
    assert_eq!(world.emulator.requests().len(), 6, "tries without end");
}

#[test]
fn what_may_have_been_done_is_never_sent_again_under_a_condition() {
    let world = World::new();
    for failure in [Failure::CarriedOut, Failure::Unavailable] {
        world.emulator.fail("upload", &[failure]);
        says(&world.put("f", Condition::Absent).unwrap_err(), "unavailable", &[]);
        world.asked(&["upload"]);
    }
    world.emulator.fail("upload_session/finish_batch_v2", &[Failure::CarriedOut]);
    let answers = block_on(world.drive.put_many(vec![file("a", "1"), file("b", "2")]));
    assert_eq!(codes(&answers), ["unavailable"; 2]);
    world.asked(&["upload_session/start_batch", "upload_session/append_batch", "upload_session/finish_batch_v2"]);
    // Without a condition it is harmless.
    world.emulator.fail("upload", &[Failure::Unavailable]);
    world.put("g", Condition::Any).unwrap();
    world.asked(&["upload", "upload"]);
}

#[test]
fn one_client_never_meets_itself_and_two_make_it_good() {
    let world = World::new();
    world.emulator.hold_writes(Some(Duration::from_millis(5)));
    let mine = (0..10).map(|n| world.drive.put(path(&format!("mine/{n}")), vec![1], Condition::Absent));
    assert!(block_on(join_all(mine)).iter().all(Result::is_ok));
    assert_eq!(world.emulator.requests().len(), 10, "its own writes have met");
    let other = open(&world.emulator, "me", "/d");
    let both: Vec<_> = [&world.drive, &other].into_iter().enumerate().collect();
    thread::scope(|scope| {
        for (n, drive) in both {
            scope.spawn(move || {
                for m in 0..10 {
                    block_on(drive.put(path(&format!("both/{n}-{m}")), vec![1], Condition::Absent)).unwrap();
                }
            });
        }
    });
    let requests = world.emulator.requests().len();
    assert!(requests > 20, "{requests} requests: nobody has met anybody");
    assert_eq!(world.names("both").len(), 20);
}

#[test]
fn names_that_differ_in_case_are_one_file_and_said_to_be() {
    let world = World::new();
    world.put("Note", Condition::Absent).unwrap();
    assert_eq!(world.put("note", Condition::Absent).unwrap_err().kind, ErrorKind::Condition);
    says(&world.put("note", Condition::Any).unwrap_err(), "invalid_input", &["has Note there"]);
    let same = PutFile { path: path("note"), bytes: "Note".into(), condition: Condition::Any };
    let other = PutFile { path: path("NOTE"), bytes: "x".into(), condition: Condition::Any };
    assert_eq!(codes(&block_on(world.drive.put_many(vec![same, other]))), ["invalid_input"; 2]);
    says(&world.get("note").unwrap_err(), "invalid_input", &["has Note there", "differ in case"]);
    says(&block_on(world.drive.delete(path("NOTE"), Condition::Any)).unwrap_err(), "invalid_input", &["has Note there"]);
    assert!(matches!(world.get("Note").unwrap(), Got::File { bytes, .. } if bytes == b"Note"));
}

#[test]
fn a_folder_is_never_deleted_by_its_name() {
    let world = World::new();
    world.put("folder/f", Condition::Absent).unwrap();
    for condition in [Condition::Any, Condition::Absent] {
        block_on(world.drive.delete(path("folder"), condition)).unwrap();
    }
    let version = Condition::Matches(Version::new("0123456789abcdef"));
    assert_eq!(block_on(world.drive.delete(path("folder"), version)).unwrap_err().kind, ErrorKind::Condition);
    assert_eq!(world.names("folder").len(), 1);
}

#[test]
fn a_folder_that_is_gone_is_no_empty_drive() {
    let world = World::new();
    let version = world.put("f", Condition::Absent).unwrap();
    let cursor = block_on(world.drive.changed_since(None)).unwrap();
    world.emulator.remove("me", "/d");
    let gone = |error: Error| says(&error, "unavailable", &["no such folder", "/d"]);
    gone(world.get("f").unwrap_err());
    gone(block_on(world.drive.get(path(""), GetOptions::default())).unwrap_err());
    gone(block_on(world.drive.get(path("f"), GetOptions { range: Some(2..2), unless: None })).unwrap_err());
    gone(block_on(world.drive.list_dir(DrivePath::root(), None)).unwrap_err());
    gone(block_on(world.drive.list_dir(path("below"), None)).unwrap_err());
    gone(block_on(world.drive.delete(path("f"), Condition::Any)).unwrap_err());
    let Changed::Yes(cursor) = cursor else { panic!("there is no cursor") };
    gone(block_on(world.drive.changed_since(Some(cursor))).unwrap_err());
    // What stays as it was seen is refused even so.
    assert_eq!(world.put("f", Condition::Matches(version)).unwrap_err().kind, ErrorKind::Condition);
    // The root of an account is always there, and needs no second request.
    let top = open(&world.emulator, "nobody", "/");
    world.emulator.requests();
    assert_eq!(block_on(top.get(path("f"), GetOptions::default())).unwrap(), Got::Missing);
    world.asked(&["download"]);
}

#[test]
fn a_dead_cursor_is_a_condition_and_a_change() {
    let world = World::new();
    block_on(world.drive.put_many((0..600).map(|n| file(&format!("l/{n}"), "x")).collect()));
    let page = block_on(world.drive.list_dir(path("l"), None)).unwrap();
    let Changed::Yes(token) = block_on(world.drive.changed_since(None)).unwrap() else { panic!("there is no cursor") };
    assert_eq!(block_on(world.drive.changed_since(Some(token.clone()))).unwrap(), Changed::No);
    world.emulator.reset_cursors("me");
    assert_eq!(block_on(world.drive.list_dir(path("l"), page.next)).unwrap_err().kind, ErrorKind::Condition);
    for dead in [token, "none of Dropbox".to_owned()] {
        let Changed::Yes(next) = block_on(world.drive.changed_since(Some(dead.clone()))).unwrap() else { panic!("it is denied") };
        assert_ne!(next, dead);
    }
}

#[test]
fn waiting_for_a_change_is_one_request_and_its_news_another() {
    let world = World::new();
    let Changed::Yes(token) = block_on(world.drive.changed_since(None)).unwrap() else { panic!("there is no cursor") };
    world.emulator.requests();
    let told = thread::scope(|scope| {
        let waits = scope.spawn(|| block_on(world.drive.wait_for_change(Some(token.clone()), Duration::from_secs(3600))));
        thread::sleep(Duration::from_millis(100));
        assert_eq!(world.emulator.requests(), ["list_folder/longpoll"]);
        world.put("f", Condition::Absent).unwrap();
        waits.join().unwrap().unwrap()
    });
    let Changed::Yes(token) = told else { panic!("{told:?}") };
    let asked: BTreeSet<_> = world.emulator.requests().into_iter().collect();
    assert_eq!(asked, ["list_folder/continue".to_owned(), "upload".to_owned()].into());
    // When its time is over, the last word is that of the service: its time goes a hundred times faster here.
    let begun = Instant::now();
    assert_eq!(block_on(world.drive.wait_for_change(Some(token), Duration::from_secs(40))).unwrap(), Changed::No);
    assert!(begun.elapsed() < Duration::from_secs(5));
    world.asked(&["list_folder/longpoll", "list_folder/continue"]);
}

#[test]
fn who_is_asked_to_stay_away_does() {
    let world = World::new();
    let Changed::Yes(token) = block_on(world.drive.changed_since(None)).unwrap() else { panic!("there is no cursor") };
    world.put("f", Condition::Absent).unwrap();
    world.emulator.fail("list_folder/longpoll", &[Failure::Backoff]);
    assert!(matches!(block_on(world.drive.wait_for_change(Some(token.clone()), Duration::from_secs(40))).unwrap(), Changed::Yes(_)));
    world.emulator.requests();
    // A second is asked for: nothing is sent before, and the time to wait is over first.
    assert!(matches!(block_on(world.drive.wait_for_change(Some(token), Duration::from_millis(500))).unwrap(), Changed::Yes(_)));
    world.asked(&["list_folder/continue"]);
}

#[test]
fn a_token_that_is_not_accepted_is_said_to_be_and_never_shown() {
    let emulator = DropboxEmulator::start();
    for (token, word) in [("expired-canary", "expired"), ("revoked-canary", "withdrawn"), ("malformed-canary", "is none")] {
        let drive = open(&emulator, token, "/d");
        let errors = [
            block_on(drive.get(path("f"), GetOptions::default())).unwrap_err(),
            block_on(drive.put(path("f"), vec![1], Condition::Absent)).unwrap_err(),
            block_on(drive.list_dir(DrivePath::root(), None)).unwrap_err(),
            block_on(drive.list_dir(DrivePath::root(), Some("00".to_owned()))).unwrap_err(),
            block_on(drive.changed_since(Some("00".to_owned()))).unwrap_err(),
            block_on(drive.make_root()).unwrap_err(),
        ];
        for error in errors {
            says(&error, "unauthorized", &[word, "sign in again"]);
            assert!(!format!("{error} {error:?} {drive:?}").contains("canary"));
        }
    }
    let reader = open(&emulator, "readonly", "/");
    says(&block_on(reader.put(path("f"), vec![1], Condition::Any)).unwrap_err(), "unauthorized", &["files.content.write"]);
}

#[test]
fn no_room_is_told_of_one_file_and_of_each_in_a_batch() {
    let emulator = DropboxEmulator::start();
    let drive = open(&emulator, "full", "/");
    says(&block_on(drive.put(path("f"), vec![1; 1001], Condition::Absent)).unwrap_err(), "quota_exceeded", &["no space left"]);
    let answers = block_on(drive.put_many(vec![file("a", vec![1; 600]), file("b", vec![1; 600]), file("c", vec![1; 300])]));
    assert_eq!(codes(&answers), ["written", "quota_exceeded", "written"]);
}

#[test]
fn an_emulator_is_on_this_machine() {
    let (http, tokens) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(FixedToken::new(Secret::new("t"))));
    let open = |at: &str, folder: &str| Dropbox::emulated(at, http.clone(), Arc::new(Hasty::default()), folder, tokens.clone()).err();
    for (at, folder) in [("http://emulator.example/", "/"), ("http://127.0.0.1:1/", "notes"), ("http://127.0.0.1:1/", "/a/../b")] {
        assert_eq!(open(at, folder).map(|e| e.into_kind()), Some(ErrorKind::InvalidInput), "{at} {folder}");
    }
}
