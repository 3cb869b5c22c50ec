//! Whether the index of the records names what is there.

use super::{
    super::{
        Strategy,
        checkpoint::PieceName,
        head::{Head, Reference, hash_of_retired},
        heads::{Found, Place, heads},
        marker::Marker,
        name::{Link, Writer},
    },
    Doctor,
    checkpoints::join,
};
use crate::{ErrorKind, FindingKind as Kind, Result};
use std::collections::BTreeMap;

/// The index, as it was found.
pub(super) enum HeadFound {
    /// The strategy has none.
    None,
    /// It cannot be looked at: it is newer than this library.
    Newer,
    Missing,
    Damaged(Place, &'static str),
    Foreign(Head, Place),
    Good(Head, Place),
}

impl HeadFound {
    /// The checkpoint that it announces.
    pub(super) fn announced(&self) -> Option<PieceName> {
        match self {
            Self::Good(head, _) => head.checkpoint.map(|found| found.root),
            _ => None,
        }
    }

    /// What it names.
    pub(super) fn vector(&self) -> BTreeMap<Writer, Link> {
        match self {
            Self::Good(head, _) => head.vector.clone(),
            _ => BTreeMap::new(),
        }
    }
}

const REBUILT: &str =
    "it is made again from the records and checkpoints that are there: it is an index, and never the only copy of anything";

impl Doctor<'_> {
    pub(super) async fn read_head(&mut self, marker: &Marker) -> Result<HeadFound> {
        if marker.strategy == Strategy::Listing {
            return Ok(HeadFound::None);
        }
        let found = match heads(marker.strategy, &self.journal.drive).read(&Place::default()).await {
            Err(e) if e.kind == ErrorKind::NeedsNewerVersion => {
                self.look.findings.refused(Kind::Newer, "head", e.detail(), "update this program");
                return Ok(HeadFound::Newer);
            }
            other => other?,
        };
        let ids = self.journal.listed_ids().await?;
        Ok(match found {
            Found::Head(head, place) if head.vault == marker.vault || marker.sealed.is_none() && ids.contains(&head.vault) => {
                HeadFound::Good(head, place)
            }
            Found::Head(head, place) => HeadFound::Foreign(head, place),
            Found::Damaged(place, why) => HeadFound::Damaged(place, why),
            Found::Nothing | Found::Unchanged | Found::Names(_) => HeadFound::Missing,
        })
    }

    /// Says what is the matter with the index, and makes the one that belongs there.
    pub(super) async fn look_at_head(&mut self, marker: &Marker, found: &HeadFound) -> Result<()> {
        let path = if marker.strategy == Strategy::CompareAndSwap { "head" } else { "h" };
        let is_empty = self.read.records.is_empty() && self.read.whole.is_empty();
        let over = match found {
            HeadFound::None | HeadFound::Newer => None,
            HeadFound::Missing if is_empty => None,
            HeadFound::Missing => {
                self.look.findings.possible(Kind::HeadMissing, path, "the index of the records is not there", REBUILT);
                Some(Place::default())
            }
            HeadFound::Damaged(place, why) => {
                let detail = format!("the index of the records makes no sense: {why}");
                self.look.findings.possible(Kind::HeadDamaged, path, detail, REBUILT);
                Some(place.clone())
            }
            HeadFound::Foreign(head, place) => self.look_at_foreign(path, head, place),
            HeadFound::Good(head, place) => return self.look_at_good(path, head, place).await,
        };
        if let Some(place) = over {
            let head = self.rebuilt(marker).await?;
            self.look.cure.head = Some((head, place));
        }
        Ok(())
    }

    fn look_at_foreign(&mut self, path: &str, head: &Head, place: &Place) -> Option<Place> {
        let detail = format!("the index of the records is that of another vault, {}", head.vault);
        if self.look.findings.has(Kind::RecordForeign) || self.look.findings.has(Kind::AnotherVault) {
            let advice = "records of another vault lie here too, so it may be needed: take one of the two vaults out yourself";
            self.look.findings.refused(Kind::HeadForeign, path, detail, advice);
            return None;
        }
        let advice = "nothing else here is of that vault, so it is an index of nothing: it is made again from the records that are there";
        self.look.findings.possible(Kind::HeadForeign, path, detail, advice);
        Some(place.clone())
    }

    async fn look_at_good(&mut self, path: &str, head: &Head, place: &Place) -> Result<()> {
        if head.closed {
            let detail = "the index is closed: the strategy of the vault was lowered, and the marker does not say so yet";
            let advice = "lower the strategy once more, which completes it; or put the marker back that the vault had since";
            self.look.findings.refused(Kind::HeadClosed, path, detail, advice);
            return Ok(());
        }
        let mut next = head.clone();
        let mut is_other = false;
        if let Some(announced) = head.checkpoint
            && let Some(instead) = self.look_at_announced(&announced.root)
            && let Some(root) = self.read.roots.get(&instead)
        {
            next.checkpoint = Some(announcing(instead));
            join(&mut next.vector, &root.vector);
            is_other = true;
        }
        let advice = "it is announced in the index, as the next compaction would do; its author may be gone";
        for (writer, link) in self.readable() {
            let named = head.vector.get(&writer).map_or(0, |named| named.seq);
            if link.seq > named && !self.covers(super::checkpoints::dot(&writer, &link)) {
                let at = self.shown(&super::super::name::RecordName::new(writer, &link).path());
                let detail =
                    format!("{} records of writer {writer} are there that the index does not name, up to this one", link.seq - named);
                self.look.findings.possible(Kind::Unannounced, at, detail, advice);
                next.vector.insert(writer, link);
                is_other = true;
            }
        }
        if is_other {
            self.journal.runtime.random(&mut next.commit)?;
            self.look.cure.head = Some((next, place.clone()));
        }
        Ok(())
    }

    /// An index of everything that is there.
    async fn rebuilt(&self, marker: &Marker) -> Result<Head> {
        let mut vector = self.covered.clone();
        join(&mut vector, &self.readable());
        let (vault, epoch) = (marker.vault, marker.epoch);
        let checkpoint = self.read.whole.iter().max().copied().map(announcing);
        let mut head = Head { vault, commit: [0; 16], epoch, closed: false, checkpoint, vector };
        self.journal.runtime.random(&mut head.commit)?;
        Ok(head)
    }

    /// The last record of each writer that can be read.
    fn readable(&self) -> BTreeMap<Writer, Link> {
        let mut last = BTreeMap::new();
        for (name, told) in &self.read.records {
            join(&mut last, &BTreeMap::from([(name.writer, told.link)]));
        }
        last
    }
}

/// How a head announces a checkpoint that names every writer itself.
fn announcing(root: PieceName) -> Reference {
    Reference { root, retired: hash_of_retired(std::iter::empty()) }
}
