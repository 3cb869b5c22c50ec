//! Crowds on a drive in a folder, by each of the strategies.

use crate::{
    crowd::{Place, play},
    world::World,
};
use std::time::Duration;

const ENOUGH: Duration = Duration::from_secs(40);

fn strategy(world: &World) -> String {
    let status = world.kite(&["status", "a", "--json"]).expect(0).json();
    status["strategy"].as_str().unwrap().to_owned()
}

fn play_in_a_folder(name: &str, options: &[&str], lowered: Option<&str>) {
    let (variables, sync, apart) = (&[], &[], Duration::ZERO);
    let place = Place { name, drive: "drive", options, lowered, variables, sync, may_fail: false, apart, enough: ENOUGH };
    assert_eq!(strategy(&play(&place)), name);
}

#[test]
fn three_at_once_lose_nothing_by_compare_and_swap() {
    play_in_a_folder("compare-and-swap", &[], None);
}

#[test]
fn three_at_once_lose_nothing_by_slots() {
    play_in_a_folder("slots", &[], Some("slots"));
}

#[test]
fn three_at_once_lose_nothing_by_listing() {
    play_in_a_folder("listing", &["--shared-folder"], None);
}
