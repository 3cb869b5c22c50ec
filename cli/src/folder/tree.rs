//! The folder on the disk: what blocks, and so runs on a thread of its own.

use super::{
    ignored::{HELD, Rules},
    names::Names,
    notes::{Notes, Paths},
    paths::OWN,
    place::{NoPlace, Place, Root, open_dir, plain},
    read::{self, BUSY, Steady},
    scan::{Found, Sight, Walk},
    stage,
    stamp::{Hashed, Stamp},
};
use crate::lock::FolderLock;
use kitestring::{Body, DocId, Document, Incoming, Outcome, Revision};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::FileType,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// After this time a page of entries ends, so that progress shows and a cancelled command ends soon.
const PAGE_TIME: Duration = Duration::from_secs(1);

/// A folder, held open: should its disk go away, nothing else can be mistaken for it.
pub(crate) struct Tree {
    pub(super) root: OwnedFd,
    path: PathBuf,
    names: Names,
    /// What was left out so far.
    pub(crate) notes: Notes,
    /// Changes that wait because their files are ignored here.
    pub(crate) held: Notes,
    /// What the last comparison left out because it is ignored.
    pub(crate) ignored: Paths,
    /// Conflict copies of other sync programs that it came across.
    pub(crate) copies: Notes,
    /// Lines of `.kiteignore` that make no sense, by their number.
    pub(crate) faults: Notes,
    rules: Mutex<Arc<Rules>>,
    /// The walk under way and the last file it gave.
    walk: Mutex<Option<(DocId, Walk)>>,
    pub(super) large: Mutex<BTreeMap<DocId, (Revision, Stamp)>>,
    /// Held for as long as anything may still be written.
    pub(super) usage: Usage,
}

