//! Reads every file of a vault, whole, and keeps what is needed to compare them with each other.

use super::{
    super::{
        checkpoint::{FileName, Kind, Other, Piece, PieceName, Root},
        doc::At,
        marker::Marker,
        name::{Dot, Link, RecordName, VaultId, Writer},
        record::{Part, Place, Record, What},
        wire::Flaw,
    },
    Doctor,
    bodies::{Bodies, Damage},
    place::Listed,
};
use crate::{
    DrivePath, FindingKind, Phase, Result,
    drive::{GetOptions, Got},
    gather::Gather as _,
};
use futures::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// No file of a vault is larger.
const MAX_FILE: u64 = 512 << 20;
/// So many files are read at once: most have up to 8 MiB.
const AT_ONCE: usize = 3;

/// What was read of all files.
#[derive(Default)]
pub(super) struct Files {
    pub(super) records: BTreeMap<RecordName, Told>,
    /// Records that make no sense, or are newer; why.
    pub(super) bad_records: BTreeMap<RecordName, String>,
    /// Records and roots that do not count, because their key is closed.
    pub(super) closed: BTreeSet<DrivePath>,
    pub(super) roots: BTreeMap<PieceName, ToldRoot>,
    /// The other files of checkpoints that can be read.
    pub(super) pieces: BTreeMap<PieceName, ToldPiece>,
    /// Files of checkpoints that make no sense; why.
    pub(super) bad_pieces: BTreeMap<PieceName, String>,
    pub(super) parts: BTreeSet<(Writer, u64)>,
    /// The roots of checkpoints that can be joined.
    pub(super) whole: BTreeSet<PieceName>,
    /// Those of them that everybody finds.
    pub(super) found: BTreeSet<PieceName>,
    /// What is damaged in files whose head part can be read.
    pub(super) damaged: BTreeMap<FileName, Damage>,
    /// Files of which a copy was found beside them.
    pub(super) copied: BTreeSet<DrivePath>,
}

/// What a record says, as far as it is needed.
pub(super) struct Told {
    pub(super) link: Link,
    pub(super) prev: Option<Link>,
    pub(super) vault: VaultId,
    pub(super) time: u64,
    pub(super) device: String,
    /// The greatest number of each writer whose version it replaces.
    pub(super) replaces: BTreeMap<Writer, u64>,
    pub(super) parts: Vec<Part>,
}

/// What a file of a checkpoint says, as far as it is needed.
pub(super) struct ToldPiece {
    /// The files in which its bodies lie.
    pub(super) refers: BTreeSet<FileName>,
    pub(super) parts: Vec<(Writer, Part)>,
}

/// What a root says, as far as it is needed.
pub(super) struct ToldRoot {
    pub(super) vector: BTreeMap<Writer, Link>,
    pub(super) pieces: Vec<PieceName>,
    pub(super) history: Vec<PieceName>,
    pub(super) piece: ToldPiece,
}

enum Content {
    Bytes(Vec<u8>),
    Missing,
    Closed,
}

impl Files {
    /// Whether a file is gone or makes no sense, so that a copy of it is of use.
    pub(super) fn is_wanting(&self, path: &DrivePath) -> bool {
        let Some((folder, name)) = path.as_str().split_once('/') else { return false };
        let damaged = |file: FileName| self.damaged.contains_key(&file);
        match folder {
            "j" => match (RecordName::parse(name), PieceName::parse_root(name)) {
                (Some(name), _) => !self.records.contains_key(&name) || damaged(FileName::Record(name)),
                (None, Some(name)) => !self.roots.contains_key(&name) || damaged(FileName::Piece(name)),
                (None, None) => false,
            },
            "c" => PieceName::parse(name).is_some_and(|name| !self.pieces.contains_key(&name) || damaged(FileName::Piece(name))),
            _ => false,
        }
    }
}

