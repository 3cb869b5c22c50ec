//! What the GitHub drive asks of the service, and what it makes of its answers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use futures::future::{join, join_all};
use kitestring::{
    Drive as _, DrivePath, ErrorKind, Result, Retry, Runtime, apply,
    drive::{Changed, Condition, GetOptions, Got, PutFile, Version},
    port,
};
use kitestring_adapters::{
    GitHub, NativeRuntime,
    drives::github::Place,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::{GitHubEmulator, GitHubFailure as Failure};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Time that goes a hundred times faster, but for waits that end what takes too long: the machine may be busy.
#[derive(Debug, Default)]
struct Hasty(NativeRuntime);

const FASTER: u32 = 100;
const LONG: Duration = Duration::from_secs(61);

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

const NAME: &str = "me/notes";
const BRANCH: &str = "kitestring";

/// An emulator with a repository, and a drive in it.
struct World {
    emulator: GitHubEmulator,
    drive: GitHub,
}

fn place() -> Place {
    Place { owner: "me".into(), repository: "notes".into(), ..Place::default() }
}

fn open(emulator: &GitHubEmulator, token: &str, place: &Place) -> GitHub {
    let (runtime, tokens): (Arc<dyn Runtime>, _) = (Arc::new(Hasty::default()), Arc::new(FixedToken::new(Secret::new(token))));
    GitHub::emulated(emulator.address(), Arc::new(NativeHttp::new().unwrap()), runtime, place, tokens).unwrap()
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

fn file(name: &str, bytes: &[u8], condition: Condition) -> PutFile {
    PutFile { path: path(name), bytes: bytes.to_vec(), condition }
}

impl World {
    fn new() -> Self {
        let emulator = GitHubEmulator::start();
        emulator.create(NAME);
        let drive = open(&emulator, "token", &place());
        block_on(drive.make_root()).unwrap();
        emulator.requests();
        Self { emulator, drive }
    }

    fn other(&self) -> GitHub {
        open(&self.emulator, "token", &place())
    }

    fn put(&self, name: &str, condition: Condition) -> Result<Version> {
        block_on(self.drive.put(path(name), name.into(), condition))
    }

    fn get(&self, name: &str) -> Result<Got> {
        block_on(self.drive.get(path(name), GetOptions::default()))
    }

    fn asked(&self, kinds: &[&str]) {
        assert_eq!(self.emulator.requests(), kinds);
    }
}

const COMMIT: &str = "createCommitOnBranch";
const REF: &str = "GET git/ref";
const TREE: &str = "GET git/trees";
const BLOB: &str = "GET git/blobs";

#[test]
fn an_empty_repository_a_missing_branch_and_one_that_is_there_are_begun() {
    let emulator = GitHubEmulator::start();
    emulator.create(NAME);
    let drive = open(&emulator, "token", &place());
    assert!(!block_on(drive.has_root()).unwrap());
    assert_eq!(block_on(drive.get(path("f"), GetOptions::default())).unwrap_err().kind, ErrorKind::Unavailable);
    let other = open(&emulator, "token", &place());
    let (one, two) = block_on(join(drive.make_root(), other.make_root()));
    one.unwrap();
    two.unwrap();
    assert!(block_on(drive.has_root()).unwrap());
    assert_eq!(emulator.branches(NAME), [BRANCH, "main"]);
    emulator.requests();
    block_on(drive.make_root()).unwrap();
    assert_eq!(emulator.requests(), [REF]);
    assert_eq!(block_on(drive.list_dir(DrivePath::root(), None)).unwrap().entries, []);
    assert_eq!(block_on(drive.put(path(".gitattributes"), vec![], Condition::Any)).unwrap_err().kind, ErrorKind::InvalidInput);
    let missing = open(&emulator, "token", &Place { repository: "other".into(), ..place() });
    assert_eq!(block_on(missing.make_root()).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn a_branch_with_signs_in_its_name_is_one() {
    let emulator = GitHubEmulator::start();
    emulator.create(NAME);
    let drive = open(&emulator, "token", &Place { branch: Some("né/w#1%+".into()), folder: Some("a/b".into()), ..place() });
    block_on(drive.make_root()).unwrap();
    block_on(drive.put(path("f"), vec![1], Condition::Absent)).unwrap();
    assert_eq!(emulator.content(NAME, "né/w#1%+", "a/b/f"), Some(vec![1]));
}

#[test]
fn what_is_known_is_not_asked_for_again() {
    let world = World::new();
    world.put("d/one", Condition::Absent).unwrap();
    world.asked(&[REF, TREE, COMMIT]);
    let version = world.put("d/two", Condition::Absent).unwrap();
    world.asked(&[COMMIT]);
    assert!(matches!(world.get("d/two").unwrap(), Got::File { bytes, version: own } if bytes == b"d/two" && own == version));
    world.asked(&[REF, BLOB]);
    let options = GetOptions { unless: Some(version), range: None };
    assert_eq!(block_on(world.drive.get(path("d/two"), options)).unwrap(), Got::Unchanged);
    world.asked(&[REF]);
    // Whoever knows an older commit is told so once, and refused by what is there now.
    let other = world.other();
    block_on(other.list_dir(path("d"), None)).unwrap();
    world.put("d/three", Condition::Absent).unwrap();
    world.emulator.requests();
    assert_eq!(block_on(other.put(path("d/three"), vec![1], Condition::Absent)).unwrap_err().kind, ErrorKind::Condition);
    world.asked(&[COMMIT, REF, TREE]);
}

#[test]
fn what_is_written_at_once_is_one_commit() {
    let world = World::new();
    let before = world.emulator.commits(NAME, BRANCH);
    let files = (0..100).map(|n| file(&format!("d/{n}"), &[n], Condition::Absent)).collect();
    assert!(block_on(world.drive.put_many(files)).iter().all(Result::is_ok));
    assert_eq!(world.emulator.commits(NAME, BRANCH) - before, 1);
    // The first goes alone; all that waits meanwhile goes together.
    let deletions = (0..100).map(|n| world.drive.delete(path(&format!("d/{n}")), Condition::Any));
    assert!(block_on(join_all(deletions)).iter().all(Result::is_ok));
    assert!(world.emulator.commits(NAME, BRANCH) - before <= 3);
    assert_eq!(block_on(world.drive.list_dir(path("d"), None)).unwrap().entries, []);
}

#[test]
fn a_batch_answers_for_each_file() {
    let world = World::new();
    world.put("there", Condition::Absent).unwrap();
    world.put("folder/file", Condition::Absent).unwrap();
    let files = vec![
        file("new", b"1", Condition::Absent),
        file("there", b"2", Condition::Absent),
        file("folder", b"3", Condition::Any),
        file("there/below", b"4", Condition::Any),
        file("refused-by-the-emulator", b"5", Condition::Any),
        file(".git/config", b"6", Condition::Any),
        file("other", b"7", Condition::Any),
    ];
    let codes: Vec<_> =
        block_on(world.drive.put_many(files)).into_iter().map(|answer| answer.map_or_else(|e| e.kind.code(), |_| "ok")).collect();
    let invalid = "invalid_input";
    assert_eq!(codes, ["ok", "condition", invalid, invalid, invalid, invalid, "ok"]);
    assert_eq!(world.emulator.content(NAME, BRANCH, "other"), Some(b"7".to_vec()));
}

#[test]
fn a_large_file_goes_in_pieces_that_nobody_sees() {
    let world = World::new();
    let large = |fill: u8| vec![fill; (8 << 20) + 1];
    let version = block_on(world.drive.put(path("d/large"), large(1), Condition::Absent)).unwrap();
    let made = ["POST git/blobs", "GET git/commits", "POST git/trees", "POST git/commits", "GET ", "updateRefs"];
    world.asked(&[&[REF, TREE], &made[..]].concat());
    assert_eq!(world.emulator.content(NAME, BRANCH, "d/large").unwrap().len(), large(1).len());
    // Somebody else writes meanwhile.
    world.emulator.write(NAME, BRANCH, "d/other", Some(b"x"), "100644");
    let second = block_on(world.drive.put(path("d/large"), large(2), Condition::Matches(version.clone()))).unwrap();
    assert!(world.emulator.content(NAME, BRANCH, "d/other").is_some());
    assert_eq!(block_on(world.drive.put(path("d/large"), large(3), Condition::Matches(version))).unwrap_err().kind, ErrorKind::Condition);
    // Parts of it are one request.
    world.emulator.requests();
    for start in [0, 5, 8 << 20] {
        let options = GetOptions { range: Some(start..start + 3), unless: None };
        let Got::File { bytes, version } = block_on(world.drive.get(path("d/large"), options)).unwrap() else { panic!("it is there") };
        assert_eq!((bytes.len() as u64, version), (3.min((8 << 20) + 1 - start), second.clone()));
    }
    world.asked(&[REF, BLOB, REF, REF]);
    let too_large = block_on(world.drive.put(path("d/huge"), vec![0; (39 << 20) + 1], Condition::Any)).unwrap_err();
    assert_eq!(too_large.kind, ErrorKind::InvalidInput);
}

#[test]
fn limits_are_waited_for_in_all_their_forms() {
    let world = World::new();
    world.put("f", Condition::Absent).unwrap();
    for failure in [Failure::UsedUp, Failure::Secondary, Failure::SecondaryUnsaid, Failure::TooMany] {
        world.emulator.fail(REF, &[failure]);
        assert!(matches!(world.get("f").unwrap(), Got::File { .. }), "{failure:?}");
    }
    for failure in [Failure::UsedUp, Failure::Secondary, Failure::SecondaryUnsaid, Failure::TooMany, Failure::QueryUsedUp] {
        world.emulator.fail(COMMIT, &[failure]);
        world.put(&format!("{failure:?}"), Condition::Absent).unwrap();
    }
    world.emulator.fail(COMMIT, &[Failure::SecondaryUnsaid; 9]);
    let error = world.put("too many", Condition::Absent).unwrap_err();
    assert_eq!((&error.kind, error.retry), (&ErrorKind::RateLimited, Retry::After(Duration::from_secs(60))), "{error}");
}

#[test]
fn a_commit_whose_answer_is_lost_is_unknown_and_not_made_twice() {
    let world = World::new();
    let before = world.emulator.commits(NAME, BRANCH);
    world.emulator.fail(COMMIT, &[Failure::CarriedOut]);
    assert_eq!(world.put("f", Condition::Absent).unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(world.emulator.commits(NAME, BRANCH) - before, 1);
    assert!(matches!(world.get("f").unwrap(), Got::File { .. }));
    assert_eq!(world.put("f", Condition::Absent).unwrap_err().kind, ErrorKind::Condition);
    world.put("g", Condition::Absent).unwrap();
}

#[test]
fn an_answer_that_lags_behind_our_own_commits_is_asked_for_again() {
    let world = World::new();
    world.put("f", Condition::Absent).unwrap();
    world.emulator.requests();
    world.emulator.fail(REF, &[Failure::Behind, Failure::Behind]);
    assert!(matches!(world.get("f").unwrap(), Got::File { .. }));
    world.asked(&[REF, REF, REF, BLOB]);
    // But a branch that somebody has set back is believed in the end.
    world.put("g", Condition::Absent).unwrap();
    world.emulator.set_back(NAME, BRANCH);
    assert_eq!(world.get("g").unwrap(), Got::Missing);
    world.put("h", Condition::Absent).unwrap();
}

#[test]
fn a_web_page_is_no_file_and_no_listing() {
    let world = World::new();
    world.put("f", Condition::Absent).unwrap();
    for kind in [REF, TREE, BLOB] {
        let fresh = World { emulator: world.emulator.clone(), drive: world.other() };
        world.emulator.fail(kind, &[Failure::WebPage]);
        assert_eq!(fresh.get("f").unwrap_err().kind, ErrorKind::Unavailable, "{kind}");
    }
}

#[test]
fn what_is_wrong_with_a_token_is_said_without_it() {
    let world = World::new();
    world.put("f", Condition::Absent).unwrap();
    for (token, kind, words) in [
        ("expired-canary", ErrorKind::Unauthorized, "does not accept the token"),
        ("blind-canary", ErrorKind::Unavailable, "a token sees only"),
        ("sso-canary", ErrorKind::Unauthorized, "single sign-on"),
        ("readonly-canary", ErrorKind::Unauthorized, "Contents, read and write"),
    ] {
        let drive = open(&world.emulator, token, &place());
        let error = match token {
            "readonly-canary" => block_on(drive.put(path("g"), vec![1], Condition::Any)).unwrap_err(),
            _ => block_on(drive.get(path("f"), GetOptions::default())).unwrap_err(),
        };
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.detail().contains(words), "{error}");
        assert!(!format!("{error} {error:?} {drive:?}").contains("canary"), "{error:?}");
    }
    world.emulator.archive(NAME);
    let made = block_on(world.drive.put(path("large"), vec![1; 9 << 20], Condition::Any)).unwrap_err();
    assert!(made.kind == ErrorKind::Unauthorized && made.detail().contains("archived"), "{made}");
}

#[test]
fn a_repository_or_branch_that_is_gone_is_no_vault_that_was_deleted() {
    let world = World::new();
    world.put("f", Condition::Absent).unwrap();
    world.emulator.remove_branch(NAME, BRANCH);
    world.emulator.write(NAME, "main", "README.md", Some(b"x"), "100644");
    let error = world.get("f").unwrap_err();
    assert!(error.kind == ErrorKind::Unavailable && error.detail().contains("no branch"), "{error}");
    assert_eq!(world.put("f", Condition::Absent).unwrap_err().kind, ErrorKind::Unavailable);
    world.emulator.remove(NAME);
    let error = block_on(world.drive.list_dir(DrivePath::root(), None)).unwrap_err();
    assert!(error.kind == ErrorKind::Unavailable && error.detail().contains("no repository"), "{error}");
}

#[test]
fn links_are_neither_followed_nor_written_over() {
    let world = World::new();
    world.emulator.write(NAME, BRANCH, "link", Some(b"/etc/passwd"), "120000");
    world.emulator.write(NAME, BRANCH, "program", Some(b"#!"), "100755");
    assert_eq!(world.get("link").unwrap(), Got::Missing);
    assert_eq!(world.put("link", Condition::Any).unwrap_err().kind, ErrorKind::InvalidInput);
    let names: BTreeSet<String> =
        block_on(world.drive.list_dir(DrivePath::root(), None)).unwrap().entries.into_iter().map(|e| e.name).collect();
    assert_eq!(names, BTreeSet::from(["program".to_owned()]));
}

#[test]
fn the_history_goes_and_nothing_else_whoever_writes_meanwhile() {
    let world = World::new();
    for n in 0..5 {
        world.put(&format!("d/{n}"), Condition::Absent).unwrap();
    }
    let other = world.other();
    block_on(other.get(path("d/1"), GetOptions::default())).unwrap();
    assert_eq!(block_on(world.drive.commits()).unwrap(), 6);
    let files = world.emulator.files(NAME, BRANCH);
    block_on(world.drive.squash()).unwrap();
    assert_eq!((block_on(world.drive.commits()).unwrap(), world.emulator.files(NAME, BRANCH)), (1, files));
    // A write that knew the old commit is made on top of the new one.
    block_on(other.put(path("d/6"), vec![6], Condition::Absent)).unwrap();
    let (squashed, written) =
        block_on(join(world.drive.squash(), join_all((10..20).map(|n| other.put(path(&format!("d/{n}")), vec![n], Condition::Absent)))));
    squashed.unwrap();
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    assert_eq!(world.emulator.files(NAME, BRANCH).len(), 17);
    assert!(matches!(block_on(other.get(path("d/1"), GetOptions::default())).unwrap(), Got::File { .. }));
}

#[test]
fn many_devices_lose_no_write() {
    let world = World::new();
    let drives: Vec<GitHub> = (0..5).map(|_| world.other()).collect();
    let writes = drives.iter().enumerate().map(|(of, drive)| async move {
        for n in 0..10 {
            drive.put(path(&format!("{of}/{n}")), vec![n], Condition::Absent).await.unwrap();
        }
    });
    block_on(join_all(writes));
    assert_eq!(world.emulator.files(NAME, BRANCH).len(), 51);
}

#[test]
fn whether_the_branch_has_moved_is_one_request() {
    let world = World::new();
    let Changed::Yes(token) = block_on(world.drive.changed_since(None)).unwrap() else { panic!("there is a token") };
    assert_eq!(block_on(world.drive.changed_since(Some(token.clone()))).unwrap(), Changed::No);
    block_on(world.other().put(path("f"), vec![1], Condition::Any)).unwrap();
    world.emulator.requests();
    assert!(matches!(block_on(world.drive.wait_for_change(Some(token), Duration::from_secs(5))).unwrap(), Changed::Yes(_)));
    world.asked(&[REF]);
}
