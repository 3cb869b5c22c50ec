//! Looks at a whole classic vault, says what is the matter with it, and repairs what can be: `spec/doctor.md`.
//!
//! | file | what it does |
//! | --- | --- |
//! | `heads.rs` | the marker, the count, and where this client stands |
//! | `log.rs` | the log |
//! | `documents.rs` | the documents |
//! | `gone.rs` | whether the vault has gone to the journal layout |

mod documents;
mod gone;
mod heads;
mod log;

use super::{
    Classic,
    files::{Marker, Meta, json, path},
};
use crate::{
    Action, Diagnosis, FindingKind as Kind, Level, ProgressSink, Result,
    diagnosis::Findings,
    drive::{Condition, DrivePath, GetOptions, Got, Version},
    server::journal::list_with_sizes,
};
use std::{collections::BTreeMap, time::Duration};

/// How long a repair waits for another's lock.
const WAIT: Duration = Duration::from_secs(10);

/// What a look has found, and what a repair would write.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) findings: Findings,
    pub(crate) cure: Cure,
    /// Whether the vault is here, and not in another place.
    pub(crate) is_here: bool,
}

/// What a repair writes, each file under its condition.
#[derive(Default)]
pub(crate) struct Cure {
    marker: Option<(Marker, Condition)>,
    meta: Option<(Meta, Condition)>,
}

/// What a file holds, if it makes sense.
enum Parsed<T> {
    Fine(T),
    Missing,
    Damaged(String, Version),
}

/// A look under way.
struct Doctor<'a> {
    classic: &'a Classic,
    progress: ProgressSink,
    look: Look,
    /// What the log says last of each document, by its stem.
    said: BTreeMap<String, Action>,
    /// How many changes the log has from its beginning on, as far as it has no gap.
    logged: u64,
    /// Whether every file of the log makes sense.
    is_log_whole: bool,
}

impl Classic {
    /// Looks at the whole vault.
    ///
    /// # Errors
    /// Those of the drive.
    pub(crate) async fn examine(&self, progress: ProgressSink) -> Result<Look> {
        let mut doctor = Doctor { classic: self, progress, look: Look::default(), said: BTreeMap::new(), logged: 0, is_log_whole: true };
        doctor.look_at_root().await?;
        if doctor.has_gone().await? {
            return Ok(doctor.look);
        }
        doctor.look_at_log().await?;
        doctor.look_at_heads().await?;
        doctor.look_at_documents().await?;
        Ok(doctor.look)
    }

    /// Writes what a look has made ready, under the lock. What somebody else has changed meanwhile is left to the next look.
    pub(crate) async fn repair(&self, cure: &Cure) -> Result<()> {
        self.acquire(WAIT).await?;
        let written = self.write_cure(cure).await;
        let released = self.release().await;
        written.and(released)
    }

    async fn write_cure(&self, cure: &Cure) -> Result<()> {
        if let Some((marker, condition)) = &cure.marker {
            self.write_as_found("kitestring.json", json(marker)?, condition).await?;
        }
        if let Some((meta, condition)) = &cure.meta {
            self.write_as_found("meta.json", json(meta)?, condition).await?;
        }
        Ok(())
    }

    async fn write_as_found(&self, name: &str, bytes: Vec<u8>, condition: &Condition) -> Result<()> {
        match self.drive.put(path(name)?, bytes, condition.clone()).await {
            Err(e) if e.is_condition() => {
                self.log.line(Level::Info, || format!("somebody has written {name} meanwhile: it is left as it is"));
                Ok(())
            }
            other => other.map(drop),
        }
    }
}

impl Doctor<'_> {
    async fn look_at_root(&mut self) -> Result<()> {
        for (name, size) in list_with_sizes(&*self.classic.drive, &DrivePath::root()).await? {
            match name.as_str() {
                "meta.json" | "kitestring.json" | "lock.json" => self.count(size),
                "vault" | "head" => {
                    let detail = "a file of the journal layout lies beside a vault in the classic layout";
                    let advice = "nothing of this layout reads it; take it out yourself if no vault in the journal layout is here";
                    self.look.findings.refused(Kind::OtherLayout, name, detail, advice);
                }
                _ => self.foreign(&name),
            }
        }
        // A lock of a vault that has gone is told with that.
        if self.classic.is_locked_for_good().await? {
            return Ok(());
        }
        self.look.diagnosis.lock = self.classic.held().await?;
        if let Some(held) = &self.look.diagnosis.lock {
            let detail = format!("{} holds the lock, or has left it behind", held.holder());
            let advice = "it ends by itself, two minutes after the time that it says; break it if its owner is certainly gone";
            self.look.findings.note(Kind::Locked, held.path.clone(), detail, advice);
        }
        Ok(())
    }

    fn count(&mut self, size: Option<u64>) {
        self.look.diagnosis.files += 1;
        self.look.diagnosis.bytes += size.unwrap_or_default();
    }

    fn foreign(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with(['.', '~']) || name.ends_with(".tmp") || name.ends_with('~') {
            let detail = "a file that is left of an interrupted write, or that is being written";
            self.look.findings.note(Kind::Temporary, path, detail, "nobody reads it; what was interrupted is written again");
        } else {
            self.look.findings.note(Kind::Foreign, path, "no vault has a file of this name here", "it is left alone, and nobody reads it");
        }
    }

    /// Reads a file as it is now, without waiting for a writer to finish it.
    async fn parse<T: for<'de> serde::Deserialize<'de>>(&self, name: &str) -> Result<Parsed<T>> {
        Ok(match self.classic.drive.get(path(name)?, GetOptions::default()).await? {
            Got::File { bytes, version } => match serde_json::from_slice(&bytes) {
                Ok(value) => Parsed::Fine(value),
                Err(e) => Parsed::Damaged(e.to_string(), version),
            },
            Got::Missing | Got::Unchanged => Parsed::Missing,
        })
    }

    fn condition(&self, version: Option<Version>) -> Condition {
        let capabilities = self.classic.drive.capabilities();
        match version {
            Some(version) if capabilities.replace => Condition::Matches(version),
            None if capabilities.create => Condition::Absent,
            _ => Condition::Any,
        }
    }
}
