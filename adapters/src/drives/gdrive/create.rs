//! Making files that others may be making too: each is made under an id of its own, and then entered in the table of names.
//! Who dies in between leaves a file that nobody names, and which counts for nothing.

use super::{GDrive, PARALLEL, call, known::Place, model::ENTERED, names::Table, refusal::Refusal, root::Root, routes::SMALL};
use crate::http::{Call, Repeat};
use futures::stream::{self, StreamExt as _};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};

/// So often others may change the table first.
const ROUNDS: u32 = 32;
/// Waits grow up to this repetition.
const LONGEST: u32 = 4;

/// A file to make.
pub(super) struct Job {
    /// Where its answer belongs.
    at: usize,
    path: DrivePath,
    bytes: Vec<u8>,
    /// What is there already is replaced.
    replaces: bool,
}

/// A file that is made, and not entered yet.
struct Made {
    at: usize,
    path: DrivePath,
    place: Place,
    /// The content, as long as it may have to go into a file that somebody else has entered.
    bytes: Option<Vec<u8>>,
    /// It was made by somebody who did not come to enter it.
    is_found: bool,
}

type Answer = (usize, Result<Version>);

impl Job {
    pub(super) fn new(at: usize, file: PutFile) -> Self {
        Self { at, path: file.path, bytes: file.bytes, replaces: file.condition == Condition::Any }
    }
}

