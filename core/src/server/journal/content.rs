//! Contents of documents: from records that were just read, or from the drive by ranges.

use super::{
    Journal,
    checkpoint::FileName,
    codec,
    doc::{At, Body, InFrame, Version, Versions},
    dots_in,
    fold::load,
    front::FRONT_BYTES,
    name::{Dot, Hash, Writer},
    record::{Part, part_path},
    tag_of,
};
use crate::{
    Digest, DocId, Drive, Result, State,
    document::Short,
    drive::{GetOptions, Got},
    gather::Gather as _,
    lookup::Lookup,
    server::{Fetched, Listed, Loaded, Source, Tag, Wanted},
};
use futures::{
    lock::Mutex,
    stream::{self, StreamExt as _, TryStreamExt as _},
};
use macro_rules_attribute::apply;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Raw frames are kept up to this many bytes together: the contents that follow are mostly in the same ones.
const KEPT_BYTES: usize = 16 << 20;
/// Files are read as long as what was read of all of them may take this many bytes,
const AT_HAND_BYTES: usize = 30 << 20;
/// and at most this many at once.
const FILES_AT_ONCE: usize = 4;
/// Neighbouring frames are read together, up to this many bytes.
const RUN_BYTES: u64 = 4 << 20;
/// At most this many runs are read at once.
const RUNS_AT_ONCE: usize = 4;

/// Which frame: its file, and where it begins there.
pub(super) type FrameId = (FileName, u64);

/// What was read of records and may be needed.
#[derive(Default)]
pub(super) struct AtHand {
    /// Files, as far as they were read.
    files: BTreeMap<FileName, Vec<u8>>,
    /// Raw frames, that which was wanted last at the end.
    raw: VecDeque<(FrameId, Vec<u8>)>,
    raw_bytes: usize,
    /// What is known of the documents that were folded last, as the state has it.
    known: Lookup<DocId, Versions>,
}

impl AtHand {
    pub(super) fn clear(&mut self) {
        self.files.clear();
        self.known.clear();
    }

    /// Forgets everything but these files.
    pub(super) fn clear_but(&mut self, kept: &BTreeSet<FileName>) {
        self.files.retain(|file, _| kept.contains(file));
        self.known.clear();
    }

    /// How many more files may be read at once.
    pub(super) fn room(&self) -> usize {
        let bytes: usize = self.files.values().map(Vec::len).sum();
        (AT_HAND_BYTES.saturating_sub(bytes) / FRONT_BYTES as usize).min(FILES_AT_ONCE)
    }

    pub(super) fn has_file(&self, file: &FileName) -> bool {
        self.files.contains_key(file)
    }

    pub(super) fn know(&mut self, documents: impl Iterator<Item = (DocId, Versions)>) {
        self.known.extend(documents);
    }

    pub(super) fn forget<'a>(&mut self, ids: impl Iterator<Item = &'a DocId>) {
        ids.for_each(|id| drop(self.known.remove(id)));
    }

    /// What is known of documents, one answer each in the same order.
    async fn versions<'a>(&'a self, state: &dyn State, ids: impl Iterator<Item = &'a DocId> + Clone) -> Result<Vec<Cow<'a, Versions>>> {
        let known: Vec<Option<&Versions>> = ids.clone().map(|id| self.known.get(id)).collect();
        let unknown = ids.zip(&known).filter(|(_, known)| known.is_none()).map(|(id, _)| id);
        let mut loaded = load(state, unknown).await?.into_iter();
        let answer = |known: Option<&'a Versions>| known.map_or_else(|| Cow::Owned(loaded.next().unwrap_or_default()), Cow::Borrowed);
        Ok(known.into_iter().map(answer).collect())
    }

    pub(super) fn insert(&mut self, name: FileName, file: Vec<u8>) {
        self.files.insert(name, file);
    }

    fn raw(&mut self, id: FrameId) -> Option<&[u8]> {
        let place = self.raw.iter().rposition(|(kept, _)| *kept == id)?;
        if place + 1 < self.raw.len() {
            let wanted = self.raw.remove(place)?;
            self.raw.push_back(wanted);
        }
        self.raw.back().map(|(_, raw)| raw.as_slice())
    }

    fn keep(&mut self, id: FrameId, raw: Vec<u8>) {
        self.raw_bytes += raw.len();
        self.raw.push_back((id, raw));
        while self.raw_bytes > KEPT_BYTES && self.raw.len() > 1 {
            self.raw_bytes -= self.raw.pop_front().map_or(0, |(_, raw)| raw.len());
        }
    }

    /// Takes a content out of its frame; none if the frame's bytes were not read.
    fn content(&mut self, at: &InFrame, short: Short) -> Option<Loaded> {
        let id = (at.file, at.begins);
        if let Some(raw) = self.raw(id) {
            return Some(content(raw, at, short));
        }
        let stored = self.files.get(&id.0).zip(range(at.begins, at.stored_len)).and_then(|(file, range)| file.get(range))?;
        Some(match raw_frame(at, stored) {
            Ok(raw) => {
                let content = content(&raw, at, short);
                self.keep(id, raw);
                content
            }
            Err(why) => unreadable(why),
        })
    }
}

