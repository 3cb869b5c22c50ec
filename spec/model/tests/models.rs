//! Every state of every model, and a counterexample for every twin: 25.4 million states in all.

#![allow(clippy::panic, reason = "a test that panics has failed")]

use model::{
    chain::{self, Chain, Race},
    checkpoint::{self, Checkpoints},
    commit::{self, Commit},
    lease::{self, Lease},
    listing::{self, Listing},
    names::{self, Names},
    retired::{self, Retired},
};
use stateright::{Checker as _, HasDiscoveries, Model};

/// Checks that every rule holds in every state, and returns how many there are.
fn holds<M: Model + Send + Sync + 'static>(name: &str, model: M) -> usize
where
    M::State: std::fmt::Debug + std::hash::Hash + PartialEq + Clone + Send + Sync + 'static,
    M::Action: std::fmt::Debug + PartialEq + Clone + Send + Sync,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    println!("{name}: {} states, {} deep", checker.unique_state_count(), checker.max_depth());
    checker.unique_state_count()
}

/// Checks that a twin breaks this rule.
fn breaks<M: Model + Send + Sync + 'static>(name: &str, model: M, rule: &'static str)
where
    M::State: std::fmt::Debug + std::hash::Hash + PartialEq + Clone + Send + Sync + 'static,
    M::Action: std::fmt::Debug + PartialEq + Clone + Send + Sync,
{
    let found = HasDiscoveries::AllOf([rule].into());
    let checker = model.checker().threads(2).finish_when(found).spawn_bfs().join();
    let path = checker
        .discovery(rule)
        .unwrap_or_else(|| panic!("{name} does not break the rule that {rule}: {} states", checker.unique_state_count()));
    println!("{name}: {:?}", path.into_actions());
}

fn commit(twin: commit::Twin) -> Commit {
    Commit { clients: 2, edits: 2, racy: true, lost_answers: 1, twin }
}

fn checkpoints(twin: checkpoint::Twin) -> Checkpoints {
    Checkpoints { clients: 2, edits: 2, checkpoints: 1, expiry: true, listing: false, twin }
}

fn chain(race: Race, twin: chain::Twin) -> Chain {
    Chain { compactors: 2, pushers: 0, readers: 0, records: 2, checkpoints: 3, race, put_back: false, twin }
}

fn lease(twin: lease::Twin) -> Lease {
    Lease { clients: 2, writes: 5, works: 2, twin }
}

#[test]
fn commit_and_healing() {
    use commit::Twin;
    let mut states = holds("2 clients, racy", commit(Twin::None));
    states += holds("3 clients", Commit { clients: 3, edits: 1, racy: false, ..commit(Twin::None) });
    states += holds("2 clients, 3 edits, racy", Commit { edits: 3, lost_answers: 2, ..commit(Twin::None) });
    states += holds("3 clients, racy", Commit { clients: 3, edits: 1, ..commit(Twin::None) });
    assert!(states >= 6_300_000, "only {states} states");
    breaks("never healed", commit(Twin::NeverHealed), "in the end all have everything");
    breaks("made anew", commit(Twin::RecordMadeAnew), "nobody is asked about what they have");
    breaks("replaces all", Commit { clients: 3, edits: 1, ..commit(Twin::ReplacesAllSeen) }, "nothing is replaced unseen");
    breaks("not told", commit(Twin::AuthorNotTold), "in the end all have everything");
}

#[test]
fn checkpoints_and_clients_that_return() {
    use checkpoint::Twin;
    let mut states = holds("2 clients, 1 checkpoint", checkpoints(Twin::None));
    let two = |listing, twin| Checkpoints { edits: 1, checkpoints: 2, expiry: false, listing, ..checkpoints(twin) };
    states += holds("2 checkpoints", two(false, Twin::None));
    states += holds("2 checkpoints, listed", two(true, Twin::None));
    assert!(states >= 1_140_000, "only {states} states");
    breaks("deletes unannounced", two(false, Twin::DeletesUnannounced), "nobody is cut off");
    breaks("parent not joined", two(false, Twin::ParentNotJoined), "nobody is cut off");
    breaks("announced over another", two(false, Twin::AnnouncedOverAnother), "nobody is cut off");
    breaks("expires beside others", checkpoints(Twin::ExpiresBesideOthers), "in the end all have the same");
    breaks("without losers", checkpoints(Twin::WithoutLosers), "everybody knows what folding gives");
    breaks("without tombstones", checkpoints(Twin::WithoutTombstones), "everybody knows what folding gives");
    breaks("union", checkpoints(Twin::Union), "everybody knows what folding gives");
    breaks("deleted too early", checkpoints(Twin::DeletedTooEarly), "nobody is cut off");
    breaks("omits too much", checkpoints(Twin::OmitsTooMuch), "everything is announced");
}

