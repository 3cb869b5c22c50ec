//! What must not come out: one list for each test, which is a thread of its own.

use aho_corasick::AhoCorasick;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What must not come out, the least secret first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The id of a document.
    Id,
    /// A part of a document's content.
    Content,
    /// A passphrase or a key.
    Secret,
}

/// Shorter ones are found by chance.
const LEAST_BYTES: usize = 5;
/// Of a long content so much is looked for, in three places.
const PIECE_BYTES: usize = 48;

#[derive(Default)]
struct Known {
    all: BTreeSet<(Kind, Vec<u8>)>,
    /// What finds those that are at least so secret; made when it is asked for.
    searches: BTreeMap<Kind, Arc<AhoCorasick>>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// From now on these bytes must not come out of any sealed device of this test.
pub fn mind(kind: Kind, bytes: &[u8]) {
    if bytes.len() < LEAST_BYTES {
        return;
    }
    KNOWN.with_borrow_mut(|known| {
        for piece in pieces(bytes) {
            if known.all.insert((kind, piece.to_vec())) {
                known.searches.clear();
            }
        }
    });
}

fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.len() <= PIECE_BYTES {
        return vec![bytes];
    }
    let last = bytes.len() - PIECE_BYTES;
    [0, last / 2, last].map(|at| &bytes[at..at + PIECE_BYTES]).to_vec()
}

/// Finds what is at least so secret.
pub(crate) fn find(least: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    let search = KNOWN.with_borrow_mut(|known| {
        let Known { all, searches } = known;
        let needles = || all.iter().filter(|(kind, _)| *kind >= least).map(|(_, bytes)| bytes);
        // Most of what is searched is short.
        let build = || Arc::new(AhoCorasick::builder().prefilter(false).build(needles()).unwrap());
        searches.entry(least).or_insert_with(build).clone()
    });
    search.find(bytes).map(|found| bytes[found.range()].to_vec())
}
