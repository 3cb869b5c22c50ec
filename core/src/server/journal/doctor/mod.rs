//! Looks at a whole vault, says what is the matter with it, and repairs what can be repaired safely: `spec/doctor.md`.
//!
//! A look reads and writes nothing. A repair writes under the conditions under which a sync does: what has changed since the
//! look is left alone. Nothing is ever deleted, and nothing is written over that may be data.
//!
//! | file | what it does |
//! | --- | --- |
//! | `identity.rs` | which vault it is: the marker, and what proves it if that is gone; its keys |
//! | `place.rs` | what lies in the folders of the vault |
//! | `files.rs`, `bodies.rs` | reads every file, and checks what is in it |
//! | `checkpoints.rs` | which checkpoints are whole, and what they cover |
//! | `chains.rs` | whether every record is there that should be |
//! | `heads.rs` | whether the index names what is there |
//! | `parts.rs` | the parts of large documents |
//! | `cure.rs` | repairs |

mod bodies;
mod chains;
mod checkpoints;
mod cure;
mod files;
mod heads;
mod identity;
mod parts;
mod place;

use super::{
    Journal, Strategy,
    checkpoint::FileName,
    head::Head,
    heads::Place as HeadPlace,
    marker::Marker,
    name::{Dot, Link, Writer},
    standing::{Standing, load_seen},
};
use crate::{
    Diagnosis, DrivePath, FindingKind as Kind, ProgressSink, Result,
    diagnosis::Findings,
    drive::{Condition, Version},
};
use std::collections::{BTreeMap, BTreeSet};

/// How the keyring of a vault lies on the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyringLook {
    /// As it should, or a greater one is there.
    Fine,
    Missing(DrivePath),
    /// It is not what was written.
    Damaged(DrivePath),
}

/// What a look has found, and what a repair would write.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) findings: Findings,
    pub(crate) cure: Cure,
    /// Whether the vault could be opened, so that what is in it was looked at.
    pub(crate) is_open: bool,
}

/// What a repair writes.
#[derive(Default)]
pub(crate) struct Cure {
    /// The keyring that is remembered here.
    keyring: bool,
    /// The marker, and under which condition.
    marker: Option<(Marker, Condition)>,
    /// The file of the vault's id.
    id: Option<Marker>,
    /// Copies of files: their contents, where they belong, and under which condition.
    copies: Vec<(DrivePath, Vec<u8>, Condition)>,
    /// The next head, and over which.
    head: Option<(Head, HeadPlace)>,
    /// How that is written.
    strategy: Option<Strategy>,
    /// Files whose contents are to be written again, from what the host has.
    pub(crate) lost: Lost,
}

impl Cure {
    /// Whether a repair puts anything in its place from what is on the drive, or in the state.
    pub(crate) fn restores(&self) -> bool {
        self.keyring || self.marker.is_some() || self.head.is_some() || !self.copies.is_empty()
    }
}

/// Contents that are gone from the drive, and that this client may have.
#[derive(Default)]
pub(crate) struct Lost {
    /// Files with contents in frames.
    files: BTreeSet<FileName>,
    /// Records of which nothing is left, by their numbers.
    dots: BTreeSet<Dot>,
    /// Parts of large documents.
    parts: BTreeSet<(Writer, u64)>,
    /// Whether a record is among them that nobody else can read: what it said goes into a checkpoint.
    pub(crate) records: bool,
}

impl Lost {
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.parts.is_empty() && !self.records
    }
}

/// A look under way.
struct Doctor<'a> {
    journal: &'a Journal,
    progress: ProgressSink,
    look: Look,
    /// Whether the vault is sealed and was not opened.
    is_locked: bool,
    /// Where this client stands, if it has joined a vault.
    standing: Option<Standing>,
    /// What it has folded, if that was of this very vault.
    seen: BTreeMap<Writer, Link>,
    read: files::Files,
    /// What is covered by checkpoints that are whole and that everybody finds.
    covered: BTreeMap<Writer, Link>,
    /// Copies under names that no vault gives, with what they hold.
    stray: Vec<place::Stray>,
}