fn range(begins: u64, len: u64) -> Option<std::ops::Range<usize>> {
    Some(usize::try_from(begins).ok()?..usize::try_from(begins.checked_add(len)?).ok()?)
}

fn raw_frame(at: &InFrame, stored: &[u8]) -> Result<Vec<u8>, &'static str> {
    let len = usize::try_from(at.raw_len).map_err(|_| "it is too large")?;
    codec::decompress(at.codec, stored, len).map_err(|malformed| malformed.0)
}

impl Journal {
    /// What is known of documents, without their contents.
    pub(super) async fn look_up(&self, at_hand: &AtHand, wanted: Vec<Wanted>) -> Result<Vec<Fetched>> {
        let all = at_hand.versions(&*self.state, wanted.iter().map(|w| &w.id)).await?;
        let look = |(wanted, versions): (&Wanted, Cow<'_, Versions>)| match versions.winner() {
            Some(winner) if versions.is_up_to_date(&basis_of(wanted.base.as_ref(), &versions)) => match winner.body {
                Some(_) => Fetched::Unchanged,
                None => Fetched::Gone,
            },
            Some(Version { body: Some(body), revision, number, dot, .. }) => Fetched::Listed(Listed {
                id: wanted.id.clone().spelled_as_number(*number),
                revision: revision.clone(),
                short: body.short,
                size: body.size,
                tag: tag_of([*dot]),
            }),
            Some(_) | None => Fetched::Gone,
        };
        Ok(wanted.iter().zip(all).map(look).collect())
    }

    /// Loads contents, first those that were just read.
    pub(super) async fn load_contents(&self, at_hand: &mut AtHand, wanted: Vec<(DocId, Tag)>) -> Result<Vec<Loaded>> {
        let all = at_hand.versions(&*self.state, wanted.iter().map(|(id, _)| id)).await?;
        let bodies: Vec<Option<(Writer, Body)>> = wanted.iter().zip(&all).map(|((_, tag), versions)| body_of(tag, versions)).collect();
        drop(all);
        at_hand.forget(wanted.iter().map(|(id, _)| id));
        self.load_bodies(at_hand, bodies).await
    }

    /// Loads contents from where they are said to be.
    pub(super) async fn load_bodies(&self, at_hand: &mut AtHand, bodies: Vec<Option<(Writer, Body)>>) -> Result<Vec<Loaded>> {
        let (mut loaded, mut absent) = (Vec::with_capacity(bodies.len()), Absent::new());
        for body in bodies {
            loaded.push(match body {
                None => Loaded::Unreadable("another version has come meanwhile; the next sync takes it".to_owned()),
                Some((_, Body { size: 0, .. })) => Loaded::Whole(Vec::new(), Digest::of(&[])),
                Some((writer, Body { at: At::Parts(parts), size, .. })) => self.in_parts(writer, parts, size),
                Some((_, Body { at: At::Frame(at), short, .. })) => at_hand.content(&at, short).unwrap_or_else(|| {
                    absent.entry((at.file, at.begins)).or_insert_with(|| (at, Vec::new())).1.push((loaded.len(), at, short));
                    unreadable("its file is not on the drive, or not all of it")
                }),
            });
        }
        self.fetch_frames(at_hand, absent, &mut loaded).await?;
        Ok(loaded)
    }

    /// Reads frames from the drive, neighbours in one request, and takes the contents out of each as it comes.
    async fn fetch_frames(&self, at_hand: &mut AtHand, absent: Absent, loaded: &mut [Loaded]) -> Result<()> {
        let read = stream::iter(runs(absent)).map(|run| async move {
            let (Some((id, (first, _))), Some((_, (last, _)))) = (run.first(), run.last()) else { return Ok((0, run, Vec::new())) };
            let options = GetOptions { range: Some(first.begins..last.begins + last.stored_len), unless: None };
            let bytes = match self.bodies.get(id.0.path(), options).await? {
                Got::File { bytes, .. } => bytes,
                Got::Missing | Got::Unchanged => Vec::new(),
            };
            Ok::<_, crate::Error>((first.begins, run, bytes))
        });
        let mut read = read.buffered(self.parallel().min(RUNS_AT_ONCE));
        while let Some((begins, run, bytes)) = read.try_next().await? {
            for (id, (frame, wanted)) in run {
                let Some(stored) = range(frame.begins - begins, frame.stored_len).and_then(|range| bytes.get(range)) else { continue };
                let raw = raw_frame(&frame, stored);
                for (place, at, short) in wanted {
                    if let Some(loaded) = loaded.get_mut(place) {
                        *loaded = raw.as_ref().map_or_else(|why| unreadable(why), |raw| content(raw, &at, short));
                    }
                }
                if let Ok(raw) = raw {
                    at_hand.keep(id, raw);
                }
            }
        }
        Ok(())
    }

