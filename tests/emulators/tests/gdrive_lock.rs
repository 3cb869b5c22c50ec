//! The lock of the classic layout in Google Drive, and the files that clients of db-to-cloud write beside ours, at the emulator.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use futures::future::join_all;
use kitestring::{
    Drive as _, DrivePath, Result,
    drive::{Condition, GetOptions, Got, Version},
};
use kitestring_adapters::{
    GDrive,
    drives::gdrive::Maker,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::{GDriveEmulator, GDriveFailure};
use kitestring_servers::FastRuntime;
use std::{sync::Arc, thread, time::Duration};

const WHO: &str = "somebody";
const LOCK: &str = "lock.json";
/// What is waited for so long is waited for a hundredth of it here.
const SETTLES: Duration = Duration::from_secs(5);
const LAG: Duration = Duration::from_millis(20);
const ADD: &str = "PATCH upload/drive/v3/files/{id}";
const DELETE: &str = "DELETE drive/v3/files/{id}/revisions/{id}";

fn open(emulator: &GDriveEmulator) -> GDrive {
    let tokens = Arc::new(FixedToken::new(Secret::new(WHO)));
    let (http, runtime) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(FastRuntime::default()));
    let drive = GDrive::emulated(emulator.address(), http, runtime, None, tokens).unwrap().settling_for(SETTLES);
    drive.with_classic_layout_in(&DrivePath::root()).unwrap()
}

/// An emulator with the drive on it, which several clients have opened.
fn opened(clients: usize) -> (GDriveEmulator, Vec<GDrive>) {
    let emulator = GDriveEmulator::start();
    block_on(open(&emulator).make_root()).unwrap();
    let drives = (0..clients).map(|_| open(&emulator)).collect();
    (emulator, drives)
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

async fn read(drive: &GDrive, name: &str) -> Option<(Vec<u8>, Version)> {
    match drive.get(path(name), GetOptions::default()).await.unwrap() {
        Got::File { bytes, version } => Some((bytes, version)),
        Got::Missing => None,
        Got::Unchanged => panic!("nothing was known"),
    }
}

async fn text(drive: &GDrive, name: &str) -> Option<String> {
    read(drive, name).await.map(|(bytes, _)| String::from_utf8(bytes).unwrap())
}

async fn put(drive: &GDrive, name: &str, content: &str, condition: Condition) -> Result<Version> {
    drive.put(path(name), content.as_bytes().to_vec(), condition).await
}

async fn take(drive: &GDrive, who: &str) -> Result<Version> {
    put(drive, LOCK, who, Condition::Absent).await
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().kind.code()
}

/// Makes sure that one has succeeded, and that all others were refused; says which one.
fn only<T>(answers: &[Result<T>]) -> usize {
    let won: Vec<usize> = answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()).map(|(n, _)| n).collect();
    assert_eq!(won.len(), 1, "{won:?} have succeeded");
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| error.kind.code() == "condition"));
    won[0]
}

#[test]
fn of_many_who_take_the_lock_at_once_one_has_it_though_searches_lag_and_tags_move() {
    let (emulator, drives) = opened(6);
    emulator.move_tags(2);
    emulator.lag(LAG);
    block_on(async {
        for _ in 0..8 {
            let names: Vec<String> = (0..drives.len()).map(|n| n.to_string()).collect();
            let answers = join_all(drives.iter().zip(&names).map(|(drive, name)| take(drive, name))).await;
            let won = only(&answers);
            for drive in &drives {
                assert_eq!(text(drive, LOCK).await, Some(won.to_string()));
            }
            assert_eq!(emulator.revisions(WHO, LOCK), 2, "all others have gone");
            let version = answers.into_iter().flatten().next().unwrap();
            assert_eq!(read(&drives[0], LOCK).await.unwrap().1, version);
            drives[won].delete(path(LOCK), Condition::Matches(version.clone())).await.unwrap();
            assert_eq!(code(drives[won].delete(path(LOCK), Condition::Matches(version)).await), "condition");
            for drive in &drives {
                assert_eq!(text(drive, LOCK).await, None);
            }
        }
        assert_eq!(emulator.count(WHO, LOCK), 1);
    });
}

#[test]
fn of_many_who_take_over_a_dead_lock_one_has_it() {
    let (emulator, drives) = opened(6);
    block_on(async {
        for _ in 0..8 {
            let (_, dead) = emulator.write_as_another(WHO, LOCK, b"dead", true);
            let names: Vec<String> = (0..drives.len()).map(|n| format!("{n} {dead}")).collect();
            let over = |(drive, name)| put(drive, LOCK, name, Condition::Matches(Version::new(dead.clone())));
            let won = only(&join_all(drives.iter().zip(names.iter().map(String::as_str)).map(over)).await);
            assert_eq!(text(&drives[0], LOCK).await.as_ref(), Some(&names[won]));
            assert_eq!(emulator.revisions(WHO, LOCK), 2);
            drives[0].delete(path(LOCK), Condition::Any).await.unwrap();
        }
    });
}

