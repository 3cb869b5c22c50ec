//! What happens between the look and the write.

use super::super::stage;
use super::*;
use rustix::fs::mkdirat;
use std::fs;

/// A folder with `file` holding "seen" and then edited to "edit" after it was looked at.
fn edited_in_the_last_moment(act: impl Fn(&mut Batch<'_>, &DocId, &Place<'_>, &Ready<'_>) -> Result<(), End>) {
    let keep = tempfile::tempdir().unwrap();
    let root: OwnedFd = File::open(keep.path()).unwrap().into();
    mkdirat(&root, "own", Mode::RWXU).unwrap();
    let own: OwnedFd = File::open(keep.path().join("own")).unwrap().into();
    fs::write(keep.path().join("file"), "edit").unwrap();
    let tmp = stage::open(own.as_fd()).unwrap();
    stage::write(&tmp, "new", b"new").unwrap();
    let ready = Ready { dir: tmp.as_fd(), name: "new", revision: Revision::of(b"new") };
    let id = DocId::new("file").unwrap();
    let Ok(place) = Place::find(Root::exact(root.as_fd()), &id) else { panic!("a plain name has a place") };
    let mut batch = Batch { root: Root::exact(root.as_fd()), own: own.as_fd(), changed: Changed::default() };
    let ended = act(&mut batch, &id, &place, &ready);
    assert!(matches!(ended, Err(End::Answer(Outcome::Stale))));
    assert_eq!(fs::read_to_string(keep.path().join("file")).unwrap(), "edit");
}

#[test]
fn an_edit_after_the_comparison_is_put_back_by_a_replacement() {
    edited_in_the_last_moment(|batch, id, place, ready| {
        let old = place.open().unwrap();
        batch.replace(id, place, ready, &Revision::of(b"seen"), &old)
    });
}

#[test]
fn an_edit_after_the_comparison_is_put_back_by_a_deletion() {
    edited_in_the_last_moment(|batch, id, place, _| batch.remove(id, place, &Revision::of(b"seen")));
}

#[test]
fn a_file_that_appeared_after_the_comparison_stays() {
    edited_in_the_last_moment(|_, _, place, ready| {
        swap::move_new(ready.dir, ready.name, place.dir.as_fd(), place.name).map_err(|e| match e {
            Errno::EXIST => stale(),
            other => failed(other.into()),
        })
    });
}

#[test]
fn a_directory_that_changes_places_with_a_link_leads_nowhere_else() {
    let keep = tempfile::tempdir().unwrap();
    let at = |path: &str| keep.path().join(path);
    for dir in ["root/own", "root/dir", "outside"] {
        fs::create_dir_all(at(dir)).unwrap();
    }
    fs::write(at("outside/kept"), "theirs").unwrap();
    std::os::unix::fs::symlink(at("outside"), at("root/link")).unwrap();
    let open = |path: &str| OwnedFd::from(File::open(at(path)).unwrap());
    let (root, own) = (open("root"), open("root/own"));
    let tmp = stage::open(own.as_fd()).unwrap();
    let begun = std::time::Instant::now();
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        let swaps = scope.spawn(|| {
            while begun.elapsed() < std::time::Duration::from_millis(700) {
                swap::exchange(root.as_fd(), "dir", root.as_fd(), "link").unwrap();
            }
        });
        for n in 0.. {
            if swaps.is_finished() {
                break;
            }
            let mut batch = Batch { root: Root::exact(root.as_fd()), own: own.as_fd(), changed: Changed::default() };
            stage::write(&tmp, "new", b"new").unwrap();
            let ready = Ready { dir: tmp.as_fd(), name: "new", revision: Revision::of(b"new") };
            let ended = batch.put(&DocId::new(format!("dir/sub{}/{n}", n % 3)).unwrap(), &ready, None);
            *if ended.is_ok() { &mut written } else { &mut refused } += 1;
            let _ = batch.delete(&DocId::new("dir/kept").unwrap(), Some(&Revision::of(b"theirs")));
        }
    });
    assert!(written > 10 && refused > 10, "{written} written, {refused} refused: nothing was tried");
    assert_eq!(fs::read_dir(at("outside")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(at("outside/kept")).unwrap(), "theirs");
}
