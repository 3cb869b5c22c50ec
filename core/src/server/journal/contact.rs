//! Meets the vault: which one it is, how its records are found, and who this client is in it.

use super::{
    Journal, Session, Strategy,
    fold::Seen,
    heads::{flawed, list},
    marker::Marker,
    name::{RECORDS, VaultId, Writer},
    standing::{Since, Standing, load_seen},
};
use crate::{
    Error, ErrorKind, Level, Result,
    drive::{Condition, DrivePath, GetOptions, Got, Version},
    seal::words,
    transfer::refuse_importing,
};

/// The marker's file.
pub(super) const MARKER: &str = "vault";
/// The files of a vault in the classic layout.
const CLASSIC: [&str; 2] = ["kitestring.json", "meta.json"];
/// The folder in which every id of the vault is a file.
pub(super) const IDS: &str = "v";
const MAX_MARKER_BYTES: u64 = 64 << 10;

/// Returns the device part of the writers of a client.
pub(super) fn device_of(client: &str) -> Vec<u8> {
    bytes_of(client, 8)
}

/// Reads hexadecimal digits as so many bytes; what is missing is zero.
fn bytes_of(hex: &str, len: usize) -> Vec<u8> {
    let byte = |n: usize| hex.get(2 * n..2 * n + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or_default();
    (0..len).map(byte).collect()
}

impl Journal {
    /// Returns the writer that an opening of this client is.
    pub(super) fn writer_of(&self, opening: &str) -> Writer {
        let mut writer = [0; 14];
        let bytes = device_of(&self.identity.client).into_iter().chain(bytes_of(opening, 6));
        writer.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Writer(writer)
    }

    /// Makes sure that it is known where the client stands; false if there is no vault yet.
    pub(super) async fn contact(&self, session: &mut Session) -> Result<bool> {
        if session.standing.is_none() {
            session.standing = Standing::load(&*self.state).await?;
        }
        if let Some(standing) = &mut session.standing {
            // A copied state goes on as another device.
            if standing.writer.device() != self.device() {
                (standing.writer, standing.last) = (self.writer_of(&self.identity.opening), None);
                standing.opening.clone_from(&self.identity.opening);
            }
            self.unlock(session).await?;
            if !self.allow.vault_changed {
                self.expect(session).await?;
            }
            self.obey_closing(session).await?;
            return Ok(true);
        }
        if session.absent {
            return Ok(false);
        }
        let Some(marker) = self.read_marker().await? else {
            self.expect_none().await?;
            session.absent = true;
            return Ok(false);
        };
        session.standing = Some(self.newcomer(&marker).await?);
        session.seen = Some(Seen::default());
        (session.joining, session.met) = (true, true);
        self.expect(session).await?;
        Ok(true)
    }

    /// Opens the keyring as it is on the drive now.
    ///
    /// # Errors
    /// `invalid_input` if the vault is not sealed, or if there is none yet; `wrong_key` if it does not open.
    #[cfg(feature = "sealed")]
    pub(crate) async fn open_keyring(&self) -> Result<()> {
        if !self.contact(&mut *self.session.lock().await).await? {
            return Err(Error::invalid("key", "there is no vault on this drive yet: the first push makes it"));
        }
        match &self.sealing {
            Some(sealing) => sealing.look_for_keys(&*self.raw).await,
            None => Err(Error::invalid("key", "the vault is not sealed")),
        }
    }

    /// Whether the vault is sealed is what it was, and its keyring is open.
    async fn unlock(&self, session: &mut Session) -> Result<()> {
        let Standing { vault, sealed, .. } = *self.standing(session)?;
        match &self.sealing {
            None if sealed => Err(words::nothing_given()),
            None => Ok(()),
            Some(_) if !sealed => Err(words::not_sealed()),
            Some(sealing) => sealing.recall(&*self.raw, vault).await,
        }
    }

    /// Meets a vault by its marker: as a newcomer.
    pub(super) async fn newcomer(&self, marker: &Marker) -> Result<Standing> {
        match &self.sealing {
            None if marker.sealed.is_some() => return Err(words::nothing_given()),
            None => {}
            Some(_) if marker.sealed.is_none() => return Err(words::says_it_is_not_sealed().about(MARKER)),
            Some(sealing) => {
                sealing.join(&*self.raw, marker.vault).await?;
                self.check_tag(marker)?;
            }
        }
        Ok(Standing {
            vault: marker.vault,
            strategy: marker.strategy,
            epoch: marker.epoch,
            // Never one that has written before, in another vault that was here: numbers would be given twice.
            writer: self.fresh_writer()?,
            last: None,
            order: 0,
            opening: self.identity.opening.clone(),
            went_back: false,
            older: false,
            head: None,
            slot: 0,
            checkpoint: None,
            joined: Vec::new(),
            adopted: None,
            unannounced: false,
            vouched: None,
            looked_into: 0,
            since: Since::default(),
            also: Vec::new(),
            sealed: marker.sealed.is_some(),
            forgetting: false,
            closing: self.closing(),
            expects: None,
        })
    }

    /// A marker, as this client writes it.
    pub(super) fn marker(&self, vault: VaultId, strategy: Strategy, epoch: u64) -> Result<Marker> {
        let sealed = self.sealing.as_ref().map(|sealing| sealing.marker_tag(epoch, strategy)).transpose()?;
        Ok(Marker { vault, strategy, epoch, sealed })
    }

    /// Whether a marker of this vault was written by somebody who has its keys.
    pub(super) fn check_tag(&self, marker: &Marker) -> Result<()> {
        if self.marker(marker.vault, marker.strategy, marker.epoch)?.sealed == marker.sealed {
            return Ok(());
        }
        Err(words::does_not_open().about(MARKER))
    }

    /// Reads the marker; none if there is none.
    ///
    /// # Errors
    /// `unsupported` if this drive cannot serve the vault's strategy.
    pub(super) async fn read_marker(&self) -> Result<Option<Marker>> {
        Ok(self.read_marker_with_version().await?.map(|(marker, _)| marker))
    }

    pub(super) async fn read_marker_with_version(&self) -> Result<Option<(Marker, Version)>> {
        let options = GetOptions { range: Some(0..MAX_MARKER_BYTES), unless: None };
        let Got::File { bytes, version } = self.drive.get(DrivePath::new(MARKER)?, options).await? else { return Ok(None) };
        refuse_importing(&bytes, MARKER)?;
        self.refuse_moved(&bytes).await?;
        let marker = Marker::decode(&bytes).map_err(|flaw| flawed(flaw, MARKER))?;
        if self.sealing.as_ref().is_some_and(|sealing| sealing.has_opened(marker.vault)) {
            self.check_tag(&marker)?;
        }
        self.check_strategy(marker.strategy)?;
        Ok(Some((marker, version)))
    }

    pub(super) fn check_strategy(&self, strategy: Strategy) -> Result<()> {
        if strategy.is_met_by(&self.drive.capabilities()) {
            return Ok(());
        }
        let detail = format!(
            "this vault finds its records by {strategy}, which this drive does not offer to this program; \
             lower the vault's strategy on a device that can, or use another drive"
        );
        Err(Error::new(ErrorKind::Unsupported, "sync", detail).about(MARKER))
    }

    /// Makes sure that there is a vault, and creates it if there is none. False if somebody else has created it just now:
    /// what is there is to be read first.
    pub(super) async fn ensure_vault(&self, session: &mut Session) -> Result<bool> {
        if session.standing.is_some() {
            return Ok(true);
        }
        self.refuse_classic().await?;
        let capabilities = self.drive.capabilities();
        let strategy = self.options.strategy.unwrap_or_else(|| Strategy::best_for(&capabilities));
        self.check_strategy(strategy)?;
        let mut vault = VaultId([0; 16]);
        self.runtime.random(&mut vault.0)?;
        if let Some(sealing) = &self.sealing {
            self.refuse_remains().await?;
            sealing.create(&*self.raw, vault).await?;
        }
        let marker = self.marker(vault, strategy, 0)?;
        // A file of its own, that nobody else writes: where two create the vault at once and the drive cannot keep them
        // apart, both ids are then known to be this vault's.
        self.drive.put(DrivePath::new(format!("{IDS}/{vault}"))?, encode(&marker)?, Condition::Any).await?;
        session.met = true;
        // A marker that was not seen a moment ago may be there: who cannot only create would write over it, and over the
        // strategy that the others follow.
        let own = vault.to_string();
        if !capabilities.create
            && list(&*self.drive, &DrivePath::new(IDS)?).await?.iter().any(|id| *id != own)
            && let Some(found) = self.read_marker().await?
        {
            session.standing = Some(self.newcomer(&found).await?);
            session.seen = Some(Seen::default());
            return Ok(false);
        }
        let condition = if capabilities.create { Condition::Absent } else { Condition::Any };
        match self.drive.put(DrivePath::new(MARKER)?, encode(&marker)?, condition).await {
            Ok(_) if capabilities.create => {
                session.standing = Some(self.newcomer(&marker).await?);
                session.seen = Some(Seen::default());
                return Ok(true);
            }
            Ok(_) => {}
            Err(e) if e.is_condition() => {}
            Err(e) => return Err(e),
        }
        // Whose marker it is, is settled by looking.
        let found =
            self.read_marker().await?.ok_or_else(|| Error::new(ErrorKind::Unavailable, "put", "the vault's marker is not there yet"))?;
        session.standing = Some(self.newcomer(&found).await?);
        session.seen = Some(Seen::default());
        Ok(found.vault == vault)
    }

    async fn refuse_classic(&self) -> Result<()> {
        let page = self.drive.list_dir(DrivePath::root(), None).await?;
        if !page.entries.iter().any(|entry| CLASSIC.contains(&entry.name.as_str())) {
            return Ok(());
        }
        let detail = "the drive holds a vault in the classic layout: open it with that layout, or choose an empty folder";
        Err(Error::new(ErrorKind::Unsupported, "sync", detail))
    }

    /// A sealed vault has one id only, so that none is made where records of another one lie.
    async fn refuse_remains(&self) -> Result<()> {
        // What a file system or another program leaves there is none.
        let names = list(&*self.raw, &DrivePath::new(RECORDS)?).await?;
        if !names.iter().any(|name| name.len() > 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')) {
            return Ok(());
        }
        let detail = "the folder holds records, and the marker of their vault is gone: restore the file `vault`, or choose an empty folder";
        Err(Error::corrupt("sync", detail).about(MARKER))
    }

    /// Whether this is an id of the vault too: it was created twice at the same moment. A sealed one has one id, to which
    /// everything in it is bound.
    pub(super) async fn is_of_vault(&self, session: &mut Session, id: VaultId) -> Result<bool> {
        let standing = self.standing(session)?;
        if standing.vault == id || standing.also.contains(&id) {
            return Ok(true);
        }
        if standing.sealed {
            return Ok(false);
        }
        let ours = standing.vault;
        let ids = self.listed_ids().await?;
        // Only together with our own: another vault's folder says nothing of this one.
        if ids.contains(&ours) {
            self.standing(session)?.also = ids.iter().copied().filter(|found| *found != ours).collect();
        }
        Ok(ids.contains(&ours) && ids.contains(&id))
    }

    /// Whether the vault has left its id where every vault does.
    pub(super) async fn is_listed(&self, session: &mut Session) -> Result<bool> {
        let ours = self.standing(session)?.vault;
        Ok(self.listed_ids().await?.contains(&ours))
    }

    pub(super) async fn listed_ids(&self) -> Result<Vec<VaultId>> {
        let names = list(&*self.drive, &DrivePath::new(IDS)?).await?;
        Ok(names.iter().filter_map(|name| VaultId::from_hex(name)).collect())
    }

    /// What was folded so far.
    pub(super) async fn seen<'a>(&self, session: &'a mut Session) -> Result<&'a mut Seen> {
        if session.seen.is_none() {
            let order = session.standing.as_ref().map_or(0, |standing| standing.order);
            let (vector, retired) = load_seen(&*self.state).await?;
            session.retired_before = Some(retired.clone());
            session.seen = Some(Seen { vector, retired, order });
        }
        Ok(session.seen.get_or_insert_default())
    }

    /// Where the client stands; only asked for where there is a vault.
    pub(super) fn standing<'a>(&self, session: &'a mut Session) -> Result<&'a mut Standing> {
        session.standing.as_mut().ok_or_else(|| Error::internal("sync", "the journal was used before its vault was met"))
    }

    /// Asks the user about another vault in the place of ours. True if they have agreed to join it.
    pub(super) fn agree_to_another_vault(&self, detail: &str) -> Result<bool> {
        if !self.allow.vault_changed {
            return Err(Error::new(ErrorKind::VaultChanged, "sync", detail).about(MARKER));
        }
        self.log.line(Level::Warn, || format!("joining anew: {detail}"));
        Ok(true)
    }

    /// A writer of this client that nothing was ever written by.
    fn fresh_writer(&self) -> Result<Writer> {
        let mut random = [0; 6];
        self.runtime.random(&mut random)?;
        let opening: String = random.iter().map(|b| format!("{b:02x}")).collect();
        Ok(self.writer_of(&opening))
    }

    /// Takes another incarnation: from the next record on, this client is a new writer.
    pub(super) fn renew_incarnation(&self, session: &mut Session) -> Result<()> {
        let writer = self.fresh_writer()?;
        let standing = self.standing(session)?;
        (standing.writer, standing.last) = (writer, None);
        // In this opening the incarnation is fresh; another opening chooses its own where it must.
        standing.opening.clone_from(&self.identity.opening);
        Ok(())
    }
}

pub(super) fn encode(marker: &Marker) -> Result<Vec<u8>> {
    marker.encode().map_err(|malformed| Error::internal("put", malformed.0))
}
