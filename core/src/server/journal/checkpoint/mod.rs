//! Checkpoints: everything that the records up to some point say, taken together, so that the records can go.
//!
//! A checkpoint is a *root* and, if it is large, further files; they are written once and never changed. The root says
//! which records are folded in it. Bodies lie in its own files, or where they were before.

mod check;
mod decode;
mod encode;
mod name;
mod piece;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use name::{CHECKPOINTS, CheckpointId, FileName, PieceName};
pub(crate) use piece::{Entry, Kind, Other, Piece, Placed, Replaced, Root};
pub(crate) use read::{PieceFile, read};

/// The kind of the files, in their opening.
const KIND: u8 = b'c';
