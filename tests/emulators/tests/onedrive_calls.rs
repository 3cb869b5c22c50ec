//! What the drive in OneDrive makes of what the service may do: tags that move, files that are not found yet, contents of
//! before, throttling, sessions that are cut, and names.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use async_io::block_on;
use kitestring::{
    Drive as _, DrivePath, ErrorKind, Result,
    drive::{Condition, GetOptions, Got, Version},
};
use kitestring_adapters::{
    NativeRuntime, OneDrive,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_emulators::{OneDriveEmulator, OneDriveFailure as Failure};
use std::{sync::Arc, time::Duration};

fn open(emulator: &OneDriveEmulator, token: &str, folder: Option<&str>) -> OneDrive {
    let tokens = Arc::new(FixedToken::new(Secret::new(token)));
    let (http, runtime) = (Arc::new(NativeHttp::new().unwrap()), Arc::new(NativeRuntime::new()));
    OneDrive::emulated(emulator.address(), http, runtime, folder, tokens).unwrap()
}

fn path(text: &str) -> DrivePath {
    DrivePath::new(text).unwrap()
}

async fn put(drive: &OneDrive, name: &str, bytes: &[u8], condition: Condition) -> Result<Version> {
    drive.put(path(name), bytes.to_vec(), condition).await
}

async fn read(drive: &OneDrive, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
    Ok(match drive.get(path(name), GetOptions::default()).await? {
        Got::File { bytes, version } => Some((bytes, version)),
        Got::Missing => None,
        Got::Unchanged => panic!("nothing was known"),
    })
}

fn is(result: &Result<impl Sized>, kind: &ErrorKind) -> bool {
    result.as_ref().err().is_some_and(|error| error.kind == *kind)
}

#[test]
fn a_tag_that_moves_by_itself_is_no_other_version() {
    let emulator = OneDriveEmulator::start();
    emulator.move_tags(3);
    block_on(async {
        let (one, two) = (open(&emulator, "t", None), open(&emulator, "t", None));
        let first = put(&one, "f", b"1", Condition::Absent).await.unwrap();
        let second = put(&one, "f", b"2", Condition::Matches(first.clone())).await.unwrap();
        assert!(is(&put(&two, "f", b"x", Condition::Matches(first.clone())).await, &ErrorKind::Condition));
        assert_eq!(read(&two, "f").await.unwrap(), Some((b"2".to_vec(), second.clone())));
        assert!(is(&two.delete(path("f"), Condition::Matches(first)).await, &ErrorKind::Condition));
        two.delete(path("f"), Condition::Matches(second)).await.unwrap();
        assert_eq!(read(&one, "f").await.unwrap(), None);
    });
}

#[test]
fn refusals_without_a_reason_are_looked_into() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "t", None);
        emulator.fail("PUT content", &[Failure::Taken, Failure::NotYet, Failure::TooManyRequests]);
        let first = put(&drive, "deep/er/f", b"1", Condition::Absent).await.unwrap();
        emulator.fail("PUT content", &[Failure::Modified, Failure::NotYet]);
        let second = put(&drive, "deep/er/f", b"2", Condition::Matches(first)).await.unwrap();
        emulator.fail("PUT content", &[Failure::Modified, Failure::Unavailable]);
        put(&drive, "deep/er/f", b"3", Condition::Any).await.unwrap();
        assert!(is(&put(&drive, "deep/er/f", b"x", Condition::Matches(second)).await, &ErrorKind::Condition));
        assert_eq!(read(&drive, "deep/er/f").await.unwrap().unwrap().0, b"3");
    });
}

#[test]
fn what_was_written_is_found_although_its_path_is_not_yet() {
    let emulator = OneDriveEmulator::start();
    emulator.lag(Duration::from_secs(3600));
    block_on(async {
        let drive = open(&emulator, "t", None);
        let version = put(&drive, "a/f", b"1", Condition::Absent).await.unwrap();
        assert_eq!(read(&drive, "a/f").await.unwrap(), Some((b"1".to_vec(), version.clone())));
        put(&drive, "a/f", b"2", Condition::Matches(version)).await.unwrap();
        drive.delete(path("a/f"), Condition::Any).await.unwrap();
        assert_eq!(read(&drive, "a/f").await.unwrap(), None);
    });
}

#[test]
fn bytes_of_another_version_are_never_given_out() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        for token in ["t", "unhashed"] {
            let drive = open(&emulator, token, None);
            let first = put(&drive, "f", b"first", Condition::Absent).await.unwrap();
            let second = put(&drive, "f", b"other", Condition::Matches(first)).await.unwrap();
            if token == "t" {
                emulator.fail("GET download", &[Failure::OldContent, Failure::Expired]);
            }
            assert_eq!(read(&drive, "f").await.unwrap(), Some((b"other".to_vec(), second.clone())));
            let options = GetOptions { range: Some(1..3), unless: None };
            assert_eq!(drive.get(path("f"), options).await.unwrap(), Got::File { bytes: b"th".to_vec(), version: second });
        }
    });
}

