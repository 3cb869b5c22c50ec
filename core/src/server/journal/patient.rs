//! A layer that reads files piece by piece where the line is slow, and keeps what it has of them in the state: a client that
//! is stopped goes on with the next piece. It also tells the pace of the line from every transfer that passes through.
//!
//! Only files that are never written again are read so. Whoever reads a file checks it as ever; if its pieces do not make it up,
//! it makes no sense, and the next sync reads it anew. Versions are not compared: some drives give each range one of its own.

use super::{
    checkpoint::CHECKPOINTS,
    name::RECORDS,
    pace::{Pace, Way},
    record::PARTS,
    standing::clear,
    wire::{Reader, put_prefixed},
};
use crate::{
    Level, Log, Result, Runtime, State, StateRecord,
    drive::{Capabilities, Changed, Condition, Drive, DrivePath, GetOptions, Got, Listing, PutFile, Version},
};
use macro_rules_attribute::apply;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// `server/piece/<path>/<where it begins>`
pub(super) const PIECE: &str = "server/piece/";
/// At most about this many bytes are kept: what is read before its documents are the host's takes less.
const KEPT_BYTES: usize = 24 << 20;
/// How many pieces are read from the state at once.
const PAGE: u32 = 64;

/// Reads patiently.
pub(super) struct Patient {
    drive: Arc<dyn Drive>,
    state: Arc<dyn State>,
    runtime: Arc<dyn Runtime>,
    pace: Arc<Pace>,
    log: Log,
    /// None before the state was asked.
    kept: Mutex<Option<Kept>>,
}

/// Pieces that are in the state, by their file and where they begin.
#[derive(Default)]
struct Kept {
    pieces: BTreeMap<(String, u64), Piece>,
    bytes: usize,
}

/// What was read of a file.
#[derive(Clone)]
struct Piece {
    version: Version,
    bytes: Vec<u8>,
    /// Whether the file ends with it.
    last: bool,
}

impl Patient {
    pub(super) fn new(drive: Arc<dyn Drive>, state: Arc<dyn State>, runtime: Arc<dyn Runtime>, pace: Arc<Pace>, log: Log) -> Self {
        Self { drive, state, runtime, pace, log, kept: Mutex::default() }
    }

