//! What only the inside can show: the order of the steps, failures between them, and what errors become.

use super::{
    FsDrive,
    alive::Caller,
    delete::delete,
    fault::Call,
    write::{self, Step},
};
use kitestring::{
    Drive as _, DrivePath, ErrorKind, Retry,
    drive::{Condition, PutFile, Version},
};
use std::{fs, io, path::Path};

fn files(count: usize, dir: &str) -> Vec<PutFile> {
    let file = |n| PutFile {
        path: DrivePath::new(format!("{dir}{}/f{n}", n % 3)).unwrap(),
        bytes: format!("content {n}").into_bytes(),
        condition: Condition::Absent,
    };
    (0..count).map(file).collect()
}

fn visible(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(visible(&entry.path()));
        } else if entry.file_name() != super::names::LOCK {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

#[test]
fn nothing_is_renamed_before_everything_is_synced() {
    for count in [1, 15, 50] {
        let home = tempfile::tempdir().unwrap();
        let drive = FsDrive::open(home.path()).unwrap();
        let caller = Caller::new();
        let mut steps = Vec::new();
        let mut hidden = true;
        let mut trace = |step| {
            let no_name_yet = visible(home.path()).iter().all(|name| name.starts_with(".~kite-"));
            hidden &= step == Step::Renamed || step == Step::FoldersSynced || no_name_yet;
            steps.push(step);
        };
        let answers = write::put_many(&drive.root, files(count, "d"), &caller.alive(), &mut trace);
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(hidden, "a file had its name before it was durable");
        let synced = steps.iter().position(|s| *s == Step::FilesSynced).unwrap();
        assert!(steps[..synced].iter().all(|s| *s == Step::Written), "{steps:?}");
        assert_eq!(steps[synced + 1..].iter().filter(|s| **s == Step::Renamed).count(), count);
        assert_eq!(steps.last(), Some(&Step::FoldersSynced));
        assert_eq!(visible(home.path()).len(), count);
    }
}

#[test]
fn a_call_whose_caller_left_shows_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    for leave in [Step::Written, Step::FilesSynced] {
        let mut caller = Some(Caller::new());
        let alive = caller.as_ref().unwrap().alive();
        let mut trace = |step| {
            if step == leave {
                caller = None;
            }
        };
        let answers = write::put_many(&drive.root, files(20, "d"), &alive, &mut trace);
        assert!(answers.iter().all(|a| a.as_ref().unwrap_err().kind == ErrorKind::Cancelled), "{answers:?}");
        assert_eq!(visible(home.path()), Vec::<String>::new(), "left at {leave:?}");
    }
    let path = DrivePath::new("kept").unwrap();
    futures::executor::block_on(drive.put(path, b"x".to_vec(), Condition::Any)).unwrap();
    let gone = Caller::new().alive();
    assert_eq!(delete(&drive.root, "kept", &Condition::Any, &gone).unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(visible(home.path()), ["kept"]);
}

#[test]
fn a_folder_removed_in_between_fails_its_own_files_only() {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    let caller = Caller::new();
    let mut trace = |step| {
        if step == Step::FilesSynced {
            fs::remove_dir_all(home.path().join("d1")).unwrap();
        }
    };
    let answers = write::put_many(&drive.root, files(9, "d"), &caller.alive(), &mut trace);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.as_ref().err().map(|e| e.kind.clone()), (n % 3 == 1).then_some(ErrorKind::Unavailable), "{n}");
    }
    assert_eq!(visible(home.path()).len(), 6);
}

#[test]
fn the_root_may_vanish_between_the_stages() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    let drive = FsDrive::create(&root).unwrap();
    let caller = Caller::new();
    let mut trace = |step| {
        if step == Step::FilesSynced {
            fs::remove_dir_all(&root).unwrap();
        }
    };
    let answers = write::put_many(&drive.root, files(9, "d"), &caller.alive(), &mut trace);
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.detail().contains("is the disk mounted?"), "{error}");
    }
    assert!(!root.exists(), "the root was made anew");
}

#[test]
fn a_replaced_target_is_noticed_under_the_lock() {
    let home = tempfile::tempdir().unwrap();
    let drive = FsDrive::open(home.path()).unwrap();
    let caller = Caller::new();
    let other = home.path().join("f");
    fs::write(&other, "old").unwrap();
    let old = super::read::version(&kitestring::Digest::of(b"old"));
    for condition in [Condition::Matches(old), Condition::Absent] {
        if condition == Condition::Absent {
            fs::remove_file(&other).unwrap();
        }
        let mut trace = |step| {
            if step == Step::FilesSynced {
                fs::write(&other, "theirs").unwrap();
            }
        };
        let file = PutFile { path: DrivePath::new("f").unwrap(), bytes: b"ours".to_vec(), condition };
        let answers = write::put_many(&drive.root, vec![file], &caller.alive(), &mut trace);
        assert_eq!(answers[0].as_ref().unwrap_err().kind, ErrorKind::Condition);
        assert_eq!(fs::read(&other).unwrap(), b"theirs");
        assert_eq!(visible(home.path()), ["f"], "a temporary file stayed");
    }
}

#[test]
fn system_errors_become_what_the_caller_can_act_on() {
    let call = Call { operation: "put", path: "a/b", root: Path::new("/mnt/stick") };
    let cases = [
        (io::ErrorKind::StorageFull, ErrorKind::QuotaExceeded, Retry::Never, "no room"),
        (io::ErrorKind::QuotaExceeded, ErrorKind::QuotaExceeded, Retry::Never, "no room"),
        (io::ErrorKind::InvalidFilename, ErrorKind::InvalidInput, Retry::Never, "cannot store"),
        (io::ErrorKind::PermissionDenied, ErrorKind::Unavailable, Retry::Never, "permission to write /mnt/stick/a/b"),
        (io::ErrorKind::ReadOnlyFilesystem, ErrorKind::Unavailable, Retry::Never, "reading only"),
    ];
    for (system, kind, retry, words) in cases {
        let error = call.fault(system.into());
        assert_eq!((&error.kind, error.retry), (&kind, retry), "{system:?}");
        assert!(error.detail().contains(words), "{error}");
        assert_eq!(error.subject(), Some("a/b"));
    }
    let weather = call.fault(io::ErrorKind::Other.into());
    assert!(weather.kind == ErrorKind::Unavailable && matches!(weather.retry, Retry::After(_)));
}

#[cfg(unix)]
#[test]
fn the_numbers_of_the_system_have_those_kinds() {
    use rustix::io::Errno;
    let call = Call { operation: "put", path: "a", root: Path::new("/r") };
    let kind = |errno: Errno| call.fault(errno.into()).into_kind();
    for errno in [Errno::NAMETOOLONG, Errno::ILSEQ, Errno::INVAL] {
        assert_eq!(kind(errno), ErrorKind::InvalidInput, "{errno}");
    }
    for errno in [Errno::NOSPC, Errno::DQUOT] {
        assert_eq!(kind(errno), ErrorKind::QuotaExceeded, "{errno}");
    }
    for errno in [Errno::IO, Errno::ACCESS, Errno::PERM, Errno::ROFS, Errno::MFILE, Errno::STALE] {
        assert_eq!(kind(errno), ErrorKind::Unavailable, "{errno}");
    }
}

#[test]
fn versions_are_those_of_the_content() {
    let digest = kitestring::Digest::of(b"abc");
    assert_eq!(super::read::version(&digest), Version::new("ba7816bf8f01cfea414140de5dae2223b00361a3"));
}