#[test]
fn dead_locks_in_line_are_passed_one_after_the_other() {
    let (emulator, drives) = opened(1);
    let dead: Vec<String> = (0..3).map(|n: u8| emulator.write_as_another(WHO, LOCK, &[n], true).1).collect();
    block_on(async {
        for (n, dead) in dead.iter().enumerate() {
            let over = put(&drives[0], LOCK, &format!("ours {n}"), Condition::Matches(Version::new(dead.clone()))).await;
            assert_eq!(over.is_ok(), n == 2, "{over:?}");
        }
        assert_eq!(text(&drives[0], LOCK).await, Some("ours 2".to_owned()));
        assert_eq!(emulator.revisions(WHO, LOCK), 2);
    });
}

#[test]
fn a_lock_is_renewed_when_those_behind_it_have_gone_and_kept_if_they_stay() {
    let (emulator, drives) = opened(1);
    block_on(async {
        let first = take(&drives[0], "1").await.unwrap();
        let second = put(&drives[0], LOCK, "2", Condition::Matches(first.clone())).await.unwrap();
        assert_eq!(code(put(&drives[0], LOCK, "3", Condition::Matches(first)).await), "condition");
        assert_eq!(text(&drives[0], LOCK).await, Some("2".to_owned()));

        emulator.write_as_another(WHO, LOCK, b"comes and goes", true);
        let again = emulator.clone();
        let goes = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            again.remove_revision(WHO, LOCK, 2);
        });
        let third = put(&drives[0], LOCK, "3", Condition::Matches(second)).await.unwrap();
        goes.join().unwrap();
        assert_eq!(text(&drives[0], LOCK).await, Some("3".to_owned()));

        emulator.write_as_another(WHO, LOCK, b"stays", true);
        assert_eq!(code(put(&drives[0], LOCK, "4", Condition::Matches(third.clone())).await), "unavailable");
        assert_eq!(read(&drives[0], LOCK).await.unwrap().1, third, "nobody got before us");
        assert_eq!(emulator.revisions(WHO, LOCK), 3, "no try is left");
        drives[0].delete(path(LOCK), Condition::Matches(third)).await.unwrap();
        assert_eq!(text(&drives[0], LOCK).await, Some("stays".to_owned()));
        assert_eq!(code(take(&drives[0], "5").await), "condition");
    });
}

#[test]
fn an_answer_that_is_lost_loses_no_lock_and_leaves_none() {
    let (emulator, drives) = opened(2);
    block_on(async {
        emulator.fail(ADD, &[GDriveFailure::CarriedOut]);
        let first = take(&drives[0], "1").await.unwrap();
        emulator.fail(ADD, &[GDriveFailure::CarriedOut]);
        emulator.fail(DELETE, &[GDriveFailure::CarriedOut]);
        let second = put(&drives[0], LOCK, "2", Condition::Matches(first)).await.unwrap();
        assert_eq!((text(&drives[1], LOCK).await, emulator.revisions(WHO, LOCK)), (Some("2".to_owned()), 2));
        emulator.fail(ADD, &[GDriveFailure::Unavailable]);
        assert_eq!(code(put(&drives[0], LOCK, "3", Condition::Matches(second.clone())).await), "unavailable");
        assert_eq!(read(&drives[1], LOCK).await.unwrap().1, second);
        // It stands in line and cannot leave: the next call of the same client takes it away.
        emulator.fail(DELETE, &[GDriveFailure::Daily]);
        emulator.write_as_another(WHO, LOCK, b"between", true);
        assert_eq!(code(put(&drives[0], LOCK, "4", Condition::Matches(second.clone())).await), "rate_limited");
        assert_eq!(emulator.revisions(WHO, LOCK), 4);
        emulator.remove_revision(WHO, LOCK, 2);
        put(&drives[0], LOCK, "5", Condition::Matches(second)).await.unwrap();
        assert_eq!((text(&drives[1], LOCK).await, emulator.revisions(WHO, LOCK)), (Some("5".to_owned()), 2));
    });
}