    /// Forgets all pieces: what was read is worked off.
    pub(super) async fn forget_pieces(&self) -> Result<()> {
        let before = self.kept().as_mut().map(std::mem::take);
        match before {
            Some(kept) if !kept.pieces.is_empty() => clear(&*self.state, PIECE).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn in_pieces(&self, path: DrivePath, range: Range<u64>) -> Result<Got> {
        self.recall_pieces().await?;
        let mut read = Vec::new();
        loop {
            let at = range.start + read.len() as u64;
            let kept = self.kept_from(&path, at);
            let Some(piece) = (match kept {
                Some(piece) => Some(piece),
                None => self.next_piece(&path, at, range.end).await?,
            }) else {
                return Ok(Got::Missing);
            };
            append(&mut read, piece.bytes, range.end - at);
            if piece.last || range.start + read.len() as u64 >= range.end {
                return Ok(Got::File { bytes: read, version: piece.version });
            }
        }
    }

    /// Reads the next piece, and keeps it if more is to come and the line is slow; none if the file is gone.
    async fn next_piece(&self, path: &DrivePath, at: u64, end: u64) -> Result<Option<Piece>> {
        let size = self.pace.piece(Way::Down);
        // A rest that is hardly worth a request comes with it.
        let to = if end - at <= size + size / 4 { end } else { at + size };
        let got = self.at_once(path.clone(), GetOptions { range: Some(at..to), unless: None }).await?;
        let Got::File { bytes, version } = got else { return Ok(None) };
        let last = (bytes.len() as u64) < to - at;
        let piece = Piece { version, bytes, last };
        if !last && to < end && self.pace.is_slow(Way::Down) {
            self.keep(path, at, &piece).await?;
        }
        Ok(Some(piece))
    }

    async fn at_once(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let begun = self.runtime.now();
        let got = self.drive.get(path, options).await?;
        if let Got::File { bytes, .. } = &got {
            self.pace.learn(Way::Down, bytes.len() as u64, self.since(begun));
        }
        Ok(got)
    }

    async fn keep(&self, path: &DrivePath, at: u64, piece: &Piece) -> Result<()> {
        let room = self.kept().as_ref().is_some_and(|kept| kept.bytes + piece.bytes.len() <= KEPT_BYTES);
        if !room {
            self.forget_pieces().await?;
        }
        let mut value = Vec::with_capacity(piece.bytes.len() + 64);
        put_prefixed(&mut value, piece.version.as_str().as_bytes());
        value.extend_from_slice(&piece.bytes);
        let record = StateRecord::set(format!("{PIECE}{path}/{at:012x}"), value);
        self.state.write([record].into_iter().chain(self.pace.news()?).collect()).await?;
        if let Some(kept) = self.kept().as_mut() {
            kept.add((path.to_string(), at), piece.clone());
        }
        Ok(())
    }

    /// What is kept of a file from there on.
    fn kept_from(&self, path: &DrivePath, at: u64) -> Option<Piece> {
        let kept = self.kept();
        let path = path.to_string();
        let ((_, begins), piece) = kept.as_ref()?.pieces.range((path.clone(), 0)..=(path, at)).next_back()?;
        let skipped = usize::try_from(at - begins).ok()?;
        let bytes = piece.bytes.get(skipped..).filter(|bytes| !bytes.is_empty())?;
        Some(Piece { version: piece.version.clone(), bytes: bytes.to_vec(), last: false })
    }

    /// Looks for what a client that was stopped has read.
    async fn recall_pieces(&self) -> Result<()> {
        if self.kept().is_some() {
            return Ok(());
        }
        self.pace.recall(&*self.state).await?;
        let (mut found, mut after) = (Kept::default(), None);
        loop {
            let page = self.state.scan(PIECE.to_owned(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for (place, piece) in page.into_iter().filter_map(kept_piece) {
                found.add(place, piece);
            }
        }
        if !found.pieces.is_empty() {
            self.pace.was_cut_off();
            self.log.line(Level::Debug, || format!("going on with {} bytes of files that were read in part", found.bytes));
        }
        self.kept().get_or_insert(found);
        Ok(())
    }

    fn since(&self, begun: Duration) -> Duration {
        self.runtime.now().saturating_sub(begun)
    }

    /// Never held across an await.
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, place: (String, u64), piece: Piece) {
        self.bytes += piece.bytes.len();
        if let Some(before) = self.pieces.insert(place, piece) {
            self.bytes -= before.bytes.len();
        }
    }
}

/// Reads a piece as the state has it; none if it makes no sense: then it is read from the drive.
fn kept_piece(record: StateRecord) -> Option<((String, u64), Piece)> {
    let (path, begins) = record.key.strip_prefix(PIECE)?.rsplit_once('/')?;
    let place = (path.to_owned(), u64::from_str_radix(begins, 16).ok()?);
    let value = record.value?;
    let mut from = Reader::new(&value);
    let version = String::from_utf8(from.prefixed(usize::MAX, "").ok()?.to_vec()).ok()?;
    let bytes = from.bytes(from.left()).ok()?.to_vec();
    Some((place, Piece { version: Version::new(version), bytes, last: false }))
}

/// Appends at most so many bytes.
fn append(to: &mut Vec<u8>, mut bytes: Vec<u8>, at_most: u64) {
    bytes.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
    if to.is_empty() {
        *to = bytes;
    } else {
        to.extend_from_slice(&bytes);
    }
}

/// Whether a file is never written again.
fn is_final(path: &DrivePath) -> bool {
    path.as_str().split_once('/').is_some_and(|(folder, _)| [RECORDS, CHECKPOINTS, PARTS].contains(&folder))
}

#[apply(port!)]
impl Drive for Patient {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let range = options.range.clone().unwrap_or(0..u64::MAX);
        let is_much = range.end.saturating_sub(range.start) > self.pace.least();
        if options.unless.is_none() && is_much && is_final(&path) {
            self.in_pieces(path, range).await
        } else {
            self.at_once(path, options).await
        }
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let (begun, size) = (self.runtime.now(), bytes.len() as u64);
        let version = self.drive.put(path, bytes, condition).await?;
        self.pace.learn(Way::Up, size, self.since(begun));
        Ok(version)
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }

    async fn put_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        self.drive.put_many(files).await
    }

    async fn changed_since(&self, token: Option<String>) -> Result<Changed> {
        self.drive.changed_since(token).await
    }

    async fn wait_for_change(&self, token: Option<String>, timeout: Duration) -> Result<Changed> {
        self.drive.wait_for_change(token, timeout).await
    }
}
