//! Says what a file of a vault holds: for tools that look at a vault from outside, and for the simulator.

use super::{
    checkpoint::{CHECKPOINTS, FileName, Kind, Piece, PieceName},
    doc::{At, Version},
    head::Head,
    name::{Dot, RECORDS, RecordName},
    record::{Record, What, part_path},
};
use crate::{DocId, Revision};

/// What a file of a vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspected {
    /// A head, in its one file or in a numbered one.
    Head {
        /// The last record of each writer: the writer, and the path of that record.
        last: Vec<(String, String)>,
        /// Whether nothing is written here any more.
        closed: bool,
        /// The path of the root of the checkpoint that is announced.
        checkpoint: Option<String>,
    },
    /// A record.
    Record {
        /// Who wrote it.
        writer: String,
        /// Which of this writer's records it is, from 1.
        seq: u64,
        /// Its place among all records.
        order: u64,
        /// When it was written, in seconds since the Unix epoch by its author's clock; 0 if that is not told.
        written_s: u64,
        /// What it changes.
        changes: Vec<InspectedChange>,
    },
    /// A file of a checkpoint.
    Checkpoint {
        /// How many checkpoints there were before it in its line, and itself.
        generation: u64,
        /// What its root says; none of its other files.
        root: Option<InspectedRoot>,
        /// The paths of the files beside this one in which contents of its documents lie.
        refers: Vec<String>,
        /// The documents in this file, with the revisions of their versions.
        documents: Vec<(DocId, Vec<Revision>)>,
    },
}

/// What the root of a checkpoint says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedRoot {
    /// How many records of each writer it covers.
    pub covers: Vec<(String, u64)>,
    /// The paths of its other files with documents.
    pub pieces: Vec<String>,
    /// The paths of the files of its history.
    pub history: Vec<String>,
}

/// A change in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedChange {
    /// Which document.
    pub id: DocId,
    /// The revision of the version that it makes; none if it only withdraws others.
    pub revision: Option<Revision>,
    /// Whether that version is a deletion.
    pub deleted: bool,
    /// The records whose versions of this document it replaces: writer and number.
    pub replaces: Vec<(String, u64)>,
}

/// Reads a file of a vault; none if it is no head, no record and no file of a checkpoint, or makes no sense.
pub fn inspect(path: &str, bytes: &[u8]) -> Option<Inspected> {
    if path == "head" || path.starts_with("h/") {
        let head = Head::decode(bytes).ok()?;
        let last = head.vector.iter().map(|(writer, link)| (writer.to_string(), RecordName::new(*writer, link).path().to_string()));
        let checkpoint = head.checkpoint.map(|found| found.root.path().to_string());
        return Some(Inspected::Head { last: last.collect(), closed: head.closed, checkpoint });
    }
    if let Some(name) = piece_name(path) {
        return checkpoint(&name, bytes);
    }
    let name = RecordName::parse(path.strip_prefix(RECORDS)?.strip_prefix('/')?)?;
    let head = usize::try_from(Record::head_len(bytes).ok()?).ok().and_then(|len| bytes.get(..len))?;
    let (record, _) = Record::decode(head, &name).ok()?;
    let changes = record.changes.into_iter().map(|change| InspectedChange {
        id: change.id,
        deleted: matches!(change.what, What::Delete { .. }),
        revision: match change.what {
            What::Put { revision, .. } | What::Delete { revision } => Some(revision),
            What::Withdraw => None,
        },
        replaces: change.replaces.into_iter().map(|Dot { writer, seq }| (writer.to_string(), seq)).collect(),
    });
    Some(Inspected::Record {
        writer: record.writer.to_string(),
        seq: record.seq,
        order: record.order,
        written_s: record.time,
        changes: changes.collect(),
    })
}

fn piece_name(path: &str) -> Option<PieceName> {
    match path.split_once('/')? {
        (RECORDS, name) => PieceName::parse_root(name),
        (CHECKPOINTS, name) => PieceName::parse(name),
        _ => None,
    }
}

fn checkpoint(name: &PieceName, bytes: &[u8]) -> Option<Inspected> {
    let head = usize::try_from(Piece::head_len(bytes).ok()?).ok().and_then(|len| bytes.get(..len))?;
    let piece = Piece::decode(head, name).ok()?;
    let path = |piece: &PieceName| piece.path().to_string();
    let root = match &piece.kind {
        Kind::Root(root) => Some(InspectedRoot {
            covers: root.vector.iter().map(|(writer, link)| (writer.to_string(), link.seq)).collect(),
            pieces: root.pieces.iter().map(|other| path(&other.name)).collect(),
            history: root.history.iter().map(|other| path(&other.name)).collect(),
        }),
        Kind::More | Kind::History => None,
    };
    let mut refers: Vec<String> = piece.files().iter().map(|file: &FileName| file.path().to_string()).collect();
    refers.extend(
        piece.entries.iter().flat_map(|entry| &entry.versions).filter(|placed| !placed.here).flat_map(|placed| parts(&placed.version)),
    );
    let revisions = |versions: &[Version]| versions.iter().map(|version| version.revision.clone()).collect();
    let documents = piece.documents(*name, head.len() as u64).into_iter();
    let documents = documents.map(|(id, versions, _)| (id, revisions(&versions))).collect();
    Some(Inspected::Checkpoint { generation: name.of.generation, root, refers, documents })
}

/// The files of its own in which a content lies.
fn parts(version: &Version) -> Vec<String> {
    let Some(At::Parts(parts)) = version.body.as_ref().map(|body| &body.at) else { return Vec::new() };
    parts.iter().map(|part| part_path(version.dot.writer, part.name_no).to_string()).collect()
}
