//! Models of the journal layout, small enough to be checked state by state.
//!
//! Each model has the rules of `spec/journal.md` as they are, and *twins*: the same model with one rule left out or
//! changed. The rules hold in every state that can be reached; each twin reaches a state in which they do not, so that
//! the model is known to be able to fail.
//!
//! | model | what | twins |
//! | --- | --- | --- |
//! | [`commit`] | edits, pulls, pushes, heads that are lost and healed, one document | never healed; a record made anew after a lost race; `replaces` of everything seen; the author of what lost is not told |
//! | [`checkpoint`] | checkpoints, deletion of records, expiry, clients that return | checkpoints without losers, or without tombstones; union instead of join; deletion before the checkpoint is announced; a head that leaves out too much; expiry beside other versions; checkpoints of others deleted |
//! | [`packs`] | bodies that outlive their records, and their deletion | no floor; a floor that does not wait for the head |
//! | [`lease`] | who compacts | taken over without a condition; a lock as the only safety |
//! | [`names`] | how records are found | names from clocks |

#![allow(clippy::indexing_slicing, reason = "a model is run by its tests only, and one that panics has failed")]

pub mod checkpoint;
pub mod commit;
pub mod dots;
pub mod lease;
pub mod names;
pub mod packs;
