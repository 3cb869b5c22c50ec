//! The documents: each a file, named by its id.

use super::{
    super::files::{DocFile, DocHead, doc_path},
    Doctor,
};
use crate::{
    Action, FindingKind as Kind, Phase, Result,
    drive::{DrivePath, GetOptions, Got},
};
use futures::stream::{self, StreamExt as _};

/// So many are read at once.
const AT_ONCE: usize = 8;
const AGAIN: &str = "change the document on a device that has it, and sync: that writes it anew. Or restore the file from a backup";

/// What is the matter with a document's file.
enum Found {
    Fine,
    Gone,
    Damaged(String),
    Another(String),
}

impl Doctor<'_> {
    pub(super) async fn look_at_documents(&mut self) -> Result<()> {
        let stems = self.stems().await?;
        let total = stems.len() as u64;
        self.progress.report(Phase::Read, 0, Some(total));
        let classic = self.classic;
        let look = |stem: String| async move {
            let got = classic.drive.get(doc_path(&stem)?, GetOptions::default()).await?;
            let found = match &got {
                Got::File { bytes, .. } => judge(&stem, bytes),
                Got::Missing | Got::Unchanged => Found::Gone,
            };
            Ok::<_, crate::Error>((stem, found))
        };
        let parallel = (classic.drive.capabilities().parallel.max(1) as usize).min(AT_ONCE);
        let mut all = stream::iter(stems).map(look).buffered(parallel);
        let mut done = 0;
        while let Some(found) = all.next().await {
            let (stem, found) = found?;
            self.judged(&stem, found)?;
            done += 1;
            self.progress.report(Phase::Read, done, Some(total));
        }
        drop(all);
        let missing: Vec<String> = self.said.iter().filter(|(_, action)| **action == Action::Put).map(|(stem, _)| stem.clone()).collect();
        for stem in missing {
            let detail = "the log says that this document is there, and it is not";
            self.look.findings.refused(Kind::DocumentMissing, doc_path(&stem)?.as_str(), detail, AGAIN);
        }
        Ok(())
    }

    /// Says what was found of a document that is there, and strikes it off what the log says.
    fn judged(&mut self, stem: &str, found: Found) -> Result<()> {
        let path = doc_path(stem)?;
        let logged = match found {
            // It was deleted since it was listed.
            Found::Gone => return Ok(()),
            _ => self.said.remove(stem),
        };
        match found {
            Found::Damaged(why) => {
                let detail = format!("the file of the document makes no sense: {why}");
                self.look.findings.refused(Kind::DocumentDamaged, path.as_str(), detail, AGAIN);
            }
            Found::Another(id) => {
                let detail = format!("the file has document {id} in it: a program has made a copy");
                let advice = "it is not applied; delete it yourself, or give it the name that its document has";
                self.look.findings.refused(Kind::DocumentMisnamed, path.as_str(), detail, advice);
            }
            Found::Fine | Found::Gone if logged == Some(Action::Put) => {}
            Found::Fine | Found::Gone => {
                let advice = "a push is under way, or was interrupted: its author announces it by its next sync; new devices find it";
                self.look.findings.note(Kind::DocumentUnlogged, path.as_str(), "the log does not say that this document is there", advice);
            }
        }
        Ok(())
    }

    /// Lists the documents, also in folders that old clients made.
    async fn stems(&mut self) -> Result<Vec<String>> {
        let (mut stems, mut folders) = (Vec::new(), vec![DrivePath::new("docs")?]);
        while let Some(folder) = folders.pop() {
            let mut cursor = None;
            loop {
                let page = self.classic.drive.list_dir(folder.clone(), cursor).await?;
                for entry in page.entries {
                    let Ok(inside) = folder.join(&entry.name) else { continue };
                    if entry.is_dir {
                        folders.push(inside);
                        continue;
                    }
                    let stem = inside.as_str().strip_prefix("docs/").and_then(|path| path.strip_suffix(".json"));
                    match stem.filter(|_| !entry.name.starts_with('.')) {
                        Some(stem) => {
                            stems.push(stem.to_owned());
                            self.count(entry.size);
                        }
                        None => self.foreign(inside.as_str()),
                    }
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(stems)
    }
}

fn judge(stem: &str, bytes: &[u8]) -> Found {
    let file = match serde_json::from_slice::<DocFile<'_>>(bytes) {
        Ok(file) => file,
        Err(e) => return Found::Damaged(e.to_string()),
    };
    let Some(doc) = file.doc else { return Found::Damaged("it has no document in it".to_owned()) };
    let inside = serde_json::from_str::<DocHead>(doc.get()).ok().and_then(|head| head.id).or(file.id);
    match inside.filter(|id| id.stem() != stem) {
        Some(id) => Found::Another(id.stem().to_owned()),
        None => Found::Fine,
    }
}