#[test]
fn a_large_file_goes_in_pieces_and_goes_on_where_it_was_cut() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "t", None);
        let large: Vec<u8> = (0..25 << 20).map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        emulator.fail("PUT upload", &[Failure::Unavailable, Failure::CarriedOut]);
        let version = put(&drive, "large", &large, Condition::Any).await.unwrap();
        let asked = emulator.requests();
        assert_eq!(asked.iter().filter(|kind| *kind == "PUT upload").count(), 4, "{asked:?}");
        assert_eq!(read(&drive, "large").await.unwrap(), Some((large.clone(), version)));
        assert!(is(&put(&drive, "large", &large, Condition::Absent).await, &ErrorKind::Condition));
        emulator.fail("PUT upload", &[Failure::NotYet]);
        assert!(is(&put(&drive, "more", &large, Condition::Any).await, &ErrorKind::Unavailable));
        assert_eq!(read(&drive, "more").await.unwrap(), None);
    });
}

#[test]
fn what_cannot_be_is_told_by_its_kind() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let app = open(&emulator, "t", None);
        put(&app, "folder/f", b"1", Condition::Any).await.unwrap();
        for (name, condition) in
            [("folder", Condition::Any), ("folder", Condition::Absent), ("folder/f/g", Condition::Any), ("a:b", Condition::Any)]
        {
            assert!(is(&put(&app, name, b"x", condition).await, &ErrorKind::InvalidInput), "{name}");
        }
        // Names without case.
        assert!(is(&put(&app, "folder/F", b"x", Condition::Any).await, &ErrorKind::InvalidInput));
        assert!(is(&put(&app, "folder/F", b"x", Condition::Absent).await, &ErrorKind::Condition));
        assert!(is(&read(&app, "folder/F").await, &ErrorKind::InvalidInput));
        for (token, kind) in [
            ("expired", ErrorKind::Unauthorized),
            ("readonly", ErrorKind::Unauthorized),
            ("full", ErrorKind::QuotaExceeded),
            ("busy", ErrorKind::RateLimited),
        ] {
            let drive = open(&emulator, token, None);
            assert!(is(&put(&drive, "f", &[7; 2000], Condition::Absent).await, &kind), "{token}");
        }
        assert!(is(&open(&emulator, "app", Some("/notes")).make_root().await, &ErrorKind::Unauthorized));
        emulator.fail("GET item", &[Failure::Bandwidth]);
        assert!(is(&read(&app, "folder/f").await, &ErrorKind::RateLimited));
    });
}

#[test]
fn a_folder_that_is_gone_is_no_empty_one() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "t", Some("/deep/notes"));
        assert!(!drive.has_root().await.unwrap());
        drive.make_root().await.unwrap();
        assert!(drive.has_root().await.unwrap());
        put(&drive, "f", b"1", Condition::Absent).await.unwrap();
        emulator.remove("t", "deep/notes");
        assert!(is(&read(&drive, "f").await, &ErrorKind::Unavailable));
        assert!(is(&drive.list_dir(DrivePath::root(), None).await, &ErrorKind::Unavailable));
        assert!(is(&drive.delete(path("f"), Condition::Any).await, &ErrorKind::Unavailable));
        emulator.write("t", "deep/notes", b"a file");
        assert!(is(&read(&drive, "f").await, &ErrorKind::Unavailable));
    });
}

#[test]
fn a_file_that_was_renamed_is_not_written_under_its_old_name() {
    let emulator = OneDriveEmulator::start();
    block_on(async {
        let drive = open(&emulator, "t", Some("/notes"));
        let version = put(&drive, "f", b"1", Condition::Absent).await.unwrap();
        emulator.rename("t", "notes/f", "g");
        assert!(is(&put(&drive, "f", b"2", Condition::Matches(version)).await, &ErrorKind::Condition));
        put(&drive, "f", b"3", Condition::Any).await.unwrap();
        assert_eq!(read(&drive, "g").await.unwrap().unwrap().0, b"1");
        assert_eq!(read(&drive, "f").await.unwrap().unwrap().0, b"3");
    });
}

#[test]
fn a_listing_goes_on_page_by_page_and_begins_again_if_it_is_too_old() {
    let emulator = OneDriveEmulator::start();
    for n in 0..450 {
        emulator.write("t", &format!("notes/{n}"), b"x");
    }
    block_on(async {
        let drive = open(&emulator, "t", Some("/notes"));
        let (mut names, mut cursor, mut first) = (Vec::new(), None, None);
        loop {
            let page = drive.list_dir(DrivePath::root(), cursor).await.unwrap();
            names.extend(page.entries.into_iter().map(|entry| (entry.name, entry.is_dir, entry.size)));
            first = first.or(page.next.clone());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        names.sort();
        names.dedup();
        assert_eq!((names.len(), names[0].clone()), (450, ("0".to_owned(), false, Some(1))));
        emulator.reset_pages("t");
        for old in [first, Some("nonsense".to_owned()), Some("https://elsewhere.example/v1.0/me".to_owned())] {
            assert!(is(&drive.list_dir(DrivePath::root(), old).await, &ErrorKind::Condition));
        }
    });
}