#[test]
fn a_list_that_does_not_know_the_newest_revision_yet_is_read_again() {
    let (emulator, drives) = opened(2);
    let list = "GET drive/v3/files/{id}/revisions";
    block_on(async {
        let first = take(&drives[0], "1").await.unwrap();
        drives[0].delete(path(LOCK), Condition::Matches(first)).await.unwrap();
        emulator.fail(ADD, &[GDriveFailure::CarriedOut]);
        // The first list is read before anything is added: there is nobody in it then either.
        emulator.fail(list, &[GDriveFailure::Stale; 3]);
        let second = take(&drives[0], "2").await;
        assert_eq!(text(&drives[1], LOCK).await, Some("2".to_owned()));
        drives[0].delete(path(LOCK), Condition::Matches(second.unwrap())).await.unwrap();
        // One that never comes to know it: nobody has the lock, and the next call of the same client takes its own away.
        emulator.fail(list, &[GDriveFailure::Stale; 12]);
        assert_eq!(code(take(&drives[0], "3").await), "unavailable");
        while text(&drives[1], LOCK).await.is_none() {}
        take(&drives[0], "4").await.unwrap();
        assert_eq!((text(&drives[1], LOCK).await, emulator.revisions(WHO, LOCK)), (Some("4".to_owned()), 2));
    });
}

#[test]
fn a_file_that_was_made_to_have_one_never_hides_another() {
    let (emulator, drives) = opened(1);
    emulator.write_as_another(WHO, "meta.json", b"{\"lastChange\":5}", false);
    thread::sleep(Duration::from_millis(5));
    emulator.make_as_another(WHO, "meta.json", b"{}");
    block_on(async {
        drives[0].make_root().await.unwrap();
        assert_eq!((emulator.count(WHO, "meta.json"), text(&drives[0], "meta.json").await), (1, Some("{\"lastChange\":5}".to_owned())));
    });
}

#[test]
fn the_revision_that_is_passed_by_is_kept_and_if_it_is_gone_the_next_one_takes_its_place() {
    let (emulator, drives) = opened(2);
    block_on(async {
        let first = take(&drives[0], "1").await.unwrap();
        emulator.purge(WHO);
        assert_eq!(read(&drives[1], LOCK).await.unwrap().1, first);
        // What db-to-cloud alone has made is not kept.
        emulator.remove_revision(WHO, LOCK, 0);
        assert_eq!(text(&drives[1], LOCK).await, None, "its lock is passed by now");
        let second = take(&drives[1], "2").await.unwrap();
        drives[0].delete(path(LOCK), Condition::Matches(first)).await.unwrap();
        drives[1].delete(path(LOCK), Condition::Matches(second)).await.unwrap();
        assert_eq!(text(&drives[0], LOCK).await, None);
        assert_eq!(emulator.revisions(WHO, LOCK), 1, "the last one stays");
        take(&drives[0], "3").await.unwrap();
    });
}

#[test]
fn a_lock_whose_content_google_keeps_to_itself_is_there_and_can_be_taken_over() {
    let (emulator, drives) = opened(1);
    let (_, dead) = emulator.write_as_another(WHO, LOCK, b"of an older version", false);
    let (_, next) = emulator.write_as_another(WHO, LOCK, b"next", true);
    block_on(async {
        assert_eq!(read(&drives[0], LOCK).await, Some((Vec::new(), Version::new(dead.clone()))));
        assert_eq!(code(put(&drives[0], LOCK, "1", Condition::Matches(Version::new(dead))).await), "condition");
        put(&drives[0], LOCK, "1", Condition::Matches(Version::new(next))).await.unwrap();
        assert_eq!(text(&drives[0], LOCK).await, Some("1".to_owned()));
    });
}

#[test]
fn of_two_files_for_the_lock_the_oldest_counts_and_the_other_goes() {
    let (emulator, drives) = opened(2);
    block_on(async {
        let first = take(&drives[0], "1").await.unwrap();
        drives[0].delete(path(LOCK), Condition::Matches(first)).await.unwrap();
        thread::sleep(Duration::from_millis(5));
        emulator.make_as_another(WHO, LOCK, b"{}");
        take(&drives[1], "2").await.unwrap();
        assert_eq!((emulator.count(WHO, LOCK), text(&drives[0], LOCK).await), (1, Some("2".to_owned())));
    });
}

#[test]
fn who_has_been_there_is_known() {
    let emulator = GDriveEmulator::start();
    let drive = open(&emulator);
    assert_eq!(block_on(drive.maker()).unwrap(), None);
    emulator.write_as_another(WHO, "meta.json", b"{}", false);
    assert_eq!(block_on(drive.maker()).unwrap(), Some(Maker::DbToCloud));
    block_on(drive.make_root()).unwrap();
    assert_eq!(block_on(drive.maker()).unwrap(), Some(Maker::Kitestring));
    assert_eq!((emulator.count(WHO, "meta.json"), emulator.count(WHO, LOCK)), (1, 1));
}

