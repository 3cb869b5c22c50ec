//! What `.kiteignore` names.

use super::*;

#[test]
fn what_is_ignored_is_neither_given_nor_missing_nor_written_and_agrees_with_what_is_the_same() {
    let f = Fixture::new();
    f.write(".kiteignore", b"*.log\n");
    f.write("x.log", b"mine");
    f.write("b", b"1");
    fs::create_dir(f.at("empty.log")).unwrap();
    assert_eq!(f.entries().iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), [".kiteignore", "b"]);
    assert!(block_on(f.folder.get(vec![id("x.log")])).unwrap().is_empty());
    assert!(f.missing(&["x.log", "gone.log"]).is_empty());
    for (path, body) in [("x.log", Some(&b"theirs"[..])), ("new.log", Some(b"theirs")), ("x.log", None)] {
        assert!(is_rejected(&f.apply(path, body, None), "ignored"), "{path}");
    }
    assert!(is_rejected(&f.apply("empty.log", Some(b"theirs"), None), "ignored") && f.at("empty.log").is_dir());
    assert_eq!((f.apply("x.log", Some(b"mine"), None), f.apply("gone.log", None, None)), (Outcome::Applied, Outcome::Applied));
    assert_eq!((fs::read(f.at("x.log")).unwrap(), f.at("new.log").exists(), f.trash().len()), (b"mine".to_vec(), false, 0));
    assert_eq!(fs::read_dir(f.at(".kite/tmp")).unwrap().count(), 0);
}

#[test]
fn rules_count_from_the_next_comparison_on() {
    let f = Fixture::new();
    f.entries();
    f.write(".kiteignore", b"x\n");
    assert_eq!(f.apply("x", Some(b"1"), None), Outcome::Applied);
    f.entries();
    assert!(is_rejected(&f.apply("x", Some(b"2"), Some(b"1")), "ignored"));
}
