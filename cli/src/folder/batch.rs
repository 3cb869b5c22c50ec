//! A batch of incoming changes: contents first, durably and side by side, then one change after the other.

use super::{
    durable::Changed,
    ignored::HELD,
    read::{self, Steady},
    stage,
    tree::{Digests, Tree},
    write::{Batch, End, Ready},
};
use kitestring::{Body, Incoming, Outcome, Revision};
use rustix::fd::{AsFd as _, OwnedFd};
use std::io;

impl Tree {
    /// Applies a batch, deletions first: a file may then take the place of a directory that they emptied.
    pub(crate) fn apply(&self, changes: &[Incoming]) -> io::Result<Vec<Outcome>> {
        self.check_present()?;
        let own = self.own()?;
        let tmp = self.tmp()?;
        let contents = contents(&tmp, changes)?;
        let mut batch = Batch { root: self.root(), own: own.as_fd(), changed: Changed::default() };
        let mut outcomes = vec![Outcome::Stale; changes.len()];
        let all = changes.iter().zip(&contents).zip(&mut outcomes);
        let (writes, deletions): (Vec<_>, Vec<_>) = all.partition(|((_, content), _)| content.is_some());
        let mut fault = None;
        for ((change, content), outcome) in deletions.into_iter().chain(writes) {
            let ended = match content {
                _ if self.ignores(&change.id) => self.ignored(&batch, change),
                None => batch.delete(&change.id, change.expected.as_ref()),
                Some(name) => put(&mut batch, &tmp, change, name),
            };
            *outcome = match ended {
                Ok(()) => Outcome::Applied,
                Err(End::Answer(answer)) => answer,
                Err(End::Fault(e)) => {
                    fault = Some(e);
                    break;
                }
            };
        }
        stage::discard(&tmp, left_over(changes, &contents, &outcomes, |change| self.ignores(&change.id)));
        batch.changed.sync()?;
        match fault {
            Some(e) => Err(e),
            None => Ok(outcomes),
        }
    }

    /// Returns what was written, where a rename of it may have to be known for one: on a disk that folds names.
    pub(super) fn written(&self, changes: &[Incoming], outcomes: &[Outcome]) -> Digests {
        let root = self.root();
        if !root.names.is_folding() {
            return Vec::new();
        }
        let applied = changes.iter().zip(outcomes).filter(|(change, outcome)| **outcome == Outcome::Applied && change.body.is_some());
        let hashed = applied.filter_map(|(change, _)| match self.try_read(&change.id, read::hash)? {
            Steady::Same(hashed, _) => Some((change.id.clone(), hashed)),
            Steady::Busy => None,
        });
        hashed.collect()
    }

    /// What is ignored is left as it is, so only what is so already can be agreed on.
    fn ignored(&self, batch: &Batch<'_>, change: &Incoming) -> Result<(), End> {
        let wanted = match &change.body {
            Some(Body::Whole(bytes)) => Some(Revision::of(bytes)),
            Some(Body::Parts { .. }) => Some(change.revision.clone()),
            None => None,
        };
        if batch.revision(&change.id)? == wanted {
            self.held.clear(change.id.as_str());
            return Ok(());
        }
        self.hold_back(&change.id);
        Err(End::Answer(Outcome::Rejected(HELD.to_owned())))
    }
}

/// Brings the contents of a batch into kite's own folder, durably. Returns their names; none for a deletion.
fn contents(tmp: &OwnedFd, changes: &[Incoming]) -> io::Result<Vec<Option<String>>> {
    let mut names = Vec::with_capacity(changes.len());
    for (n, change) in changes.iter().enumerate() {
        names.push(match &change.body {
            None => None,
            Some(Body::Parts { .. }) => Some(stage::name_of(change.id.as_str(), change.revision.as_str())),
            Some(Body::Whole(bytes)) => {
                let name = format!("whole-{n}");
                stage::write(tmp, &name, bytes)?;
                Some(name)
            }
        });
    }
    stage::sync(tmp, &names.iter().flatten().map(String::as_str).collect::<Vec<_>>())?;
    Ok(names)
}

/// Names the contents that were not used. One that came in parts may still be.
fn left_over<'a>(
    changes: &[Incoming],
    names: &'a [Option<String>],
    outcomes: &[Outcome],
    ignores: impl Fn(&Incoming) -> bool,
) -> Vec<&'a str> {
    let whole = |change: &Incoming| matches!(change.body, Some(Body::Whole(_)));
    let all = changes.iter().zip(names).zip(outcomes);
    all.filter(|((change, _), outcome)| whole(change) && (**outcome != Outcome::Applied || ignores(change)))
        .filter_map(|((_, name), _)| name.as_deref())
        .collect()
}

fn put(batch: &mut Batch<'_>, tmp: &OwnedFd, change: &Incoming, name: &str) -> Result<(), End> {
    let revision = match &change.body {
        Some(Body::Parts { size }) => check_parts(tmp, change, name, *size)?,
        Some(Body::Whole(bytes)) => Revision::of(bytes),
        None => change.revision.clone(),
    };
    batch.put(&change.id, &Ready { dir: tmp.as_fd(), name, revision }, change.expected.as_ref())
}

/// Checks that a content that came in parts arrived whole, and returns its revision.
fn check_parts(tmp: &OwnedFd, change: &Incoming, name: &str, size: u64) -> Result<Revision, End> {
    let mut file = stage::content(tmp, name).map_err(End::Fault)?;
    let found = file.metadata().map_err(End::Fault)?.len();
    let revision = Revision::from(read::digest(&mut file).map_err(End::Fault)?);
    if found != size || revision != change.revision {
        return Err(End::Answer(Outcome::Rejected("its content did not arrive whole".to_owned())));
    }
    Ok(revision)
}
