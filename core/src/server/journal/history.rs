//! What a document was: versions that were replaced, as long as the history keeps them.

use super::{Journal, Session, checkpoint::PieceName, covered::is_within, doc::Version, fold::load, name::Dot, past::Past, tag_of};
use crate::{
    DocId, Result,
    document::Short,
    server::{Loaded, OldVersion, Tag},
};
use std::collections::BTreeMap;

impl Journal {
    /// Lists what a document was and is, the newest first.
    pub(super) async fn old_versions(&self, session: &mut Session, id: &DocId) -> Result<Vec<OldVersion>> {
        let all = self.every_version(session, id, false).await?;
        let one = |(version, replaced): (Version, Option<u64>)| OldVersion {
            id: id.clone().spelled_as_number(version.number),
            written_s: Some(version.time).filter(|time| *time > 0),
            replaced_s: replaced,
            deleted: version.body.is_none(),
            size: version.body.as_ref().map_or(0, |body| body.size),
            device: version.dot.writer.device().iter().map(|byte| format!("{byte:02x}")).collect(),
            tag: tag_of([version.dot]),
            revision: version.revision,
        };
        Ok(all.into_iter().map(one).collect())
    }

    /// Loads a version that is, or was, of a document.
    pub(super) async fn load_old_version(&self, session: &mut Session, id: &DocId, tag: &Tag) -> Result<Loaded> {
        let dots: Vec<Dot> = super::dots_in(tag).collect();
        self.load_one(session, id, |version| dots.contains(&version.dot)).await
    }

    /// Loads what a document was when it had this content; none if that is no longer kept.
    pub(super) async fn load_by_content(&self, session: &mut Session, id: &DocId, content: Short) -> Result<Option<Loaded>> {
        let loaded = self.load_one(session, id, |version| version.body.as_ref().is_some_and(|body| body.short == content)).await?;
        Ok(Some(loaded).filter(|loaded| !matches!(loaded, Loaded::Unreadable(_))))
    }

    async fn load_one(&self, session: &mut Session, id: &DocId, is_it: impl Fn(&Version) -> bool) -> Result<Loaded> {
        // What is found first may have moved since; the checkpoint knows where to.
        for again in [false, true] {
            let found = self.every_version(session, id, again).await?.into_iter().map(|(version, _)| version).find(&is_it);
            let Some(version) = found else {
                self.adopt_newest(session).await?;
                continue;
            };
            let wanted = version.body.clone().map(|body| (version.dot.writer, body));
            let loaded = self.load_bodies(&mut session.pull.at_hand, vec![wanted]).await?.into_iter().next();
            match loaded {
                Some(Loaded::Unreadable(why)) if again => return Ok(Loaded::Unreadable(why)),
                Some(Loaded::Unreadable(_)) | None => {}
                Some(loaded) => return Ok(loaded),
            }
            self.adopt_newest(session).await?;
        }
        Ok(Loaded::Unreadable("it is no longer kept".to_owned()))
    }

    /// `moved` says that what is known here may not be where it was.
    async fn every_version(&self, session: &mut Session, id: &DocId, moved: bool) -> Result<Vec<(Version, Option<u64>)>> {
        let mut all: BTreeMap<(u64, Dot), (Version, Option<u64>)> = BTreeMap::new();
        let mut add = |version: Version, replaced| {
            all.entry((version.order, version.dot)).or_insert((version, replaced));
        };
        if moved {
            self.add_history(session, id, true, &mut add).await?;
        }
        let versions = load(&*self.state, std::iter::once(id)).await?;
        versions.into_iter().flat_map(|versions| versions.heads).for_each(|version| add(version, None));
        for past in Past::of(&*self.state, id).await? {
            add(past.version, Some(past.replaced.time));
        }
        if !moved {
            self.add_history(session, id, false, &mut add).await?;
        }
        Ok(all.into_values().rev().collect())
    }

    /// Adds what the history has of a document.
    async fn add_history(
        &self,
        session: &mut Session,
        id: &DocId,
        look: bool,
        add: &mut (impl FnMut(Version, Option<u64>) + crate::maybe_send::MaybeSend),
    ) -> Result<()> {
        for file in self.history_files(session, look).await? {
            let found = self.read_history(&file).await?.unwrap_or_default();
            found.into_iter().filter(|(of, ..)| of == id).for_each(|(_, version, replaced)| add(version, Some(replaced.time)));
        }
        Ok(())
    }

    async fn history_files(&self, session: &mut Session, look: bool) -> Result<Vec<PieceName>> {
        let Some(name) = self.newest_checkpoint(session, look).await? else { return Ok(Vec::new()) };
        let Some(root) = self.root(session, &name).await? else { return Ok(Vec::new()) };
        Ok(root.history.iter().rev().map(|other| other.name).collect())
    }

    /// The newest checkpoint that is known here, or on the drive if that is gone, or if it is to be looked for.
    async fn newest_checkpoint(&self, session: &mut Session, look: bool) -> Result<Option<PieceName>> {
        if !self.contact(session).await? {
            return Ok(None);
        }
        let standing = self.standing(session)?;
        let known = standing.checkpoint.map(|found| found.root).or_else(|| standing.joined.iter().max().copied());
        match known {
            _ if look => {}
            None => return Ok(None),
            Some(known) if self.root(session, &known).await?.is_some() => return Ok(Some(known)),
            Some(_) => {}
        }
        Ok(self.names().await?.roots.into_iter().max())
    }

    /// Takes over where the bodies lie by the newest checkpoint, if nothing of it is unknown here.
    async fn adopt_newest(&self, session: &mut Session) -> Result<()> {
        if let Some(name) = self.newest_checkpoint(session, true).await?
            && self.standing(session)?.adopted != Some(name)
            && let Some(root) = self.root(session, &name).await?
            && is_within(&root.vector, &self.seen(session).await?.vector)
        {
            self.adopt(session, name).await?;
        }
        Ok(())
    }

    /// Loads contents of versions that are known. What is not where it was is looked for in the newest checkpoint.
    pub(super) async fn load_known(&self, session: &mut Session, wanted: Vec<(DocId, Tag)>) -> Result<Vec<Loaded>> {
        let loaded = self.load_contents(&mut session.pull.at_hand, wanted.clone()).await?;
        if !loaded.iter().any(|loaded| matches!(loaded, Loaded::Unreadable(_))) {
            return Ok(loaded);
        }
        self.adopt_newest(session).await?;
        let gone = |loaded: &Loaded| matches!(loaded, Loaded::Unreadable(_));
        let again: Vec<(DocId, Tag)> =
            wanted.into_iter().zip(&loaded).filter(|(_, loaded)| gone(loaded)).map(|(wanted, _)| wanted).collect();
        let mut again = self.load_contents(&mut session.pull.at_hand, again).await?.into_iter();
        Ok(loaded.into_iter().map(|loaded| if gone(&loaded) { again.next().unwrap_or(loaded) } else { loaded }).collect())
    }
}