impl GDrive {
    /// Makes files of paths that have none, as one change of the table of names.
    pub(super) async fn enter(&self, jobs: Vec<Job>) -> Vec<Answer> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let _turn = self.naming.lock().await;
        let places: Vec<usize> = jobs.iter().map(|job| job.at).collect();
        match self.make_all(jobs).await {
            Ok((mut answers, made)) => {
                answers.extend(self.enter_all(made).await);
                answers
            }
            Err(error) => places.into_iter().map(|at| (at, Err(again(&error)))).collect(),
        }
    }

    /// Makes the files, or answers for those that exist.
    async fn make_all(&self, jobs: Vec<Job>) -> Result<(Vec<Answer>, Vec<Made>)> {
        let call = call("put", jobs.first().filter(|_| jobs.len() == 1).map_or("", |job| job.path.as_str()), Repeat::Freely);
        let (_, table) = self.table(&call).await?;
        let only = jobs.first().filter(|_| jobs.len() == 1).map(|job| job.path.clone());
        let is_searched = only.as_ref().is_some_and(|path| self.known.lock().unfound.remove(path));
        if !is_searched {
            self.find_names(&call, only.as_ref()).await?;
        }
        let root = self.root(&call).await?;
        let (table, root) = (&table, &root);
        let making = jobs.into_iter().map(|job| async move { (job.at, self.make_one(table, root, job).await) });
        let done: Vec<_> = stream::iter(making).buffer_unordered(PARALLEL as usize).collect().await;
        let (mut answers, mut made) = (Vec::new(), Vec::new());
        for (at, outcome) in done {
            match outcome {
                Ok(Ok(own)) => made.push(own),
                Ok(Err(version)) => answers.push((at, Ok(version))),
                Err(error) => answers.push((at, Err(error))),
            }
        }
        Ok((answers, made))
    }

    /// Makes one file; or replaces the one that is there, and returns its version.
    async fn make_one(&self, table: &Table, root: &Root, job: Job) -> Result<Result<Made, Version>> {
        let Job { at, path, bytes, replaces } = job;
        let call = call("put", path.as_str(), Repeat::Freely);
        let entered = table.id(&path).cloned().into_iter().chain(self.known.file(&path).map(|place| place.id));
        for id in entered {
            if let Some(outcome) = self.meet(&call, &path, &id, replaces.then_some(&bytes)).await? {
                return Ok(Err(outcome));
            }
        }
        let pending = self.known.lock().shared.pending.remove(&path);
        if let Some(id) = pending
            && self.look(&call, &id).await?.is_some()
        {
            // Clients of db-to-cloud know it already, and would never look for another one.
            return Ok(Ok(Made { at, path, place: Place::new(id), bytes: replaces.then_some(bytes), is_found: true }));
        }
        let place = self.make_file(&call, &path, &root.folder, Some(ENTERED), bytes.clone()).await?;
        Ok(Ok(Made { at, path, place, bytes: replaces.then_some(bytes), is_found: false }))
    }

    /// Meets a file that may have the path already: none if it is gone; otherwise it is replaced, if there are bytes for it.
    async fn meet(&self, call: &Call, path: &DrivePath, id: &str, bytes: Option<&Vec<u8>>) -> Result<Option<Version>> {
        if self.known.lock().gone.contains(id) {
            return Ok(None);
        }
        if let Some(bytes) = bytes {
            if let Ok(file) = self.replace(call, id, bytes.clone()).await? {
                let version = file.content.version().ok_or_else(|| self.senseless(call))?;
                self.known.keep(path, Place { id: id.to_owned(), content: file.content, etag: None });
                return Ok(Some(version));
            }
        } else if self.look(call, id).await?.is_some() {
            return Err(self.error(call, ErrorKind::Condition, "has such a file already"));
        }
        self.known.lose(path, id);
        Ok(None)
    }

    /// Enters what was made in the table.
    async fn enter_all(&self, mut made: Vec<Made>) -> Vec<Answer> {
        let mut answers = Vec::new();
        for round in 0..ROUNDS {
            if made.is_empty() {
                return answers;
            }
            match self.try_enter(round == 0, &mut made, &mut answers).await {
                Ok(true) => {
                    for own in made {
                        answers.push((own.at, self.entered(own).await));
                    }
                    return answers;
                }
                Ok(false) => {}
                Err(error) => {
                    answers.extend(made.into_iter().map(|own| (own.at, Err(again(&error).about(own.path.as_str())))));
                    return answers;
                }
            }
            if let Err(error) = self.web.wait(round.min(LONGEST)).await {
                answers.extend(made.into_iter().map(|own| (own.at, Err(again(&error)))));
                return answers;
            }
        }
        let busy = |own: &Made| {
            let call = call("put", own.path.as_str(), Repeat::OnlyIfRefused);
            self.error(&call, ErrorKind::Unavailable, "has a table of names that others write all the time; it goes on later")
        };
        answers.extend(made.iter().map(|own| (own.at, Err(busy(own)))));
        answers
    }

    async fn entered(&self, own: Made) -> Result<Version> {
        let Made { path, place, bytes, is_found, .. } = own;
        let call = call("put", path.as_str(), Repeat::Freely);
        self.known.keep(&path, place.clone());
        if !is_found {
            return place.content.version().ok_or_else(|| self.senseless(&call));
        }
        let replaced = self.meet(&call, &path, &place.id, bytes.as_ref()).await?;
        replaced.ok_or_else(|| self.error(&call, ErrorKind::Unavailable, "has lost that file meanwhile; it goes on later"))
    }

    /// Changes the table once; false if somebody else was first. Files that others have entered meanwhile are answered.
    async fn try_enter(&self, is_first: bool, made: &mut Vec<Made>, answers: &mut Vec<Answer>) -> Result<bool> {
        let (reads, writes) = (call("put", "", Repeat::Freely), call("put", "", Repeat::OnlyIfRefused));
        // The first time it has just been read.
        let read = self.known.lock().table.clone().filter(|_| is_first);
        let (mut place, mut table) = match read {
            Some(read) => read,
            None => self.table(&reads).await?,
        };
        let mut left = Vec::new();
        for own in std::mem::take(made) {
            match table.id(&own.path) {
                Some(id) if *id != own.place.id => match self.yield_to(&own, &id.clone()).await {
                    Ok(None) => left.push(own),
                    Ok(Some(version)) => answers.push((own.at, Ok(version))),
                    Err(error) => answers.push((own.at, Err(error))),
                },
                _ => left.push(own),
            }
        }
        *made = left;
        {
            let inner = self.known.lock();
            table.files.retain(|_, id| !inner.gone.contains(id));
        }
        table.files.extend(made.iter().map(|own| (own.path.as_str().to_owned(), own.place.id.clone())));
        let bytes = table.encode();
        if bytes.len() > SMALL {
            return Err(self.error(&writes, ErrorKind::QuotaExceeded, "has too many files for its table of names; use the journal layout"));
        }
        match self.replace_if(&writes, &place.id, place.etag.as_deref().unwrap_or_default(), bytes).await? {
            Ok(tagged) => {
                place.seen(tagged);
                self.known.lock().table = Some((place, table));
                Ok(true)
            }
            Err(Refusal::Moved) => Ok(false),
            Err(_) => Err(self.no_root(&writes)),
        }
    }

    /// Somebody else has entered the path: none if that file is gone again, otherwise our own is dropped.
    async fn yield_to(&self, own: &Made, id: &str) -> Result<Option<Version>> {
        let call = call("put", own.path.as_str(), Repeat::Freely);
        let outcome = self.meet(&call, &own.path, id, own.bytes.as_ref()).await;
        if !matches!(outcome, Ok(None)) {
            // If it stays, it counts for nothing.
            let _ = self.delete_id(&call, &own.place.id, None).await;
        }
        outcome
    }
}

/// The same error for another file.
fn again(error: &Error) -> Error {
    Error::new(error.kind.clone(), error.operation(), error.detail()).with_retry(error.retry)
}
