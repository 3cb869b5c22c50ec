//! Repairs: what a look has made ready is written, each under the condition that nothing has changed since.

use super::{
    super::{
        Journal,
        checkpoint::FileName,
        contact::{IDS, MARKER, encode},
        doc::{At, Version, Versions, id_of},
        heads::heads,
        name::Writer,
        standing::{DOC, PAGE, damaged},
    },
    Cure, Lost,
};
use crate::{DocId, DrivePath, Level, Result, drive::Condition};

impl Journal {
    /// Writes what a look has made ready. What somebody else has changed meanwhile is left to the next look.
    pub(crate) async fn repair(&self, cure: &Cure) -> Result<()> {
        if let Some(sealing) = self.sealing.as_ref().filter(|_| cure.keyring) {
            sealing.put_back_remembered(&*self.raw).await?;
        }
        if let Some((marker, condition)) = &cure.marker {
            self.write(DrivePath::new(MARKER)?, encode(marker)?, condition.clone()).await?;
        }
        if let Some(marker) = &cure.id {
            self.write(DrivePath::new(format!("{IDS}/{}", marker.vault))?, encode(marker)?, Condition::Any).await?;
        }
        for (path, bytes, condition) in &cure.copies {
            self.write(path.clone(), bytes.clone(), condition.clone()).await?;
        }
        if let (Some((head, place)), Some(strategy)) = (&cure.head, cure.strategy)
            && heads(strategy, &self.drive).write(head, place).await?.is_none()
        {
            self.log.line(Level::Info, || "somebody has written the head meanwhile: it is left as it is".to_owned());
        }
        Ok(())
    }

    async fn write(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<()> {
        match self.raw.put(path.clone(), bytes, condition).await {
            Err(e) if e.is_condition() => {
                self.log.line(Level::Info, || format!("somebody has written {path} meanwhile: it is left as it is"));
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// The documents whose present content lies in what is lost.
    pub(crate) async fn documents_in(&self, lost: &Lost) -> Result<Vec<DocId>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.state.scan(DOC.to_owned(), after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.key.clone());
            for record in page {
                let id = id_of(&record.key).ok_or_else(|| damaged(&record.key))?;
                let versions = record.value.map(|value| Versions::decode(&id, &value)).transpose()?.unwrap_or_default();
                if versions.winner().is_some_and(|winner| lost.has(winner)) {
                    found.push(id);
                }
            }
        }
    }
}

impl Lost {
    fn has(&self, version: &Version) -> bool {
        let lost_part = |writer: Writer, no| self.parts.contains(&(writer, no));
        match version.body.as_ref().map(|body| &body.at) {
            Some(At::Frame(at)) => self.files.contains(&at.file) || self.has_record(&at.file),
            Some(At::Parts(parts)) => parts.iter().any(|part| lost_part(version.dot.writer, part.name_no)),
            None => false,
        }
    }
}

impl Lost {
    fn has_record(&self, file: &FileName) -> bool {
        matches!(file, FileName::Record(name) if self.dots.contains(&name.dot()))
    }
}
