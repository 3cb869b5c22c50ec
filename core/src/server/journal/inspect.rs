//! Says what a file of a vault holds: for tools that look at a vault from outside, and for the simulator.

use super::{
    head::Head,
    name::{Dot, RECORDS, RecordName},
    record::{Record, What},
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
    },
    /// A record.
    Record {
        /// Who wrote it.
        writer: String,
        /// Which of this writer's records it is, from 1.
        seq: u64,
        /// Its place among all records.
        order: u64,
        /// What it changes.
        changes: Vec<InspectedChange>,
    },
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

/// Reads a file of a vault; none if it is no head and no record, or makes no sense.
pub fn inspect(path: &str, bytes: &[u8]) -> Option<Inspected> {
    if path == "head" || path.starts_with("h/") {
        let head = Head::decode(bytes).ok()?;
        let last = head.vector.iter().map(|(writer, link)| (writer.to_string(), RecordName::new(*writer, link).path().to_string()));
        return Some(Inspected::Head { last: last.collect(), closed: head.closed });
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
    Some(Inspected::Record { writer: record.writer.to_string(), seq: record.seq, order: record.order, changes: changes.collect() })
}