/// What a command will do with the folder.
#[derive(Debug)]
pub(crate) enum Usage {
    /// Read and write.
    Work(#[allow(dead_code, reason = "held, not read")] FolderLock),
    /// Only read a folder that is set up.
    Look(#[allow(dead_code, reason = "held, not read")] Option<FolderLock>),
    /// Only read a folder that was never set up.
    Guest,
}

/// Files with their digests.
pub(super) type Digests = Vec<(DocId, Hashed)>;

/// A file that `get` found.
pub(super) enum Opened {
    /// With its content.
    Whole(Document),
    /// Too large for that.
    Large(Found),
}

impl Tree {
    /// Opens the folder at `path`, whose disk treats names like this.
    pub(crate) fn open(path: &Path, usage: Usage, names: Names) -> io::Result<Self> {
        let root: OwnedFd = File::open(path)?.into();
        if matches!(usage, Usage::Work(_)) {
            stage::clean(&path.join(OWN))?;
        }
        let faults = Notes::default();
        let rules = Mutex::new(Arc::new(Rules::read(root.as_fd(), &faults)?));
        Ok(Self {
            root,
            path: path.to_owned(),
            names,
            notes: Notes::default(),
            held: Notes::default(),
            ignored: Paths::default(),
            copies: Notes::default(),
            faults,
            rules,
            walk: Mutex::default(),
            large: Mutex::default(),
            usage,
        })
    }

    /// Returns the folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file beside the others; durable on return.
    ///
    /// # Errors
    /// `AlreadyExists` if something has the name, otherwise the reason.
    pub(crate) fn add_file(&self, id: &DocId, bytes: &[u8]) -> io::Result<()> {
        let body = Body::Whole(bytes.to_vec());
        let revision = Revision::of(bytes);
        let outcome = self.apply(&[Incoming { id: id.clone(), revision, body: Some(body), expected: None }])?;
        match outcome.into_iter().next() {
            Some(Outcome::Applied) => Ok(()),
            Some(Outcome::Rejected(reason)) => Err(io::Error::other(reason)),
            _ => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    /// Returns the next files of the walk.
    pub(super) fn page(&self, after: Option<DocId>, limit: u32) -> io::Result<Vec<Found>> {
        self.check_present()?;
        if after.is_none() {
            self.begin_walk()?;
        }
        let rules = self.rules();
        let sight = Sight { rules: &rules, notes: &self.notes, ignored: &self.ignored, copies: &self.copies };
        let mut under_way = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut walk = match under_way.take() {
            Some((last, walk)) if Some(&last) == after.as_ref() => walk,
            _ => Walk::after(self.root.as_fd(), after.as_ref(), &sight)?,
        };
        let found: Vec<Found> = std::iter::from_fn(|| walk.next(&sight)).take(limit.max(1) as usize).collect();
        *under_way = found.last().map(|f| (f.id.clone(), walk));
        Ok(found)
    }

    /// The rules are those of the moment in which a comparison begins: a change of them never splits one.
    fn begin_walk(&self) -> io::Result<()> {
        self.faults.reset();
        let rules = Rules::read(self.root.as_fd(), &self.faults)?;
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        self.held.reset();
        self.ignored.reset();
        self.copies.reset();
        Ok(())
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a file is ignored.
    pub(super) fn ignores(&self, id: &DocId) -> bool {
        self.rules().ignore_id(id)
    }

    /// Notes that a change waits because its file is ignored.
    pub(super) fn hold_back(&self, id: &DocId) {
        self.held.add(id.as_str(), HELD);
    }

    /// Computes the digests of those that are not known. Returns all digests, and those that are new.
    pub(super) fn hash_all(&self, found: Vec<Found>, known: Vec<Option<Hashed>>) -> (Digests, Digests) {
        let (mut all, mut fresh) = (Vec::with_capacity(found.len()), Vec::new());
        let started = Instant::now();
        for (file, known) in found.into_iter().zip(known) {
            if let Some(hashed) = known {
                all.push((file.id, hashed));
                continue;
            }
            if let Some(Steady::Same(hashed, _)) = self.try_read(&file.id, read::hash) {
                fresh.push((file.id.clone(), hashed));
                all.push((file.id, hashed));
            }
            if !all.is_empty() && started.elapsed() > PAGE_TIME {
                break;
            }
        }
        (all, fresh)
    }

    /// Reads these files, except for the content of those over `limit` bytes. What is missing is left out.
    pub(super) fn open_all(&self, ids: &[DocId], limit: u64) -> Vec<Opened> {
        let rules = self.rules();
        let (ignored, wanted): (Vec<_>, Vec<_>) = ids.iter().partition(|id| rules.ignore_id(id));
        // Nothing is known of what is ignored: whoever asks for it has a change that must wait.
        ignored.into_iter().for_each(|id| self.hold_back(id));
        wanted.into_iter().filter_map(|id| self.open_one(id, limit)).collect()
    }

    fn open_one(&self, id: &DocId, limit: u64) -> Option<Opened> {
        let read = self.try_read(id, |file| {
            let stamp = Stamp::of(&rustix::fs::fstat(&*file)?);
            if stamp.size > limit {
                return Ok(Steady::Same(Opened::Large(Found { id: id.clone(), stamp }), stamp));
            }
            Ok(match read::whole(file)? {
                Steady::Same((bytes, digest), stamp) => {
                    let body = Body::Whole(bytes);
                    Steady::Same(Opened::Whole(Document { id: id.clone(), revision: Revision::from(digest), body }), stamp)
                }
                Steady::Busy => Steady::Busy,
            })
        });
        match read? {
            Steady::Same(opened, _) => Some(opened),
            Steady::Busy => None,
        }
    }

    /// Opens a file and reads it; none if it is missing or cannot be read, which is noted.
    pub(super) fn try_read<T>(&self, id: &DocId, read: impl FnOnce(&mut File) -> io::Result<Steady<T>>) -> Option<Steady<T>> {
        let place = match Place::find(self.root(), id) {
            Ok(place) => place,
            Err(NoPlace::Nothing) => return None,
            Err(NoPlace::Twin(twin)) => {
                self.notes.add(id.as_str(), twin.why());
                return None;
            }
            Err(NoPlace::Refused(reason)) => {
                self.notes.add(id.as_str(), reason);
                return None;
            }
        };
        match place.open().and_then(|mut file| read(&mut file)) {
            Ok(Steady::Same(value, stamp)) => {
                self.notes.clear(id.as_str());
                return Some(Steady::Same(value, stamp));
            }
            Ok(Steady::Busy) => self.notes.add(id.as_str(), BUSY),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            // A directory in the place of a file is no file that cannot be read: the file is gone.
            Err(_) if matches!(place.look(), Ok(Some((FileType::Directory, _)))) => {}
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => self.notes.add(id.as_str(), plain(&e)),
            Err(e) => self.notes.add(id.as_str(), format!("cannot be read: {}", plain(&e))),
        }
        None
    }

    pub(super) fn root(&self) -> Root<'_> {
        Root { dir: self.root.as_fd(), names: self.names }
    }

    /// Opens kite's own folder.
    pub(super) fn own(&self) -> io::Result<OwnedFd> {
        Ok(open_dir(self.root.as_fd(), OWN)?)
    }

    /// Opens the place for contents on their way.
    pub(super) fn tmp(&self) -> io::Result<OwnedFd> {
        Ok(stage::open(self.own()?.as_fd())?)
    }
}
