//! A vault that moves to another place: closed here, so that nothing is acknowledged any more that the other place lacks, and
//! met there by clients that knew it here. `spec/moving.md` has the rules.

use super::{
    Journal, Session, Strategy,
    contact::{MARKER, encode},
    head::Head,
    heads::{Found, Place, flawed, heads},
    marker::Marker,
    name::{RecordName, Writer},
    pace::PACE,
    patient::PIECE,
    standing::{COMPACTING, PUT_OFF, clear},
    wire::opening,
};
use crate::{
    Error, ErrorKind, Result, StateRecord,
    drive::{Condition, DrivePath, GetOptions, Got, Version},
    hex,
    transfer::{Address, Forwarding, check_address, refuse_importing},
};

/// What the drive of this client has in the place of a marker.
pub(crate) enum Here {
    /// The vault that this client has joined.
    Vault(Marker, Version),
    /// It has gone, or is going, to another place.
    Gone(Forwarding, Version),
}

/// The name by which a listing of records tells that the vault has gone: nobody's record.
pub(super) fn beacon() -> RecordName {
    RecordName::from_parts(0, Writer([0xff; 14]), 1, [0; 8])
}

impl Journal {
    /// Says what is in the place of the marker, for a client that has joined the vault.
    ///
    /// # Errors
    /// `not_found` if this client knows no vault here; `vault_changed` if it is another one.
    pub(crate) async fn here(&self) -> Result<Here> {
        let mut session = self.session.lock().await;
        if !self.contact(&mut session).await? {
            return Err(Error::new(ErrorKind::NotFound, "move", "there is no vault on this drive yet: the first push makes it"));
        }
        let got = self.drive.get(DrivePath::new(MARKER)?, GetOptions::default()).await?;
        let gone =
            || Error::new(ErrorKind::VaultChanged, "move", "the vault is gone from the drive, or another one is there").about(MARKER);
        let Got::File { bytes, version } = got else { return Err(gone()) };
        let ours = self.standing(&mut session)?.vault;
        if let Some(found) = Forwarding::read(&bytes) {
            return if found.vault == ours { Ok(Here::Gone(found, version)) } else { Err(gone()) };
        }
        refuse_importing(&bytes, MARKER)?;
        let marker = Marker::decode(&bytes).map_err(|flaw| flawed(flaw, MARKER))?;
        if !self.is_of_vault(&mut session, marker.vault).await? {
            return Err(gone());
        }
        self.check_opened(&marker)?;
        Ok(Here::Vault(marker, version))
    }

    fn check_opened(&self, marker: &Marker) -> Result<()> {
        if self.sealing.is_some() { self.check_tag(marker) } else { Ok(()) }
    }

    /// Refuses a place from which the vault has gone.
    pub(super) async fn refuse_moved(&self, marker: &[u8]) -> Result<()> {
        let Some(found) = Forwarding::read(marker) else { return Ok(()) };
        if let Some(sealing) = &self.sealing {
            sealing.join(&*self.raw, found.vault).await?;
        }
        Err(self.gone(&found))
    }

    /// Makes sure that the vault has not gone, for what does not look at the marker by itself.
    pub(crate) async fn check_not_moved(&self) -> Result<()> {
        self.read_marker().await.map(drop)
    }

    /// The error for a vault that has gone, or is going, to another place.
    pub(crate) fn gone(&self, found: &Forwarding) -> Error {
        let to = match self.address_in(found) {
            Ok(to) => to,
            Err(error) => return error,
        };
        let place = to.as_deref().unwrap_or("another place, whose address is sealed");
        if found.moved {
            let detail = format!("the vault was moved to {place}: look whether that is right, and follow it");
            return Error::new(ErrorKind::Moved { to }, "sync", detail).about(MARKER);
        }
        let detail = format!("the vault is being moved to {place}; if that was interrupted, move it there once more, from any device");
        Error::new(ErrorKind::Unavailable, "sync", detail).about(MARKER)
    }

    /// Where a vault has gone; none if that is sealed, and nothing was given to open it.
    ///
    /// # Errors
    /// `corrupt` if it is no address, or nobody with the keys has written it.
    pub(crate) fn address_in(&self, found: &Forwarding) -> Result<Option<String>> {
        let senseless =
            || Error::corrupt("sync", "the marker says that the vault was moved, and not where to: do not follow it").about(MARKER);
        let address = match (&self.sealed, &found.to, &found.sealed_to) {
            (None, Some(to), None) => to.clone(),
            (None, None, Some(_)) => return Ok(None),
            (Some(sealed), None, Some(to)) => {
                let bytes = bytes_of(to).ok_or_else(senseless)?;
                let opened = sealed.open_copy(&DrivePath::new(MARKER)?, &bytes)?.ok_or_else(senseless)?;
                String::from_utf8(opened).map_err(|_| senseless())?
            }
            _ => return Err(senseless()),
        };
        check_address(&address).map_err(|_| senseless())?;
        Ok(Some(address))
    }

    /// Says in the place of the marker that the vault is going to another place.
    pub(crate) async fn mark_going(&self, marker: &Marker, version: Version, address: &str) -> Result<(Forwarding, Version)> {
        let place = match &self.sealed {
            Some(sealed) => {
                let mut digits = String::new();
                hex::push(&sealed.seal_copy(&DrivePath::new(MARKER)?, address.as_bytes())?, &mut digits);
                Address::Sealed(digits)
            }
            None => Address::Plain(address.to_owned()),
        };
        let was = String::from_utf8(encode(marker)?).map_err(|_| Error::internal("move", "a marker is no text"))?;
        let going = Forwarding::new(marker.vault, place, was);
        let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
        let version = self.drive.put(DrivePath::new(MARKER)?, going.encode()?, condition).await?;
        Ok((going, version))
    }

