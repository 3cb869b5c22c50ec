//! The file of a sign-in.

use futures::executor::block_on;
use kitestring::ErrorKind;
use kitestring_adapters::{
    http::Secret,
    oauth::{App, FileTokens, Grant, TokenStore as _},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    thread,
    time::Duration,
};

fn grant(n: u32) -> Grant {
    Grant {
        app: App { id: "app \"1\"".to_owned(), secret: n.is_multiple_of(2).then(|| Secret::new("not secret")) },
        access: Secret::new(format!("access \"{n}\" \u{fc}")),
        refresh: Secret::new(format!("refresh-{n}")),
        issued: Duration::from_millis(u64::from(n)),
        life: n.is_multiple_of(3).then_some(Duration::from_secs(9)),
    }
}

#[test]
fn what_is_kept_comes_back_and_only_its_owner_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, path) = (dir.path().join("a/b"), dir.path().join("a/b/service.json"));
    let file = FileTokens::at(&path);
    assert!(block_on(file.load()).unwrap().is_none());
    for n in 0..6 {
        assert!(block_on(file.replace((n > 0).then(|| grant(n - 1)), Some(grant(n)))).unwrap());
        assert_eq!(block_on(FileTokens::at(&path).load()).unwrap().unwrap(), grant(n));
    }
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
    assert!(!block_on(file.replace(Some(grant(4)), Some(grant(6)))).unwrap() && !block_on(file.replace(None, Some(grant(6)))).unwrap());
    assert_eq!(block_on(file.load()).unwrap().unwrap(), grant(5));
    assert!(block_on(file.replace(Some(grant(5)), None)).unwrap());
    assert!(block_on(file.load()).unwrap().is_none() && !path.exists());
}

#[test]
fn a_file_that_others_read_or_that_holds_something_else_is_refused_and_can_be_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("service.json");
    let file = FileTokens::at(&path);
    let whole = grant(2).to_json();
    for bad in [&b""[..], b"{}", b"canary", br#"{"version":2,"access_token":"canary"}"#, &whole[..whole.len() - 2]] {
        fs::write(&path, bad).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = block_on(file.load()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State);
        assert!(!format!("{error} {error:?}").contains("canary") && error.detail().contains("something else"), "{error}");
    }
    fs::write(&path, whole).unwrap();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(block_on(file.load()).unwrap_err().detail().contains("others"));
        assert_eq!(block_on(file.replace(Some(grant(2)), Some(grant(3)))).unwrap_err().kind, ErrorKind::State);
    }
    block_on(file.forget()).unwrap();
    assert!(block_on(file.load()).unwrap().is_none());
    block_on(file.forget()).unwrap();
}

#[test]
fn of_several_who_replace_the_same_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("service.json");
    for round in 0..20 {
        let known = (round > 0).then(|| block_on(FileTokens::at(&path).load()).unwrap().unwrap());
        let put = &|n: u32| block_on(FileTokens::at(&path).replace(known.clone(), Some(grant(round * 10 + n)))).unwrap();
        let wins = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || put(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(wins, 1);
    }
}
