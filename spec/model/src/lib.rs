//! Models of the journal layout, small enough to be checked state by state.
//!
//! Each model has the rules of `spec/journal.md` as they are, and *twins*: the same model with one rule left out or
//! changed. The rules hold in every state that can be reached; each twin reaches a state in which they do not, so that
//! the model is known to be able to fail.
//!
//! | model | what | twins |
//! | --- | --- | --- |
//! | [`commit`] | edits, pulls, pushes, heads that are lost and healed, one document | never healed; a record made anew after a lost race; `replaces` of everything seen; the author of what lost is not told |
//! | [`checkpoint`] | what a checkpoint says, expiry, clients that return | checkpoints without losers, or without tombstones; union instead of join; deletion before the checkpoint is announced; a head that leaves out too much; expiry beside other versions; checkpoints of others deleted; announced over another; parent not joined |
//! | [`chain`] | checkpoints that share files and follow one another, and the deletion of files | without regard to the parent; announced without a condition; files of any generation; records that no parent covers; only files of the parent; without looking whether its own are there |
//! | [`lease`] | who compacts | taken over without a condition; a lock as the only safety |
//! | [`listing`] | checkpoints where there is no head, and after a head was given up | shared files; deletion before the listing shows it; equals delete each other; checkpoints that share count; generations begin again |
//! | [`retired`] | writers that a head leaves out, and clients that come back | the number of them compared; nothing compared |
//! | [`names`] | how records are found | names from clocks |

#![allow(clippy::indexing_slicing, reason = "a model is run by its tests only, and one that panics has failed")]

pub mod chain;
pub mod checkpoint;
pub mod commit;
pub mod dots;
pub mod files;
pub mod lease;
pub mod listing;
pub mod names;
pub mod retired;
