//! Which vault it is: what the marker says, and what proves it where the marker does not.

use super::{
    super::{
        Strategy,
        contact::{IDS, MARKER},
        head::Head,
        heads::{Found, Place, heads},
        marker::Marker,
        name::VaultId,
        standing::Standing,
        wire::Flaw,
    },
    Doctor, KeyringLook, condition,
};
use crate::{
    DrivePath, Error, ErrorKind, FindingKind as Kind, Result,
    drive::{GetOptions, Got, Version},
    transfer::refuse_importing,
};
use std::collections::BTreeSet;

const MAX_MARKER_BYTES: u64 = 64 << 10;
/// How the marker of another layout is refused.
const OTHER_LAYOUT: &str = "it is the marker of another layout";

/// What proves which vault it is.
enum Proof {
    /// A marker with this content.
    Marker(Marker),
    /// Nothing does, because of this.
    Nothing(&'static str),
}

impl Doctor<'_> {
    /// Says which vault it is, and opens it if it is sealed and something was given for it; none if nothing tells which.
    pub(super) async fn identify(&mut self, root: &BTreeSet<String>) -> Result<Option<Marker>> {
        let options = GetOptions { range: Some(0..MAX_MARKER_BYTES), unless: None };
        let (read, version) = match self.journal.raw.get(DrivePath::new(MARKER)?, options).await? {
            Got::File { bytes, .. } if refuse_importing(&bytes, MARKER).is_err() => {
                let detail = "a vault is being imported here, or its import was interrupted";
                self.look.findings.refused(Kind::Importing, MARKER, detail, "complete it by importing the same once more");
                return Ok(None);
            }
            Got::File { bytes, version } => {
                if let Err(gone) = self.journal.refuse_moved(&bytes).await {
                    self.tell_gone(&gone);
                    return Ok(None);
                }
                (Some(Marker::decode(&bytes)), Some(version))
            }
            Got::Missing | Got::Unchanged => (None, None),
        };
        match read {
            Some(Ok(marker)) => self.look_at_marker(marker, version).await,
            Some(Err(Flaw::Newer)) => {
                let detail = "the vault was written by a newer version of this library";
                self.look.findings.refused(Kind::Newer, MARKER, detail, "update this program");
                Ok(None)
            }
            Some(Err(Flaw::Malformed(OTHER_LAYOUT))) => {
                let advice = "take it out yourself, if you know that a vault in the journal layout lies here";
                self.look.findings.refused(Kind::OtherLayout, MARKER, "the marker is that of another layout", advice);
                Ok(None)
            }
            Some(Err(Flaw::Malformed(why))) => {
                let detail = format!("the marker of the vault makes no sense: {why}");
                self.prove(Kind::MarkerDamaged, &detail, version).await
            }
            None if !self.has_anything(root).await? => Ok(None),
            None => self.prove(Kind::MarkerMissing, "the marker of the vault is not there", None).await,
        }
    }

    /// Says that the vault has gone to another place, or why that cannot be believed.
    fn tell_gone(&mut self, gone: &Error) {
        let (kind, advice) = match gone.kind {
            ErrorKind::Moved { .. } => (Kind::Moved, "look whether the address is right, and follow the vault"),
            ErrorKind::Unavailable => (Kind::Moving, "complete it: move the vault there once more, from any device"),
            _ => (Kind::MarkerDamaged, "do not follow it; if the vault was not moved, put back the file from a backup"),
        };
        self.look.findings.refused(kind, MARKER, gone.detail(), advice);
    }