    fn in_parts(&self, writer: Writer, parts: Vec<Part>, size: u64) -> Loaded {
        if parts.iter().map(|part| part.raw_len).sum::<u64>() != size {
            return Loaded::Unreadable("its parts on the drive do not make it up".to_owned());
        }
        Loaded::Parts(Arc::new(Parts { drive: self.drive.clone(), writer, parts, present: Mutex::default() }))
    }
}

/// What the local content includes: what the base says, and what is remembered where there is no base.
pub(super) fn basis_of(base: Option<&Tag>, versions: &Versions) -> BTreeSet<Dot> {
    base.into_iter().flat_map(dots_in).chain(versions.basis.iter().copied()).gather()
}

fn body_of(tag: &Tag, versions: &Versions) -> Option<(Writer, Body)> {
    let version = dots_in(tag).find_map(|dot| versions.get(dot))?;
    Some((version.dot.writer, version.body.clone()?))
}

fn content(raw: &[u8], at: &InFrame, short: Short) -> Loaded {
    let Some(bytes) = range(at.spot.offset, at.spot.len).and_then(|range| raw.get(range)) else {
        return Loaded::Unreadable("its content lies outside of its frame".to_owned());
    };
    let digest = Digest::of(bytes);
    if Short::of(&digest) == short {
        return Loaded::Whole(bytes.to_vec(), digest);
    }
    Loaded::Unreadable("its content on the drive is not what it should be".to_owned())
}

fn unreadable(why: &str) -> Loaded {
    Loaded::Unreadable(format!("its content on the drive cannot be had: {why}"))
}

/// Frames that are not at hand, each with the contents that are wanted of it: where they go, and where they are.
type Absent = BTreeMap<FrameId, (InFrame, Vec<(usize, InFrame, Short)>)>;
/// Neighbours in one file.
type Run = Vec<(FrameId, (InFrame, Vec<(usize, InFrame, Short)>))>;

/// Cuts frames into runs of neighbours in one file.
fn runs(frames: Absent) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (id, frame) in frames {
        let follows = |run: &Run| {
            run.first().zip(run.last()).is_some_and(|((first, (begin, _)), (last, (before, _)))| {
                last.0 == id.0
                    && first.0 == id.0
                    && before.begins + before.stored_len == frame.0.begins
                    && frame.0.begins - begin.begins < RUN_BYTES
            })
        };
        match runs.last_mut().filter(|run| follows(run)) {
            Some(run) => run.push((id, frame)),
            None => runs.push(vec![(id, frame)]),
        }
    }
    runs
}

/// A large content on the drive.
struct Parts {
    drive: Arc<dyn Drive>,
    writer: Writer,
    parts: Vec<Part>,
    /// The part that was read last: its number, and its raw bytes.
    present: Mutex<Option<(usize, Vec<u8>)>>,
}

impl Parts {
    async fn read(&self, part: &Part) -> Result<Option<Vec<u8>>> {
        let options = GetOptions { range: Some(0..part.stored_len.saturating_add(1)), unless: None };
        let Got::File { bytes, .. } = self.drive.get(part_path(self.writer, part.name_no), options).await? else { return Ok(None) };
        if Hash::of(&bytes) != part.hash {
            return Ok(None);
        }
        let raw_len = usize::try_from(part.raw_len).unwrap_or(usize::MAX);
        Ok(codec::decompress(part.codec, &bytes, raw_len).ok())
    }
}

#[apply(port!)]
impl Source for Parts {
    async fn part(&self, offset: u64, length: u64) -> Result<Option<Vec<u8>>> {
        let (mut begins, mut found) = (0, None);
        for (n, part) in self.parts.iter().enumerate() {
            if offset < begins + part.raw_len {
                found = Some((n, part));
                break;
            }
            begins += part.raw_len;
        }
        let Some((n, part)) = found else { return Ok(None) };
        let mut present = self.present.lock().await;
        if present.as_ref().is_none_or(|(no, _)| *no != n) {
            *present = self.read(part).await?.map(|raw| (n, raw));
        }
        let raw = present.as_ref().map(|(_, raw)| raw.as_slice());
        let inside = offset - begins;
        let length = length.min(part.raw_len - inside);
        Ok(raw.zip(range(inside, length)).and_then(|(raw, range)| raw.get(range)).map(<[u8]>::to_vec))
    }
}
