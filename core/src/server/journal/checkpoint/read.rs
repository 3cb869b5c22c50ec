//! Reads files of checkpoints from the drive.

use super::{Kind, Piece, PieceName, Root};
use crate::{
    Drive, Result,
    server::journal::{
        front::{Much, front},
        wire::Flaw,
    },
};

/// A file of a checkpoint, as far as it was read.
pub(crate) enum PieceFile {
    Piece {
        piece: Box<Piece>,
        head_len: u64,
        bytes: Vec<u8>,
    },
    Missing,
    /// It makes no sense, or is newer than this library; the reason in one sentence.
    Unreadable(String),
}

impl PieceFile {
    /// The root that it is, if it is one.
    pub(crate) fn root(self) -> Option<Root> {
        match self {
            Self::Piece { piece, .. } => match piece.kind {
                Kind::Root(root) => Some(*root),
                Kind::More | Kind::History => None,
            },
            Self::Missing | Self::Unreadable(_) => None,
        }
    }
}

/// Reads a file of a checkpoint.
pub(crate) async fn read(drive: &dyn Drive, name: &PieceName, much: Much) -> Result<PieceFile> {
    let Some(front) = front(drive, name.path(), much, Piece::head_len).await? else { return Ok(PieceFile::Missing) };
    Ok(match front.and_then(|front| Ok((Box::new(Piece::decode(front.head(), name)?), front))) {
        Ok((piece, front)) => PieceFile::Piece { piece, head_len: front.head_len(), bytes: front.bytes },
        Err(flaw) => unreadable(flaw),
    })
}

fn unreadable(flaw: Flaw) -> PieceFile {
    PieceFile::Unreadable(match flaw {
        Flaw::Newer => "a newer version of this library wrote it: update this one".to_owned(),
        Flaw::Malformed(why) => format!("it makes no sense: {why}"),
    })
}