    /// Whether there is anything of a vault at all.
    async fn has_anything(&self, root: &BTreeSet<String>) -> Result<bool> {
        if root.contains("head") || self.standing.is_some() {
            return Ok(true);
        }
        for folder in ["j", IDS, "h"] {
            if !super::super::heads::list(&*self.journal.raw, &DrivePath::new(folder)?).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn look_at_marker(&mut self, marker: Marker, version: Option<Version>) -> Result<Option<Marker>> {
        let ids = self.journal.listed_ids().await?;
        let joined = self.standing.as_ref().map(|standing| standing.vault);
        if let Some(ours) = joined
            && ours != marker.vault
            && (marker.sealed.is_some() || !(ids.contains(&ours) && ids.contains(&marker.vault)))
        {
            let detail = format!("the drive holds vault {}, and this client has joined {ours}", marker.vault);
            let advice = "the next sync asks before it joins another vault; if this is a wrong drive, connect the right one";
            self.look.findings.refused(Kind::AnotherVault, MARKER, detail, advice);
            if marker.sealed.is_some() || self.journal.sealed.is_some() {
                // What opens ours does not open this one.
                return Ok(None);
            }
        }
        if !self.open(&marker).await? {
            return Ok(Some(marker));
        }
        if let Err(e) = self.journal.check_tag(&marker) {
            let proven = self.standing.as_ref().map(|s| self.journal.marker(s.vault, s.strategy, s.epoch)).transpose()?;
            let detail = "nobody with the keys of the vault has written this marker";
            let Some(proven) = proven else {
                let advice = "repair on a device that has synced, which remembers what the marker said";
                self.look.findings.refused(Kind::MarkerDamaged, MARKER, detail, advice);
                return Err(e);
            };
            self.write_marker(Kind::MarkerDamaged, detail, proven, version);
            return Ok(Some(proven));
        }
        if !ids.contains(&marker.vault) {
            let detail = format!("the vault has not left its id in the folder {IDS}");
            let advice = "it is put there: that tells this vault from another one whose files come into this folder";
            self.look.findings.possible(Kind::IdMissing, IDS, detail, advice);
            self.look.cure.id = Some(marker);
        }
        Ok(Some(marker))
    }

    /// Finds out what the marker said, from what proves it.
    async fn prove(&mut self, kind: Kind, detail: &str, version: Option<Version>) -> Result<Option<Marker>> {
        let proof = match self.standing.clone() {
            Some(standing) => self.proof_here(&standing).await?,
            None => self.proof_there().await?,
        };
        match proof {
            Proof::Marker(marker) => {
                self.write_marker(kind, detail, marker, version);
                Ok(Some(marker))
            }
            Proof::Nothing(why) => {
                self.look.findings.refused(kind, MARKER, detail, why);
                Ok(None)
            }
        }
    }

    fn write_marker(&mut self, kind: Kind, detail: &str, marker: Marker, version: Option<Version>) {
        let advice = "it is written again: what it said is known from the files that prove it";
        self.look.findings.possible(kind, MARKER, detail, advice);
        self.look.cure.marker = Some((marker, condition(version, self.journal)));
    }

    /// What this client remembers, if nothing on the drive speaks against it.
    async fn proof_here(&mut self, standing: &Standing) -> Result<Proof> {
        let ids = self.journal.listed_ids().await?;
        if !ids.is_empty() && !ids.contains(&standing.vault) {
            return Ok(Proof::Nothing(
                "the folder `v` names another vault than the one that this client has joined: this is another drive",
            ));
        }
        let plain = Marker { vault: standing.vault, strategy: standing.strategy, epoch: standing.epoch, sealed: None };
        let sealed = standing.sealed.then_some([0; 32]);
        if !self.open(&Marker { sealed, ..plain }).await? {
            return Ok(Proof::Nothing("the vault is sealed: open it with its passphrase or key"));
        }
        Ok(Proof::Marker(self.journal.marker(standing.vault, standing.strategy, standing.epoch)?))
    }

    /// What is on the drive: the vault has left its first marker under its id, and the head says what became of the strategy.
    async fn proof_there(&mut self) -> Result<Proof> {
        let mut ids = self.journal.listed_ids().await?;
        ids.sort();
        for id in ids {
            let options = GetOptions { range: Some(0..MAX_MARKER_BYTES), unless: None };
            let Got::File { bytes, .. } = self.journal.raw.get(DrivePath::new(format!("{IDS}/{id}"))?, options).await? else { continue };
            let Ok(first) = Marker::decode(&bytes) else { continue };
            if !self.open(&first).await? {
                return Ok(Proof::Nothing("the vault is sealed: open it with its passphrase or key"));
            }
            return self.later(id, first.strategy).await;
        }
        if self.journal.sealing.is_some() {
            return Ok(Proof::Nothing("nothing else tells which vault it is: repair on a device that has synced, which remembers it"));
        }
        for strategy in [Strategy::CompareAndSwap, Strategy::Slots] {
            if let Some(head) = self.head_of(strategy).await?.filter(|head| !head.closed) {
                return Ok(Proof::Marker(self.journal.marker(head.vault, strategy, head.epoch)?));
            }
        }
        Ok(Proof::Nothing("nothing else tells which vault it is: repair on a device that has synced, which remembers it"))
    }

    /// What became of a strategy since the vault was made.
    async fn later(&self, vault: VaultId, first: Strategy) -> Result<Proof> {
        let mut strategy = first;
        loop {
            if strategy == Strategy::Listing {
                // Lowered to this from the beginning, or made with it.
                let epoch = if first == Strategy::Listing { Some(0) } else { None };
                return Ok(match epoch {
                    Some(epoch) => Proof::Marker(self.journal.marker(vault, strategy, epoch)?),
                    None => {
                        Proof::Nothing("the strategy was lowered, and to which is known to devices that have synced since: repair there")
                    }
                });
            }
            match self.head_of(strategy).await? {
                Some(head) if !head.closed => return Ok(Proof::Marker(self.journal.marker(vault, strategy, head.epoch)?)),
                Some(_) if strategy == Strategy::CompareAndSwap => strategy = Strategy::Slots,
                Some(_) => strategy = Strategy::Listing,
                None if strategy != first => {
                    return Ok(Proof::Nothing(
                        "the strategy was lowered, and to which is known to devices that have synced since: repair there",
                    ));
                }
                None if self.has_records().await? => {
                    let why =
                        "the head is not there either, and which strategy the vault has is known to devices that have synced: repair there";
                    return Ok(Proof::Nothing(why));
                }
                None => return Ok(Proof::Marker(self.journal.marker(vault, strategy, 0)?)),
            }
        }
    }

    async fn has_records(&self) -> Result<bool> {
        let found = self.journal.names().await?;
        Ok(!found.records.is_empty() || !found.roots.is_empty())
    }

    /// The head that a strategy has, if it can be read.
    async fn head_of(&self, strategy: Strategy) -> Result<Option<Head>> {
        Ok(match heads(strategy, &self.journal.drive).read(&Place::default()).await? {
            Found::Head(head, _) => Some(head),
            _ => None,
        })
    }

    /// Opens the keys of a vault, if it is sealed and something was given for it. False if what is sealed cannot be read.
    async fn open(&mut self, marker: &Marker) -> Result<bool> {
        let is_open = self.try_open(marker).await?;
        self.is_locked = !is_open;
        Ok(is_open)
    }

    async fn try_open(&mut self, marker: &Marker) -> Result<bool> {
        let Some(sealing) = &self.journal.sealing else {
            if marker.sealed.is_some() {
                self.look.diagnosis.sealed = true;
                let detail = "the vault is sealed, and nothing was given to open it: what is sealed was not looked at";
                self.look.findings.refused(Kind::KeyNeeded, MARKER, detail, "open it with its passphrase or key");
            }
            return Ok(marker.sealed.is_none());
        };
        let is_ours = self.standing.as_ref().is_some_and(|standing| standing.vault == marker.vault);
        let opened = match is_ours {
            true => sealing.recall(&*self.journal.raw, marker.vault).await,
            false if marker.sealed.is_none() => Err(crate::seal::words::says_it_is_not_sealed()),
            false => sealing.join(&*self.journal.raw, marker.vault).await,
        };
        let advice = "repair on a device that has synced, which remembers it; without it nobody else can join";
        match opened {
            Ok(()) => {}
            Err(e) if e.kind == ErrorKind::Unavailable && e.subject() == Some("k") => {
                self.look.findings.refused(Kind::KeyringMissing, "k", "the keyring of the vault is not there", advice);
                return Ok(false);
            }
            Err(e) if e.kind == ErrorKind::Corrupt => {
                self.look.findings.refused(Kind::KeyringDamaged, "k", e.detail(), advice);
                return Ok(false);
            }
            Err(e) => return Err(e),
        }
        let put_back = "it is put back as this client remembers it: others could not join without";
        match sealing.look(&*self.journal.raw).await? {
            KeyringLook::Fine => {}
            KeyringLook::Missing(path) => {
                self.look.cure.keyring = true;
                self.look.findings.possible(Kind::KeyringMissing, path.as_str(), "the keyring of the vault is not there", put_back);
            }
            KeyringLook::Damaged(path) => {
                self.look.cure.keyring = true;
                let detail = "the keyring of the vault is not what was written";
                self.look.findings.possible(Kind::KeyringDamaged, path.as_str(), detail, put_back);
            }
        }
        Ok(true)
    }
}
