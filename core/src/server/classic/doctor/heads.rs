//! The marker, the count of changes, and where this client stands.

use super::{
    super::{
        files::{Marker, Meta},
        head::{FORMAT, stored_position},
    },
    Doctor, Parsed,
};
use crate::{FindingKind as Kind, Result, drive::Version, runtime::random_id};

const META: &str = "meta.json";
const MARKER: &str = "kitestring.json";
const FROM_LOG: &str = "the changes in the log are counted again, under the lock; nothing of them is written over then";

impl Doctor<'_> {
    pub(super) async fn look_at_heads(&mut self) -> Result<()> {
        let (marker, meta) = (self.parse::<Marker>(MARKER).await?, self.parse::<Meta>(META).await?);
        let known = match (&marker, &meta) {
            (Parsed::Fine(marker), _) => Some(marker.vault.clone()),
            (_, Parsed::Fine(meta)) => meta.vault.clone(),
            _ => None,
        };
        self.look.diagnosis.vault.clone_from(&known);
        match marker {
            Parsed::Fine(Marker { importing: Some(_), .. }) => {
                let detail = "a vault is being imported here, or its import was interrupted";
                self.look.findings.refused(Kind::Importing, MARKER, detail, "complete it by importing the same once more");
                return Ok(());
            }
            Parsed::Fine(Marker { format, .. }) if format > FORMAT => {
                let detail = format!("the vault has format {format}, and this version of the library knows {FORMAT}");
                self.look.findings.refused(Kind::Newer, MARKER, detail, "update this program");
                return Ok(());
            }
            Parsed::Fine(_) => {}
            // Old clients make none.
            Parsed::Missing if known.is_none() => {}
            Parsed::Missing => self.write_marker(Kind::MarkerMissing, "the marker of the vault is not there", known.clone(), None),
            Parsed::Damaged(why, version) => {
                let detail = format!("the marker of the vault makes no sense: {why}");
                self.write_marker(Kind::MarkerDamaged, &detail, known.clone(), Some(version));
            }
        }
        match &meta {
            Parsed::Fine(meta) => self.compare(meta),
            Parsed::Missing if self.logged == 0 && self.is_log_whole => {}
            Parsed::Missing => self.write_count(Kind::CountMissing, "the count of changes is not there", known, None).await?,
            Parsed::Damaged(why, version) => {
                let detail = format!("the count of changes makes no sense: {why}");
                self.write_count(Kind::CountDamaged, &detail, known, Some(version.clone())).await?;
            }
        }
        self.look_at_position(&meta).await
    }

    fn write_marker(&mut self, kind: Kind, detail: &str, known: Option<String>, version: Option<Version>) {
        let Some(vault) = known else {
            let advice = "nothing else tells the vault's id: restore the file, or delete it, and the next push makes another";
            return self.look.findings.refused(kind, MARKER, detail, advice);
        };
        self.look.findings.possible(kind, MARKER, detail, "it is written again with the vault's id, which meta.json has too");
        self.look.cure.marker = Some((Marker { vault, format: FORMAT, importing: None, moved_to: None }, self.condition(version)));
    }

    async fn write_count(&mut self, kind: Kind, detail: &str, vault: Option<String>, version: Option<Version>) -> Result<()> {
        if !self.is_log_whole {
            let advice = "the log cannot be read to its end, so it cannot be counted: restore the file from a backup of the drive";
            self.look.findings.refused(kind, META, detail, advice);
            return Ok(());
        }
        self.look.findings.possible(kind, META, detail, FROM_LOG);
        let commit = Some(random_id(&*self.classic.runtime)?);
        self.look.cure.meta = Some((Meta { last_change: self.logged, vault, commit }, self.condition(version)));
        Ok(())
    }

    /// Compares the count with what the log has.
    fn compare(&mut self, meta: &Meta) {
        let (counted, logged) = (meta.last_change, self.logged);
        if counted > logged && self.is_log_whole {
            let detail = format!("{counted} changes are counted, and the log has {logged}");
            let advice =
                "an old client has written over the log: devices that sync list all documents and go on, and the next push fills it";
            self.look.findings.refused(Kind::LogShort, META, detail, advice);
        } else if counted < logged {
            let detail = format!("{counted} changes are counted, and the log has {logged}");
            let advice = "a push is under way, or was interrupted: its author counts them, or the next push writes over them";
            self.look.findings.note(Kind::Uncounted, META, detail, advice);
        }
    }

    async fn look_at_position(&mut self, meta: &Parsed<Meta>) -> Result<()> {
        let (Some(position), Parsed::Fine(meta)) = (stored_position(&*self.classic.state).await?, meta) else { return Ok(()) };
        match (&position.vault, &meta.vault) {
            (Some(ours), Some(found)) if ours != found => {
                let detail = format!("the drive holds vault {found}, and this client has joined {ours}");
                let advice = "the next sync asks before it joins another vault; if this is a wrong drive, connect the right one";
                self.look.findings.refused(Kind::AnotherVault, META, detail, advice);
            }
            _ if position.meta.last_change > meta.last_change => {
                let (known, now) = (position.meta.last_change, meta.last_change);
                let detail = format!("the count ends at change {now}, and this client has seen change {known}");
                let advice = "the next sync heals it if the log is longer, and asks if the vault is older than it was";
                self.look.findings.refused(Kind::Older, META, detail, advice);
            }
            _ => {}
        }
        Ok(())
    }
}
