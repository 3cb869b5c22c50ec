//! Surveys the vault before a checkpoint: which files are worth keeping, and in which order documents are written.

use super::{
    super::{
        Journal, Scale, Session,
        checkpoint::{CHECKPOINTS, FileName, PieceName},
        doc::{At, Versions, id_of},
        heads::list_with_sizes,
        lost::Withdrawn,
        name::{RECORDS, RecordName},
        standing::{DOC, PAGE, WITHDRAW, damaged, json},
    },
    Parent,
};
use crate::{DocId, Result, StateRecord, client::key, drive::DrivePath, gather::Gather as _, server::journal::covered::is_known};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// At most this many deletions expire at once.
const EXPIRED: usize = 50_000;
const DAY: u64 = 24 * 60 * 60;

/// The files that a listing names.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) sizes: BTreeMap<FileName, Option<u64>>,
}

impl Listed {
    pub(super) fn records(&self) -> impl Iterator<Item = RecordName> {
        self.sizes.keys().filter_map(|file| match file {
            FileName::Record(name) => Some(*name),
            FileName::Piece(_) => None,
        })
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = PieceName> {
        self.sizes.keys().filter_map(|file| match file {
            FileName::Piece(name) => Some(*name),
            FileName::Record(_) => None,
        })
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = PieceName> {
        self.pieces().filter(PieceName::is_root)
    }

    /// Whether it names all of these.
    pub(super) fn has_all(&self, files: &BTreeSet<FileName>) -> bool {
        files.iter().all(|file| self.sizes.contains_key(file))
    }
}

/// What a survey finds.
pub(super) struct Survey {
    /// The documents in the order in which their contents lie on the drive.
    pub(super) documents: VecDeque<DocId>,
    /// Files whose bodies are moved.
    pub(super) moved: BTreeSet<FileName>,
    /// What was there at the beginning.
    pub(super) listed: Listed,
}

/// What is known of a file with bodies.
#[derive(Default)]
struct File {
    /// The bytes of what is alive in it.
    live: u64,
    /// How long it is at least.
    extent: u64,
    size: Option<u64>,
}

impl File {
    fn size(&self) -> u64 {
        self.size.unwrap_or(self.extent).max(self.live)
    }

    fn is_worth_keeping(&self, scale: &Scale) -> bool {
        self.size() >= scale.small_file_bytes && self.live.saturating_mul(5) >= self.size().saturating_mul(scale.alive_fifths)
    }
}

/// Where a document's content begins: its file by number, the frame, and the place in it.
type Spot = (u32, u64, u64);

/// What is found by looking at every document.
#[derive(Default)]
struct Found {
    numbers: BTreeMap<FileName, u32>,
    files: BTreeMap<FileName, File>,
    documents: Vec<(Spot, DocId)>,
    expired: Vec<StateRecord>,
}

impl Journal {
    pub(super) async fn survey(&self, session: &mut Session, parent: Option<&Parent>, time: u64) -> Result<Survey> {
        let listed = self.listed().await?;
        let seen = self.seen(session).await?;
        let unannounced = listed.records().any(|name| !seen.has(name.dot()));
        if self.has_head(session)? {
            self.standing(session)?.unannounced = unannounced;
        }
        let mut found = self.look_at_documents(parent, time).await?;
        for (name, file) in &mut found.files {
            file.size = listed.sizes.get(name).copied().flatten();
        }
        self.state.write(found.expired).await?;
        let moved = if self.shares(session)? { to_be_moved(&found.files, &self.options.scale) } else { found.files.into_keys().gather() };
        found.documents.sort_unstable();
        let documents = found.documents.into_iter().map(|(_, id)| id).collect();
        Ok(Survey { documents, moved, listed })
    }

    /// Lists the files of records and checkpoints.
    pub(super) async fn listed(&self) -> Result<Listed> {
        let mut listed = Listed::default();
        for (name, size) in list_with_sizes(&*self.drive, &DrivePath::new(RECORDS)?).await? {
            let record = RecordName::parse(&name).map(FileName::Record);
            listed.sizes.extend(record.or_else(|| PieceName::parse_root(&name).map(FileName::Piece)).map(|file| (file, size)));
        }
        for (name, size) in list_with_sizes(&*self.drive, &DrivePath::new(CHECKPOINTS)?).await? {
            listed.sizes.extend(PieceName::parse(&name).map(|name| (FileName::Piece(name), size)));
        }
        Ok(listed)
    }

    async fn look_at_documents(&self, parent: Option<&Parent>, time: u64) -> Result<Found> {
        let (mut found, mut after) = (Found::default(), None);
        let now = parent.map_or(time, |parent| parent.surely(time));
        let expires = now.saturating_sub(u64::from(self.options.tombstone_days) * DAY);
        loop {
            let page = self.state.scan(DOC.to_owned(), after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.key.clone());
            for StateRecord { key: doc, value } in page {
                let id = id_of(&doc).ok_or_else(|| damaged(&doc))?;
                let versions = value.map(|value| Versions::decode(&id, &value)).transpose()?.unwrap_or_default();
                found.add(&id, &versions);
                if found.expired.len() < EXPIRED
                    && let Some(parent) = parent
                    && let Some(dots) = expired(&versions, parent, expires)
                {
                    found.expired.push(StateRecord::set(key(WITHDRAW, id.as_str()), json(&Withdrawn { id, dots, expired: true })?));
                }
            }
        }
    }
}

impl Found {
    fn add(&mut self, id: &DocId, versions: &Versions) {
        let mut spot = (0, 0, 0);
        for version in &versions.heads {
            let Some(At::Frame(at)) = version.body.as_ref().map(|body| &body.at) else { continue };
            let next = self.numbers.len() as u32 + 1;
            let number = *self.numbers.entry(at.file).or_insert(next);
            let file = self.files.entry(at.file).or_default();
            file.live += at.share();
            file.extent = file.extent.max(at.begins + at.stored_len);
            spot = (number, at.begins, at.spot.offset);
        }
        if !versions.heads.is_empty() {
            self.documents.push((spot, id.clone()));
        }
    }
}

/// A deletion that nobody needs to remember any longer: alone, old, and known to the checkpoint that is announced.
fn expired(versions: &Versions, parent: &Parent, before: u64) -> Option<BTreeSet<super::super::Dot>> {
    match versions.heads.as_slice() {
        [only] if only.body.is_none() && only.time < before && is_known(&parent.vector, only.dot) => Some(BTreeSet::from([only.dot])),
        _ => None,
    }
}

/// Which files are not worth keeping: the ones with the least in them first, as long as it is not too much.
fn to_be_moved(files: &BTreeMap<FileName, File>, scale: &Scale) -> BTreeSet<FileName> {
    let mut candidates: Vec<(u64, &FileName)> =
        files.iter().filter(|(_, file)| !file.is_worth_keeping(scale)).map(|(n, f)| (f.live, n)).collect();
    candidates.sort_unstable();
    let mut bytes = 0;
    let fits = |(live, _): &(u64, &FileName)| {
        bytes += live;
        bytes <= scale.moved_bytes
    };
    candidates.into_iter().take_while(fits).map(|(_, name)| *name).gather()
}