impl Doctor<'_> {
    pub(super) async fn read_files(&mut self, marker: &Marker, listed: Listed) -> Result<()> {
        let Listed { records, roots, pieces, parts } = listed;
        self.read.parts = parts;
        (self.look.diagnosis.records, self.look.diagnosis.checkpoints) = (records.len() as u64, roots.len() as u64);
        let names = records.into_iter().map(FileName::Record).chain(roots.into_iter().chain(pieces).map(FileName::Piece));
        let names: Vec<FileName> = names.collect();
        let total = names.len() as u64;
        self.progress.report(Phase::Read, 0, Some(total));
        let journal = self.journal;
        let mut all = stream::iter(names)
            .map(|name| async move { (name, content(journal, &name.path()).await) })
            .buffered(journal.parallel().min(AT_ONCE));
        let mut done = 0;
        while let Some((name, content)) = all.next().await {
            match content? {
                Content::Bytes(bytes) => self.take_file(name, &bytes),
                Content::Closed => drop(self.read.closed.insert(name.path())),
                // It was deleted since it was listed.
                Content::Missing => {}
            }
            done += 1;
            self.progress.report(Phase::Read, done, Some(total));
        }
        drop(all);
        self.look_at_vaults(marker).await
    }

    fn take_file(&mut self, name: FileName, bytes: &[u8]) {
        match name {
            FileName::Record(name) => match decode_record(&name, bytes) {
                Ok((told, damage)) => {
                    self.read.damaged.extend(damage.map(|damage| (FileName::Record(name), damage)));
                    self.read.records.insert(name, told);
                }
                Err(flaw) => drop(self.read.bad_records.insert(name, words(bytes, flaw))),
            },
            FileName::Piece(name) => match decode_piece(&name, bytes) {
                Ok((told, root, damage)) => {
                    self.read.damaged.extend(damage.map(|damage| (FileName::Piece(name), damage)));
                    match root {
                        Some(root) => drop(self.read.roots.insert(name, told_root(*root, told))),
                        None => drop(self.read.pieces.insert(name, told)),
                    }
                }
                Err(flaw) => drop(self.read.bad_pieces.insert(name, words(bytes, flaw))),
            },
        }
    }

    /// Records of another vault are not this one's, whatever they say.
    async fn look_at_vaults(&mut self, marker: &Marker) -> Result<()> {
        let mut ids = self.journal.listed_ids().await?;
        ids.push(marker.vault);
        if marker.sealed.is_some() {
            ids = vec![marker.vault];
        }
        let foreign: Vec<RecordName> =
            self.read.records.iter().filter(|(_, told)| !ids.contains(&told.vault)).map(|(name, _)| *name).collect();
        for name in foreign {
            let Some(told) = self.read.records.remove(&name) else { continue };
            self.read.damaged.remove(&FileName::Record(name));
            let detail = format!("a record of another vault, {}", told.vault);
            let advice = "nobody reads it here; if its vault was copied into this folder by mistake, take its files out yourself";
            let path = self.shown(&name.path());
            self.look.findings.refused(FindingKind::RecordForeign, path, detail, advice);
        }
        Ok(())
    }

    /// Takes a copy of a file that is gone or damaged, if it is what its name says.
    pub(super) async fn take_copy(&mut self, copy: &DrivePath, original: &DrivePath, bytes: Vec<u8>) -> Result<()> {
        let content = match &self.journal.sealed {
            Some(sealed) => sealed.open_copy(original, &bytes)?,
            None => Some(bytes.clone()),
        };
        let Some((content, name)) = content.zip(file_name(original)) else { return Ok(()) };
        let is_whole = match name {
            FileName::Record(name) => decode_record(&name, &content).is_ok_and(|(_, damage)| damage.is_none()),
            FileName::Piece(name) => decode_piece(&name, &content).is_ok_and(|(_, _, damage)| damage.is_none()),
        };
        if !is_whole || self.read.copied.contains(original) {
            return Ok(());
        }
        let place = self.journal.sealed.as_ref().map_or_else(|| Ok(original.clone()), |sealed| sealed.path_of(original))?;
        let options = GetOptions { range: Some(0..1), unless: None };
        let there = match self.journal.raw.get(place.clone(), options).await? {
            Got::File { version, .. } => Some(version),
            Got::Missing | Got::Unchanged => None,
        };
        let condition = super::condition(there, self.journal);
        self.journal.log.line(crate::Level::Debug, || format!("{copy} is a whole copy of {place}"));
        self.look.cure.copies.push((place, bytes, condition));
        self.read.copied.insert(original.clone());
        Ok(())
    }
}

