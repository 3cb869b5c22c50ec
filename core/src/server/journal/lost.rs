//! Versions that lost against one that was made at the same time: who has to decide, and what a decision leaves.

use super::{
    Journal, Session,
    content::basis_of,
    covered::is_known,
    doc::Versions,
    dots_in,
    fold::{doc_records, load},
    name::Dot,
    standing::{PAGE, SPLIT, WITHDRAW, json, load_forgotten},
    tag_of,
};
use crate::{
    DocId, Result, StateRecord,
    client::key,
    gather::Gather as _,
    server::{LeftVersion, Settled, Tag, Unsettled},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Own versions of a document that the next record withdraws.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Withdrawn {
    pub(super) id: DocId,
    pub(super) dots: BTreeSet<Dot>,
    /// Whether it is a deletion that is old enough to be forgotten: only as long as nothing stands beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) expired: bool,
}

impl Journal {
    /// Whether a version of this device has lost, for each document, or one that is here and that a vault which was put
    /// back has forgotten.
    pub(super) async fn which_lost(&self, session: &mut Session, documents: Vec<(DocId, Option<Tag>)>) -> Result<Vec<Unsettled>> {
        let went_back = session.standing.as_ref().is_some_and(|standing| standing.went_back);
        if !went_back && self.state.scan(SPLIT.to_owned(), None, 1).await?.is_empty() {
            return Ok(vec![Unsettled::default(); documents.len()]);
        }
        let before = if went_back { Some(load_forgotten(&*self.state).await?) } else { None };
        let all = load(&*self.state, documents.iter().map(|(id, _)| id)).await?;
        let (device, seen) = (self.device(), self.seen(session).await?);
        let how = |((_, tag), versions): (&(DocId, Option<Tag>), &Versions)| {
            let basis = basis_of(tag.as_ref(), versions);
            let forgotten = before.is_some() && !versions.is_up_to_date(&basis) && basis.iter().any(|dot| !seen.has(*dot));
            let newer = |before| versions.winner().is_some_and(|winner| !is_known(before, winner.dot));
            Unsettled { lost: forgotten || versions.has_lost(&basis, &device), newer: before.as_ref().is_some_and(newer) }
        };
        Ok(documents.iter().zip(&all).map(how).collect())
    }

    /// Notes what documents that were settled leave: own versions to withdraw, and what a deleted one is based on.
    pub(super) async fn settle_lost(&self, documents: Vec<Settled>) -> Result<Vec<StateRecord>> {
        let all = load(&*self.state, documents.iter().map(|d| &d.id)).await?;
        let (device, mut records) = (self.device(), Vec::new());
        for (Settled { id, before, now, took }, versions) in documents.into_iter().zip(all) {
            let basis = basis_of(before.as_ref(), &versions);
            let now =
                now.as_ref().map_or_else(|| versions.winner().map(|winner| winner.dot).into_iter().gather(), |tag| dots_in(tag).gather());
            let mut after = versions.clone();
            after.basis = if took { BTreeSet::new() } else { basis.union(&now).copied().gather() };
            if after != versions {
                records.extend(doc_records(&id, &after, &versions));
            }
            let dots: BTreeSet<Dot> = versions.mine(&basis, &device).filter(|dot| took && !now.contains(dot)).gather();
            if !dots.is_empty() {
                records.push(StateRecord::set(key(WITHDRAW, id.as_str()), json(&Withdrawn { id, dots, expired: false })?));
            }
        }
        Ok(records)
    }

    /// Lists the versions that stand beside those that are valid.
    pub(super) async fn left_versions(&self) -> Result<Vec<LeftVersion>> {
        let (mut left, mut after) = (Vec::new(), None);
        loop {
            let page = self.state.scan(SPLIT.to_owned(), after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(left) };
            after = Some(last.key.clone());
            let ids = page.iter().filter_map(|r| DocId::new(std::str::from_utf8(r.value.as_deref()?).ok()?).ok());
            let ids: Vec<DocId> = ids.collect();
            for (id, versions) in ids.iter().zip(load(&*self.state, ids.iter()).await?) {
                let valid = versions.winner().map(|winner| winner.revision.clone());
                let losers = versions.heads.iter().rev().skip(1);
                left.extend(losers.map(|version| LeftVersion {
                    id: id.clone().spelled_as_number(version.number),
                    revision: version.revision.clone(),
                    valid: valid.clone(),
                    deleted: version.body.is_none(),
                    size: version.body.as_ref().map_or(0, |body| body.size),
                    device: version.dot.writer.device().iter().map(|byte| format!("{byte:02x}")).collect(),
                    tag: tag_of([version.dot]),
                }));
            }
        }
    }
}