#[test]
fn chains_of_checkpoints() {
    use chain::Twin;
    const THERE: &str = "what is announced is there";
    let exact = |twin| chain(Race::Exact, twin);
    let racy = |twin| Chain { pushers: 1, ..chain(Race::SameHead, twin) };
    let mut states = holds("chain, 3 compactors", Chain { compactors: 3, ..exact(Twin::None) });
    states += holds("chain, racy", racy(Twin::None));
    states += holds("chain, racy, reader", Chain { readers: 1, ..chain(Race::SameHead, Twin::None) });
    assert!(states >= 6_450_000, "only {states} states");
    // Where conditions are exact, these two do no harm: nothing is announced on what was replaced.
    holds("chain, exact, forgets the parent", exact(Twin::ForgetsParent));
    holds("chain, exact, what only it covers", exact(Twin::DeletesWhatOnlyItCovers));
    breaks("forgets the parent", racy(Twin::ForgetsParent), THERE);
    breaks("without a condition", exact(Twin::AnnouncedWithoutCondition), THERE);
    breaks("higher generations", exact(Twin::DeletesHigherGenerations), THERE);
    breaks("what only it covers", racy(Twin::DeletesWhatOnlyItCovers), THERE);
    breaks("only its parent's", exact(Twin::OnlyItsParents), "garbage is gone after two more");
}

#[test]
fn chains_on_drives_that_go_back() {
    use chain::Twin;
    let back = |twin| Chain { put_back: true, ..chain(Race::Exact, twin) };
    let late = |twin| Chain { pushers: 1, ..chain(Race::Any, twin) };
    let mut states = holds("chain, put back", back(Twin::None));
    states += holds("chain, late heads", late(Twin::None));
    assert!(states >= 7_130_000, "only {states} states");
    breaks("deletes unseen", back(Twin::DeletesUnseen), "nothing is lost");
    breaks("put back, and claims more", back(Twin::ClaimsMore), "what is announced is there");
    breaks("late heads, and claims more", late(Twin::ClaimsMore), "what is announced is there");
    let one_other = Chain { race: Race::OneOther, ..late(Twin::ClaimsMore) };
    breaks("heads late by one, and claims more", one_other, "what is announced is there");
    let longer = Chain { pushers: 0, checkpoints: 4, ..late(Twin::None) };
    breaks("late heads, longer", longer, "nothing is lost");
}

#[test]
fn checkpoints_without_a_head() {
    use listing::Twin;
    const FOUND: &str = "what was shown once is found";
    let listed = |twin| Listing { clients: 2, records: 2, checkpoints: 3, lowered: false, twin };
    let lowered = |twin| Listing { checkpoints: 4, lowered: true, ..listed(twin) };
    let mut states = holds("listed", listed(Twin::None));
    states += holds("listed, 3 records", Listing { records: 3, checkpoints: 2, ..listed(Twin::None) });
    states += holds("listed, 3 clients", Listing { clients: 3, checkpoints: 2, ..listed(Twin::None) });
    states += holds("listed, 4 checkpoints", Listing { records: 1, checkpoints: 4, ..listed(Twin::None) });
    states += holds("lowered", lowered(Twin::None));
    assert!(states >= 1_370_000, "only {states} states");
    breaks("shares", listed(Twin::Shares), FOUND);
    breaks("shares, and loses", listed(Twin::Shares), "nothing is lost");
    breaks("before it is listed", listed(Twin::DeletesBeforeListed), FOUND);
    breaks("equals delete each other", listed(Twin::EqualsDeleteEachOther), "nothing is lost");
    breaks("lowered, shared ones count", lowered(Twin::CountsShared), FOUND);
    breaks("lowered, generations anew", lowered(Twin::GenerationsAnew), "nothing is lost");
}

#[test]
fn retired_writers() {
    use retired::Twin;
    const KNOWS: &str = "whoever has read the head knows what it says";
    let retired = |twin| Retired { clients: 2, records: 2, checkpoints: 2, put_back: false, twin };
    let mut states = holds("retired", Retired { put_back: true, ..retired(Twin::None) });
    states += holds("retired, 3 checkpoints", Retired { checkpoints: 3, ..retired(Twin::None) });
    states += holds("retired, 3 clients", Retired { clients: 3, checkpoints: 1, ..retired(Twin::None) });
    assert!(states >= 2_360_000, "only {states} states");
    holds("retired, keeps its name", Retired { put_back: true, ..retired(Twin::KeepsName) });
    breaks("counts only", retired(Twin::CountsOnly), KNOWS);
    breaks("no hash", retired(Twin::NoHash), KNOWS);
}

#[test]
fn leases_and_names() {
    let states = holds("lease", lease(lease::Twin::None));
    let more = holds("lease, 3 clients", Lease { clients: 3, works: 1, ..lease(lease::Twin::None) });
    assert!(states + more >= 610_000, "only {states} and {more} states");
    breaks("without a condition", lease(lease::Twin::TakenWithoutCondition), "one holder of one term");
    breaks("lock only", lease(lease::Twin::LockOnly), "no work is lost");
    let names = |twin| Names { writers: 2, records: 3, time: 4, twin };
    holds("names", names(names::Twin::None));
    breaks("clocks", names(names::Twin::NamesFromClocks), "what there is is found");
}