/// The file that a path names.
fn file_name(path: &DrivePath) -> Option<FileName> {
    match path.as_str().split_once('/')? {
        ("j", name) => RecordName::parse(name).map(FileName::Record).or_else(|| PieceName::parse_root(name).map(FileName::Piece)),
        ("c", name) => PieceName::parse(name).map(FileName::Piece),
        _ => None,
    }
}

async fn content(journal: &super::Journal, path: &DrivePath) -> Result<Content> {
    let options = GetOptions { range: Some(0..MAX_FILE), unless: None };
    Ok(match journal.drive.get(path.clone(), options).await? {
        Got::File { bytes, .. } => Content::Bytes(bytes),
        Got::Missing | Got::Unchanged if journal.sealed.as_ref().is_some_and(|sealed| sealed.is_closed(path)) => Content::Closed,
        Got::Missing | Got::Unchanged => Content::Missing,
    })
}

/// Why a file cannot be read. What a sealed drive refuses comes without a byte.
fn words(bytes: &[u8], flaw: Flaw) -> String {
    match flaw {
        Flaw::Newer => "a newer version of this library wrote it".to_owned(),
        Flaw::Malformed(_) if bytes.is_empty() => "it is empty, or not what was sealed under this name".to_owned(),
        Flaw::Malformed(why) => why.to_owned(),
    }
}

fn head_of(bytes: &[u8], len: u64) -> Result<&[u8], Flaw> {
    usize::try_from(len).ok().and_then(|len| bytes.get(..len)).ok_or(Flaw::Malformed("it ends too early"))
}

fn decode_record(name: &RecordName, bytes: &[u8]) -> Result<(Told, Option<Damage>), Flaw> {
    let head = head_of(bytes, Record::head_len(bytes)?)?;
    let (record, link) = Record::decode(head, name)?;
    let spots = record.locate();
    let mut bodies = Bodies::new(bytes, head.len(), &record.frames);
    let (mut replaces, mut parts): (BTreeMap<Writer, u64>, Vec<Part>) = (BTreeMap::new(), Vec::new());
    for (change, spot) in record.changes.iter().zip(spots) {
        for Dot { writer, seq } in &change.replaces {
            let greatest = replaces.entry(*writer).or_default();
            *greatest = (*greatest).max(*seq);
        }
        if let What::Put { digest, body, .. } = &change.what {
            match body {
                Place::Parts(own) => parts.extend(own),
                Place::Inline => bodies.check(spot, *digest),
            }
        }
    }
    let damage = bodies.damage();
    let Record { prev, vault, time, device, .. } = record;
    Ok((Told { link, prev, vault, time, device, replaces, parts }, damage))
}

type DecodedPiece = (ToldPiece, Option<Box<Root>>, Option<Damage>);

fn decode_piece(name: &PieceName, bytes: &[u8]) -> Result<DecodedPiece, Flaw> {
    let head = head_of(bytes, Piece::head_len(bytes)?)?;
    let piece = Piece::decode(head, name)?;
    let mut spots = piece.walk().unwrap_or_default().into_iter();
    let mut bodies = Bodies::new(bytes, head.len(), &piece.frames);
    let mut parts = Vec::new();
    for placed in piece.entries.iter().flat_map(|entry| &entry.versions) {
        let Some(body) = &placed.version.body else { continue };
        match &body.at {
            _ if placed.here => bodies.check(spots.next(), body.short),
            At::Parts(own) => parts.extend(own.iter().map(|part| (placed.version.dot.writer, *part))),
            At::Frame(_) => {}
        }
    }
    let damage = bodies.damage();
    let told = ToldPiece { refers: piece.files(), parts };
    let root = match piece.kind {
        Kind::Root(root) => Some(root),
        Kind::More | Kind::History => None,
    };
    Ok((told, root, damage))
}

fn told_root(root: Root, piece: ToldPiece) -> ToldRoot {
    let names = |others: &[Other]| others.iter().map(|other| other.name).gather();
    ToldRoot { pieces: names(&root.pieces), history: names(&root.history), vector: root.vector, piece }
}