impl Journal {
    /// Looks at the whole vault.
    ///
    /// # Errors
    /// Those of the drive; `wrong_key` if something was given to open the vault, and does not.
    pub(crate) async fn examine(&self, progress: ProgressSink) -> Result<Look> {
        let standing = Standing::load(&*self.state).await?;
        let mut doctor = Doctor {
            journal: self,
            progress,
            look: Look::default(),
            is_locked: false,
            standing,
            seen: BTreeMap::new(),
            read: files::Files::default(),
            covered: BTreeMap::new(),
            stray: Vec::new(),
        };
        doctor.examine().await?;
        Ok(doctor.look)
    }
}

impl Doctor<'_> {
    async fn examine(&mut self) -> Result<()> {
        let root = self.look_at_root().await?;
        let Some(marker) = self.identify(&root).await? else { return self.count_blindly().await };
        let diagnosis = &mut self.look.diagnosis;
        (diagnosis.vault, diagnosis.strategy) = (Some(marker.vault.to_string()), Some(marker.strategy));
        self.look.cure.strategy = Some(marker.strategy);
        (diagnosis.epoch, diagnosis.sealed) = (marker.epoch, marker.sealed.is_some());
        if self.is_locked {
            return self.count_blindly().await;
        }
        let is_ours =
            self.standing.as_ref().is_some_and(|standing| standing.vault == marker.vault || standing.also.contains(&marker.vault));
        if is_ours {
            self.seen = load_seen(&*self.journal.state).await?.0;
        }
        self.look.is_open = true;
        self.look_at_lease().await?;
        let listed = self.look_at_folders().await?;
        self.read_files(&marker, listed).await?;
        self.look_for_originals().await?;
        let found = self.read_head(&marker).await?;
        self.look_at_checkpoints(&found);
        self.look_at_chains(&found);
        self.look_at_head(&marker, &found).await?;
        self.look_at_parts().await?;
        self.look_at_clocks();
        Ok(())
    }

    /// Where a file lies, for people who look for it on the drive.
    fn shown(&self, path: &DrivePath) -> String {
        let place = self.journal.sealed.as_ref().map(|sealed| sealed.path_of(path));
        place.and_then(Result::ok).unwrap_or_else(|| path.clone()).to_string()
    }

    /// Whether this client has folded a record: it knows what that said.
    fn knows(&self, dot: Dot) -> bool {
        self.seen.get(&dot.writer).is_some_and(|link| link.seq >= dot.seq)
    }

    fn covers(&self, dot: Dot) -> bool {
        self.covered.get(&dot.writer).is_some_and(|link| link.seq >= dot.seq)
    }

    async fn look_at_lease(&mut self) -> Result<()> {
        self.look.diagnosis.lock = self.journal.lease_there().await?.map(|(held, _)| held);
        if let Some(held) = &self.look.diagnosis.lock {
            let detail = format!("{} puts the vault in order, or has left this behind", held.holder());
            self.look.findings.note(
                Kind::Locked,
                held.path.clone(),
                detail,
                "nobody waits for it, and it ends by itself after ten minutes",
            );
        }
        Ok(())
    }

    /// Says of each device whose clock is ahead that it is, once.
    fn look_at_clocks(&mut self) {
        const DAY: u64 = 24 * 60 * 60;
        let now = self.journal.runtime.wall().as_secs();
        let mut ahead: BTreeMap<&[u8], (u64, String, &str)> = BTreeMap::new();
        for (name, told) in &self.read.records {
            if told.time > now.saturating_add(DAY) {
                let known = ahead.entry(name.writer.device()).or_insert((0, String::new(), told.device.as_str()));
                if known.0 < told.time {
                    *known = (told.time, self.shown(&name.path()), told.device.as_str());
                }
            }
        }
        let advice = "nothing rests on clocks but the age of what is shown to people; set the clock of that device, or of this one";
        for (time, path, device) in ahead.into_values() {
            let device = if device.is_empty() { "a device" } else { device };
            let detail = format!("the clock of {device} was {} days ahead of this one's when it wrote this", (time - now) / DAY);
            self.look.findings.note(Kind::ClockAhead, path, detail, advice);
        }
    }
}

/// The condition under which a file is written that was found so.
fn condition(version: Option<Version>, journal: &Journal) -> Condition {
    let capabilities = journal.drive.capabilities();
    match version {
        Some(version) if capabilities.replace => Condition::Matches(version),
        None if capabilities.create => Condition::Absent,
        _ => Condition::Any,
    }
}
