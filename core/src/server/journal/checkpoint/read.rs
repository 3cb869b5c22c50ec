//! Reads files of checkpoints from the drive.

use super::{Kind, Piece, PieceName, Root};
use crate::{
    Drive, Result,
    drive::{GetOptions, Got},
    server::journal::wire::Flaw,
};

/// A larger file is none of ours.
const MAX_FILE_BYTES: u64 = 160 << 20;
/// What is read first of a file whose bodies may not be needed.
const FIRST_BYTES: u64 = 64 << 10;

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Much {
    /// All of it.
    Whole,
    /// Its head part; more may come with it.
    Head,
}

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
    let first = if much == Much::Whole { MAX_FILE_BYTES } else { FIRST_BYTES };
    let Got::File { mut bytes, .. } = drive.get(name.path(), GetOptions { range: Some(0..first), unless: None }).await? else {
        return Ok(PieceFile::Missing);
    };
    let head_len = match Piece::head_len(&bytes) {
        Ok(len) => len,
        Err(flaw) => return Ok(unreadable(flaw)),
    };
    if much == Much::Head && head_len > bytes.len() as u64 && head_len < MAX_FILE_BYTES {
        let rest = GetOptions { range: Some(bytes.len() as u64..head_len), unless: None };
        let Got::File { bytes: rest, .. } = drive.get(name.path(), rest).await? else { return Ok(PieceFile::Missing) };
        bytes.extend(rest);
    }
    let Some(head) = usize::try_from(head_len).ok().and_then(|len| bytes.get(..len)) else {
        return Ok(PieceFile::Unreadable("it ends too early".to_owned()));
    };
    Ok(match Piece::decode(head, name) {
        Ok(piece) => PieceFile::Piece { piece: Box::new(piece), head_len, bytes },
        Err(flaw) => unreadable(flaw),
    })
}

fn unreadable(flaw: Flaw) -> PieceFile {
    PieceFile::Unreadable(match flaw {
        Flaw::Newer => "a newer version of this library wrote it: update this one".to_owned(),
        Flaw::Malformed(why) => format!("it makes no sense: {why}"),
    })
}
