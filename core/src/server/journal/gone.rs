//! Where there is no head: records that are known here and that a listing no longer names. A checkpoint covers them, the
//! listing lags, or the drive was put back to before they were written.

use super::{
    Journal, Session,
    checkpoint::PieceName,
    head::hash_of_retired,
    heads::Names,
    name::{Hash, Link, RecordName, Writer},
    pull::Refusal,
};
use crate::gather::Gather as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Checkpoints that were found to cover what is no longer listed: as long as they are there, they are not read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vouched {
    /// The hash over the last records of the writers that are no longer listed.
    gone: Hash,
    roots: BTreeSet<PieceName>,
}

impl Journal {
    /// Refuses a vault that is older than what this client has seen: also of others, whose records nobody could fold any
    /// more that are made on top of theirs.
    pub(super) async fn check_gone(&self, session: &mut Session, found: &Names) -> Result<(), Refusal> {
        let listed: BTreeSet<&RecordName> = found.records.iter().gather();
        let is_gone = |(writer, link): &(&Writer, &Link)| !listed.contains(&RecordName::new(**writer, link));
        let gone: BTreeMap<Writer, Link> =
            self.seen(session).await?.vector.iter().filter(is_gone).map(|(writer, link)| (*writer, *link)).gather();
        if gone.is_empty() || self.restores {
            return Ok(());
        }
        let hash = hash_of_retired(gone.iter());
        let is_listed = |root: &PieceName| found.roots.contains(root);
        if self.standing(session)?.vouched.as_ref().is_some_and(|vouched| vouched.gone == hash && vouched.roots.iter().all(is_listed)) {
            return Ok(());
        }
        let (mut rest, mut roots) = (gone, BTreeSet::new());
        // The newest first: it mostly covers all.
        let by_age: BTreeSet<PieceName> = found.roots.iter().copied().gather();
        for name in by_age.into_iter().rev() {
            if rest.is_empty() {
                break;
            }
            let Some(root) = self.root(session, &name).await? else { continue };
            let before = rest.len();
            rest.retain(|writer, link| !root.covers(writer, link.seq));
            if rest.len() < before {
                roots.insert(name);
            }
        }
        if rest.is_empty() {
            self.standing(session)?.vouched = Some(Vouched { gone: hash, roots });
            return Ok(());
        }
        let rest: Vec<(Writer, Link)> = rest.into_iter().collect();
        self.check_innocent(session, &rest, &BTreeMap::new()).await
    }
}
