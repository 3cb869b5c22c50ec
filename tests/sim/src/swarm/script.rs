//! What a random schedule consists of.

use crate::{
    case::{OpAction, Tier},
    drive::Hidden,
    faults::Fault,
    recovery::Settle,
};
use kitestring::server::journal::Scale;

/// The documents of all scripts: some need encoding on the drive, and two differ only in case.
pub const DOCUMENTS: [&str; 6] = ["a", "b", "x/y", "Ä.", "A", "100%"];

/// A world, and what happens in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The layout, and what the drive can do.
    pub tier: Tier,
    /// Whether the strategy of a journal is left to the library.
    pub implicit: bool,
    /// How conflicts are settled in the end.
    pub settle: Settle,
    /// Where the random bytes of the clients come from.
    pub seed: u64,
    /// How many names a page of a listing has.
    pub page: usize,
    /// Whether listings are untidy.
    pub untidy: bool,
    /// For how many days history is kept, and deletions; none for the default.
    pub keeps: Option<(u32, u32)>,
    /// Whether the vault is sealed.
    pub sealed: bool,
    /// What counts as small, and as many, in a journal.
    pub scale: Scale,
    /// The devices.
    pub seats: Vec<Device>,
    /// What happens.
    pub events: Vec<Event>,
}

impl Script {
    /// Whether the drive says that its conditions are exact: in half of the scripts in which they are.
    pub fn is_exact(&self) -> bool {
        let lies = |(_, fault): &(u64, Fault)| matches!(fault, Fault::Unconditional | Fault::Racy);
        let honest = !self.events.iter().flat_map(|event| &event.strikes).any(lies);
        matches!(self.tier, Tier::Cas | Tier::Slots)
            && self.seed.is_multiple_of(2)
            && honest
            && self.seats.iter().all(|seat| seat.claims.is_none())
    }

    /// Whether the drive says that its listings are consistent: in half of the scripts in which they are.
    pub fn is_consistent(&self) -> bool {
        let lags = self.events.iter().any(|event| matches!(event.deed, Deed::Lag | Deed::Hide(..)));
        self.tier == Tier::Listing && self.seed.is_multiple_of(2) && !lags && self.seats.iter().all(|seat| seat.claims.is_none())
    }
}

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Whether its host keeps the `changeCommitted` flag.
    pub flag: bool,
    /// Whether its host says digests.
    pub digests: bool,
    /// Whether its bodies pass in parts.
    pub parts: bool,
    /// How many documents its host lists at once.
    pub page: u32,
    /// How far its clock is off, in seconds.
    pub skew: i64,
    /// Whether its drive claims something else than the tier can do: one of the classic tiers says what. The drive
    /// itself can do everything then.
    pub claims: Option<Tier>,
}

/// Something that happens, and the faults that strike the calls it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// At which device.
    pub seat: usize,
    /// What.
    pub deed: Deed,
    /// The faults: each strikes after so many calls that it can hit.
    pub strikes: Vec<(u64, Fault)>,
}

/// How a sync is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// With a comparison of the host.
    pub reconcile: bool,
    /// Only to find out.
    pub dry: bool,
    /// How long to wait for the lock, in seconds; none for the default.
    pub wait: Option<u64>,
    /// With a deadline that has come already.
    pub hurry: bool,
}

/// How a user settles a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Keep local.
    Local,
    /// Take remote.
    Remote,
    /// Merged.
    Merged,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The user changes a document, and the change is queued.
    Change(usize, OpAction),
    /// The user changes a document, and nobody says so.
    Silent(usize, OpAction),
    /// A sync.
    Sync(Asked),
    /// A comparison of the host.
    Reconcile,
    /// A compaction.
    Compact,
    /// The first conflict that was shown is settled.
    Resolve(Side),
    /// Calls that stand still go on.
    Resume,
    /// The process ends.
    Kill,
    /// The client is opened, if it is not.
    Open,
    /// So many seconds pass.
    Wait(u64),
    /// The device's clock is set, so many seconds ahead of the time.
    Clock(i64),
    /// The device is backed up.
    Backup,
    /// The device is put back to its backup.
    Restore,
    /// The client's state is put back to its backup, the host is not.
    Forget,
    /// The device is copied with its profile.
    Copy,
    /// The drive is backed up.
    Snapshot,
    /// The drive is put back to its backup; each file has a new version then, or its old one.
    Rollback(bool),
    /// A late request takes effect.
    Land(usize),
    /// The device reads what is there now, until it writes.
    Lag,
    /// An old client changes a document.
    Old(usize, OpAction),
    /// The device does not see one of the files of others, the newest first.
    Hide(usize, Hidden),
    /// The device sees everything.
    Arrive,
    /// The device replaces the key with which files are sealed.
    Rotate,
    /// The device lets another key open the vault.
    AddKey(usize),
    /// The device lets it open the vault no longer.
    RemoveKey(usize),
    /// The drive loses the newest keyring.
    LoseKeyring,
}

impl Script {
    /// Whether every commit and every step of a client's place in the log can be watched: nobody turns the drive back
    /// or writes without looking. A journal can be looked at as long as nobody turns the drive back.
    pub fn is_watchable(&self) -> bool {
        let turns = |e: &Event| matches!(e.deed, Deed::Rollback(_) | Deed::Old(..));
        let lies = |e: &Event| e.strikes.iter().any(|(_, fault)| *fault == Fault::Unconditional);
        let sound = |e: &Event| !turns(e) && (self.tier.is_journal() || !lies(e));
        (self.tier == Tier::Full || self.tier.is_journal()) && self.events.iter().all(sound)
    }
}
