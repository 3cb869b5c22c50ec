//! A dry run says what would be done and writes nothing, anywhere.

use crate::world::World;

#[test]
fn a_fresh_folder_stays_fresh_and_the_drive_is_not_made() {
    let w = World::new(&["a"]);
    w.write("a/x", "1");
    w.write("a/y", "2");
    let before = w.everything("");
    let report = w.kite(&["sync", "a", "--drive", "drive", "--dry-run", "--json"]).expect(0).json();
    assert_eq!((&report["pushed"], &report["dry_run"]), (&2.into(), &true.into()), "{report}");
    assert_eq!(w.everything(""), before);
    w.kite(&["sync", "a", "--drive", "none/drive", "--dry-run"]).expect(1);
    assert_eq!(w.everything(""), before);
}

#[test]
fn a_synced_folder_stays_as_it_is_and_the_next_sync_does_what_was_said() {
    let w = World::synced(&["a", "b"]);
    for n in 0..5 {
        w.write(&format!("a/{n}"), "base");
    }
    w.settle("a", "b");
    w.write("a/0", "pull me");
    w.remove("a/1");
    w.write("a/2", "a");
    w.sync("a").expect(0);
    w.write("b/2", "b");
    w.write("b/3", "push me");
    w.write("b/new", "push me too");
    w.remove("b/4");
    let before = w.everything("");
    let said = w.kite(&["sync", "b", "--dry-run", "--json"]).expect(2).json();
    let ran = w.kite(&["sync", "b", "--dry-run"]).expect(2).says(&["Dry run", "push", "pull", "1 conflict would wait"]);
    assert!(!ran.out.contains("kite "), "no other command knows of the conflict yet: {ran:?}");
    assert_eq!(w.everything(""), before);
    let done = w.kite(&["sync", "b", "--json"]).expect(2).json();
    for field in ["pushed", "pulled", "deleted", "conflicts", "skipped"] {
        assert_eq!(said[field], done[field], "{field}");
    }
    assert_eq!((&done["pushed"], &done["pulled"], &done["deleted"]), (&2.into(), &1.into(), &2.into()), "{done}");
}

#[test]
fn a_first_meeting_is_rehearsed_too() {
    let w = World::new(&["a", "b"]);
    w.write("a/same", "1");
    w.write("a/theirs", "2");
    w.write("a/both", "a");
    w.kite(&["sync", "a", "--drive", "drive"]).expect(0);
    w.write("b/same", "1");
    w.write("b/both", "b");
    w.write("b/ours", "3");
    let before = w.everything("");
    let said = w.kite(&["sync", "b", "--drive", "drive", "--dry-run", "--json"]).expect(2).json();
    assert_eq!(w.everything(""), before);
    assert_eq!((&said["pushed"], &said["pulled"], said["conflicts"].as_array().unwrap().len()), (&1.into(), &1.into(), 1), "{said}");
}
