//! What the short run asserts: counts of requests, which do not depend on the machine.

use crate::{results::Results, side::Peer, step::Step};
use bench::Result;

/// As few as the steps need.
pub const DOCUMENTS: u64 = 300;

/// The most requests of ours. The first push over WebDAV also makes folders and looks whose vault is there: 11 requests,
/// 3 for the push of W6. There is room for the smaller records of a machine so busy that its line looks slow.
const OURS: [(Step, u64); 6] = [(Step::W1, 20), (Step::W2, 10), (Step::W3Push, 3), (Step::W3Pull, 3), (Step::W5, 1), (Step::W6Push, 8)];
/// The requests of db-to-cloud, and of PouchDB at least, which say that clients and relay count.
const DB_TO_CLOUD: [(Step, u64); 4] = [(Step::W1, 307), (Step::W2, 304), (Step::W3Push, 6), (Step::W5, 1)];
const POUCH_DB: [(Step, u64); 2] = [(Step::W1, 6), (Step::W2, 8)];

/// Fails if a count is not what it should be.
///
/// # Errors
/// All that are not, in one sentence each.
pub fn check(results: &Results) -> Result<()> {
    let mut wrong = Vec::new();
    for cell in results.table(DOCUMENTS, 0) {
        let requests = |step| cell.run.steps.get(&step).map(|cost| cost.requests);
        let mut expect = |step: Step, is_right: fn(u64, u64) -> bool, number: u64| {
            let found = requests(step);
            if !found.is_some_and(|found| is_right(found, number)) {
                wrong.push(format!("{}: {} took {found:?} requests, and {number} were expected", cell.name(), step.title()));
            }
        };
        match cell.peer() {
            Some(peer) if peer.is_ours() => OURS.iter().for_each(|(step, most)| expect(*step, |found, most| found <= most, *most)),
            Some(Peer::DbToCloud) => DB_TO_CLOUD.iter().for_each(|(step, number)| expect(*step, |found, number| found == number, *number)),
            Some(Peer::PouchDb(_)) => POUCH_DB.iter().for_each(|(step, least)| expect(*step, |found, least| found >= least, *least)),
            _ => {}
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