#[test]
fn files_of_db_to_cloud_are_read_listed_replaced_and_deleted() {
    let (emulator, drives) = opened(2);
    emulator.write_as_another(WHO, "docs/theirs.json", b"1", false);
    block_on(async {
        let (bytes, version) = read(&drives[0], "docs/theirs.json").await.unwrap();
        assert_eq!(bytes, b"1");
        assert_eq!(code(put(&drives[1], "docs/theirs.json", "2", Condition::Absent).await), "condition");
        emulator.write_as_another(WHO, "docs/theirs.json", b"3", false);
        assert_eq!(code(put(&drives[0], "docs/theirs.json", "4", Condition::Matches(version)).await), "condition");
        let (_, version) = read(&drives[0], "docs/theirs.json").await.unwrap();
        put(&drives[0], "docs/theirs.json", "5", Condition::Matches(version)).await.unwrap();
        put(&drives[0], "docs/ours.json", "1", Condition::Absent).await.unwrap();
        let names: Vec<String> =
            drives[1].list_dir(path("docs"), None).await.unwrap().entries.into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["ours.json", "theirs.json"]);
        let (_, version) = read(&drives[1], "docs/theirs.json").await.unwrap();
        drives[1].delete(path("docs/theirs.json"), Condition::Matches(version)).await.unwrap();
        assert_eq!((emulator.count(WHO, "docs/theirs.json"), text(&drives[0], "docs/theirs.json").await), (0, None));
        let root: Vec<String> = drives[0].list_dir(path(""), None).await.unwrap().entries.into_iter().map(|entry| entry.name).collect();
        assert_eq!(root, ["docs", "meta.json"], "a lock that nobody has is not there");
    });
}

#[test]
fn of_two_files_of_one_name_the_last_written_counts_for_all_and_writing_leaves_one() {
    let (emulator, drives) = opened(3);
    block_on(async {
        put(&drives[0], "docs/a.json", "ours", Condition::Absent).await.unwrap();
        thread::sleep(Duration::from_millis(5));
        assert_eq!(text(&drives[0], "docs/a.json").await, Some("ours".to_owned()));
        emulator.make_as_another(WHO, "docs/a.json", b"theirs");
        assert_eq!(text(&drives[1], "docs/a.json").await, Some("theirs".to_owned()));
        // Whoever has looked before looks again when the log has grown.
        let (_, head) = read(&drives[1], "meta.json").await.unwrap();
        put(&drives[1], "meta.json", "{\"lastChange\":1}", Condition::Matches(head)).await.unwrap();
        read(&drives[0], "meta.json").await.unwrap();
        let (bytes, version) = read(&drives[0], "docs/a.json").await.unwrap();
        assert_eq!(bytes, b"theirs");
        put(&drives[0], "docs/a.json", "both", Condition::Matches(version)).await.unwrap();
        assert_eq!((emulator.count(WHO, "docs/a.json"), text(&drives[2], "docs/a.json").await), (1, Some("both".to_owned())));
        thread::sleep(Duration::from_millis(5));
        emulator.make_as_another(WHO, "docs/a.json", b"again");
        let late = open(&emulator);
        let (_, version) = read(&late, "docs/a.json").await.unwrap();
        late.delete(path("docs/a.json"), Condition::Matches(version)).await.unwrap();
        assert_eq!(emulator.count(WHO, "docs/a.json"), 0);
    });
}

#[test]
fn a_file_that_was_made_and_not_entered_is_entered_by_the_next_one() {
    let (emulator, drives) = opened(3);
    block_on(async {
        emulator.fail("PUT upload/drive/v2/files/{id}", &[GDriveFailure::Daily]);
        assert_eq!(code(put(&drives[0], "docs/a.json", "1", Condition::Absent).await), "rate_limited");
        assert_eq!((emulator.count(WHO, "docs/a.json"), text(&drives[1], "docs/a.json").await), (1, None));
        assert_eq!(code(put(&drives[1], "docs/a.json", "2", Condition::Absent).await), "condition");
        assert_eq!((emulator.count(WHO, "docs/a.json"), text(&drives[1], "docs/a.json").await), (1, Some("1".to_owned())));

        emulator.fail("PUT upload/drive/v2/files/{id}", &[GDriveFailure::Daily]);
        assert_eq!(code(put(&drives[0], "docs/b.json", "1", Condition::Absent).await), "rate_limited");
        emulator.write_as_another(WHO, "docs/b.json", b"2", false);
        assert_eq!(text(&drives[2], "docs/b.json").await, Some("2".to_owned()), "a client of db-to-cloud goes on with it");
    });
}

#[test]
fn a_file_of_the_log_that_no_search_knows_yet_is_waited_for() {
    let (emulator, drives) = opened(1);
    block_on(async {
        emulator.lag(LAG);
        assert_eq!(text(&drives[0], "docs/a.json").await, None);
        emulator.write_as_another(WHO, "changes/0.json", b"[]", false);
        assert_eq!(text(&drives[0], "changes/0.json").await, Some("[]".to_owned()));
    });
}