    /// Says that the vault has arrived in the other place.
    pub(crate) async fn mark_gone(&self, going: Forwarding, version: Version) -> Result<()> {
        let condition = if self.drive.capabilities().replace { Condition::Matches(version) } else { Condition::Any };
        self.drive.put(DrivePath::new(MARKER)?, going.arrived().encode()?, condition).await.map(drop)
    }

    /// The vault's own marker, as it was before the move.
    pub(crate) fn marker_before(&self, going: &Forwarding) -> Result<Marker> {
        let marker = Marker::decode(going.was.as_bytes()).map_err(|flaw| flawed(flaw, MARKER))?;
        self.check_opened(&marker)?;
        if marker.vault == going.vault { Ok(marker) } else { Err(Error::corrupt("move", "the marker is that of two vaults").about(MARKER)) }
    }

    /// Closes the vault: from now on nothing is acknowledged here. Where there is no head, whoever lists the records is told
    /// from now on. Returns the last head; none where there is none.
    pub(crate) async fn close(&self, marker: &Marker) -> Result<Option<Head>> {
        let mut session = self.session.lock().await;
        self.contact(&mut session).await?;
        self.seen(&mut session).await?;
        if marker.strategy == Strategy::Listing {
            self.drive.put(beacon().path(), opening_of_beacon(), Condition::Any).await?;
            return Ok(None);
        }
        self.close_head(&mut session, marker.strategy, marker).await.map(Some)
    }

    /// The path of the beacon as it lies on the drive.
    pub(crate) fn beacon_path(&self) -> Result<DrivePath> {
        self.sealed.as_ref().map_or_else(|| Ok(beacon().path()), |sealed| sealed.path_of(&beacon().path()))
    }

    /// Writes the head in the other place, which this journal is about, as it was in the first one.
    pub(crate) async fn open_head(&self, marker: &Marker, closed: Head) -> Result<()> {
        if closed.vector.is_empty() && closed.checkpoint.is_none() {
            return Ok(());
        }
        if let Some(sealing) = &self.sealing {
            sealing.recall(&*self.raw, marker.vault).await?;
        }
        let port = heads(marker.strategy, &self.drive);
        let place = match port.read(&Place::default()).await? {
            Found::Head(head, _) if head.vector == closed.vector && !head.closed => return Ok(()),
            Found::Head(_, place) | Found::Damaged(place, _) => place,
            Found::Nothing | Found::Unchanged | Found::Names(_) => Place::default(),
        };
        let mut head = Head { closed: false, ..closed };
        self.runtime.random(&mut head.commit)?;
        match port.write(&head, &place).await? {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::Unavailable, "move", "somebody else writes in the other place; do it again")),
        }
    }

    /// Whether a vault is still on its way to the other place, which this journal is about, or none is.
    pub(crate) async fn is_on_its_way(&self) -> Result<bool> {
        match self.drive.get(DrivePath::new(MARKER)?, GetOptions::default()).await? {
            Got::File { bytes, .. } => Ok(refuse_importing(&bytes, MARKER).is_err()),
            Got::Missing | Got::Unchanged => Ok(true),
        }
    }

    /// Whether this client has heard of every change of the strategy.
    pub(crate) async fn is_of_epoch(&self, marker: &Marker) -> Result<bool> {
        let mut session = self.session.lock().await;
        self.contact(&mut session).await?;
        Ok(self.standing(&mut session)?.epoch == marker.epoch)
    }

    /// Which vault is in the other place, which this journal is about; none if there is none yet.
    ///
    /// # Errors
    /// `vault_changed` if it is not the one that this client has joined.
    pub(crate) async fn arrived(&self) -> Result<Option<Marker>> {
        let mut session = self.session.lock().await;
        self.contact(&mut session).await?;
        match self.read_marker().await? {
            Some(marker) if self.is_of_vault(&mut session, marker.vault).await? => Ok(Some(marker)),
            Some(_) => Err(Error::new(ErrorKind::VaultChanged, "move", "another vault lies in the other place").about(MARKER)),
            None => Ok(None),
        }
    }

    /// Forgets what was true of the drive rather than of the vault, and returns what is to be written down with the rest.
    pub(crate) async fn leave(&self, arrived: &Marker) -> Result<Vec<StateRecord>> {
        clear(&*self.state, PIECE).await?;
        let mut session = self.session.lock().await;
        self.contact(&mut session).await?;
        let standing = self.standing(&mut session)?;
        (standing.head, standing.slot, standing.looked_into) = (None, 0, 0);
        if arrived.epoch > standing.epoch {
            (standing.strategy, standing.epoch) = (arrived.strategy, arrived.epoch);
        }
        let standing = standing.record()?;
        *session = Session::default();
        Ok([standing].into_iter().chain([COMPACTING, PUT_OFF, PACE].map(StateRecord::remove)).collect())
    }
}

/// The beginning of a record of a later version: whoever does not know the name reports it, and reads no further.
fn opening_of_beacon() -> Vec<u8> {
    let mut bytes = opening(b'j').to_vec();
    bytes.last_mut().into_iter().for_each(|version| *version = u8::MAX);
    bytes
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| hex::read::<1>(pair, false)).map(|[byte]| byte);
    digits.as_bytes().chunks(2).map(pair).collect()
}
