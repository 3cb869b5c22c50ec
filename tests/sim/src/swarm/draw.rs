//! Draws a script from a seed.
//!
//! A swarm: each seed first draws which faults and which kinds of events there are at all, so that some schedules are
//! rare mixtures of few things, and none is always a little of everything.

mod journal;

pub use journal::{journal, sealed, slow, small};

use super::script::{Asked, DOCUMENTS, Deed, Device, Event, Script, Side};
use crate::{
    case::{OpAction, Tier},
    drive::Hidden,
    faults::Fault,
    recovery::Settle,
    runtime::SplitMix,
};
use kitestring::server::journal::Scale;

/// What a seed has chosen to do at all.
struct Mix {
    random: SplitMix,
    /// The faults there are.
    faults: Vec<Fault>,
    /// How many of a hundred calls are struck.
    struck: u64,
    /// The deeds there are, each as often as it is listed.
    deeds: Vec<Kind>,
    seats: u64,
    documents: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Change,
    Sync,
    Silent,
    Reconcile,
    Compact,
    Days,
    Resolve,
    Resume,
    Kill,
    Open,
    Wait,
    Clock,
    Backup,
    Restore,
    Forget,
    Copy,
    Snapshot,
    Rollback,
    Land,
    Lag,
    Old,
    HideName,
    HideFile,
    Arrive,
    Rotate,
    AddKey,
    RemoveKey,
    LoseKeyring,
}

impl Kind {
    /// Whether it changes who can open a vault.
    fn is_of_keys(self) -> bool {
        matches!(self, Self::Rotate | Self::AddKey | Self::RemoveKey)
    }
}

/// Draws the script of a seed on the classic layout.
pub fn classic(seed: u64) -> Script {
    let mut random = SplitMix::new(seed ^ 0x6b69_7465_0000_0000);
    let tier = match random.below(20) {
        0..14 => Tier::Full,
        14..17 => Tier::Create,
        _ => Tier::None,
    };
    let settle = if random.below(2) == 0 { Settle::Local } else { Settle::Remote };
    let count = one_of(&mut random, [2, 2, 2, 3, 3, 4]);
    let plain = random.below(3) == 0;
    let skewed = random.below(4) == 0;
    let seats = (0..count).map(|_| device(&mut random, plain, skewed)).collect();
    let page = if random.below(4) == 0 { 1 + random.below(2) as usize } else { 1000 };
    let untidy = random.below(8) == 0;
    let mut mix = mix(random, count, tier);
    let events = (0..length(&mut mix.random)).map(|_| mix.event()).collect();
    Script { tier, implicit: false, settle, seed, page, untidy, keeps: None, sealed: false, scale: Scale::default(), seats, events }
}

/// Draws how many events there are.
fn length(random: &mut SplitMix) -> u64 {
    match random.below(20) {
        0..13 => 4 + random.below(6),
        13..19 => 10 + random.below(9),
        _ => 19 + random.below(22),
    }
}

fn one_of<T: Copy + Default, const N: usize>(random: &mut SplitMix, choices: [T; N]) -> T {
    choices.get(random.below(N as u64) as usize).copied().unwrap_or_default()
}

fn device(random: &mut SplitMix, plain: bool, skewed: bool) -> Device {
    let mut one_in = |n| random.below(n) == 0;
    let (no_flag, no_digests, parts, short) = (one_in(3), one_in(3), one_in(4), one_in(3));
    let page = if short && !plain { 1 + random.below(2) as u32 } else { 1000 };
    let skew = if skewed { random.below(7201) as i64 - 3600 } else { 0 };
    Device { flag: plain || !no_flag, digests: plain || !no_digests, parts: parts && !plain, page, skew, claims: None }
}

fn mix(mut random: SplitMix, seats: u64, tier: Tier) -> Mix {
    let mut faults = Vec::new();
    for fault in Fault::classic() {
        // A drive that ignores what it claims is rare.
        let rare = if fault == Fault::Unconditional { 24 } else { 4 };
        if random.below(rare) == 0 && !(fault == Fault::Unconditional && tier == Tier::None) {
            faults.push(fault);
        }
    }
    let struck = one_of(&mut random, [0, 15, 35, 35, 60, 80]);
    let mut deeds = vec![Kind::Change; 12];
    deeds.extend([Kind::Sync; 14]);
    let mut some = |kind: Kind, one_in: u64, times: usize| {
        if random.below(one_in) == 0 {
            deeds.extend(std::iter::repeat_n(kind, times));
        }
    };
    some(Kind::Silent, 5, 3);
    some(Kind::Reconcile, 5, 2);
    some(Kind::Resolve, 2, 4);
    some(Kind::Kill, 4, 2);
    some(Kind::Open, 3, 2);
    some(Kind::Wait, 3, 3);
    some(Kind::Clock, 12, 2);
    some(Kind::Lag, 8, 3);
    some(Kind::Old, 14, 3);
    for (back, forth) in [(Kind::Backup, Kind::Restore), (Kind::Backup, Kind::Forget), (Kind::Snapshot, Kind::Rollback)] {
        if random.below(14) == 0 {
            deeds.extend([back, back, forth, forth]);
        }
    }
    if random.below(30) == 0 {
        deeds.push(Kind::Copy);
    }
    if faults.contains(&Fault::Pause) {
        deeds.extend([Kind::Resume; 4]);
    }
    if faults.contains(&Fault::Late) || faults.contains(&Fault::Twice) {
        deeds.extend([Kind::Land; 4]);
    }
    let documents = 1 + random.below(DOCUMENTS.len() as u64);
    // Few documents, so that clients meet.
    let documents = if random.below(2) == 0 { documents.min(2) } else { documents };
    Mix { random, faults, struck, deeds, seats, documents }
}

impl Mix {
    fn event(&mut self) -> Event {
        let seat = self.random.below(self.seats) as usize;
        let at = self.random.below(self.deeds.len() as u64) as usize;
        let kind = self.deeds.get(at).copied().unwrap_or(Kind::Sync);
        let deed = self.deed(kind);
        let strikes = self.strikes(kind);
        Event { seat, deed, strikes }
    }

    fn deed(&mut self, kind: Kind) -> Deed {
        match kind {
            Kind::Change => Deed::Change(self.document(), self.action()),
            Kind::Silent => Deed::Silent(self.document(), self.action()),
            Kind::Old => Deed::Old(1, self.action()),
            Kind::Sync => Deed::Sync(self.asked()),
            Kind::Reconcile => Deed::Reconcile,
            Kind::Compact => Deed::Compact,
            Kind::Days => Deed::Wait(one_of(&mut self.random, [700, 86_400, 2 * 86_400, 40 * 86_400])),
            Kind::Resolve => Deed::Resolve(match self.random.below(3) {
                0 => Side::Local,
                1 => Side::Remote,
                _ => Side::Merged,
            }),
            Kind::Resume => Deed::Resume,
            Kind::Kill => Deed::Kill,
            Kind::Open => Deed::Open,
            Kind::Wait => Deed::Wait(one_of(&mut self.random, [1, 30, 125, 150, 300])),
            Kind::Clock => Deed::Clock(self.random.below(7201) as i64 - 3600),
            Kind::Backup => Deed::Backup,
            Kind::Restore => Deed::Restore,
            Kind::Forget => Deed::Forget,
            Kind::Copy => Deed::Copy,
            Kind::Snapshot => Deed::Snapshot,
            Kind::Rollback => Deed::Rollback(self.random.below(2) == 0),
            Kind::Land => Deed::Land(self.random.below(3) as usize),
            Kind::Lag => Deed::Lag,
            Kind::HideName => Deed::Hide(self.random.below(3) as usize, Hidden::Name),
            Kind::HideFile => Deed::Hide(self.random.below(3) as usize, Hidden::File),
            Kind::Arrive => Deed::Arrive,
            Kind::Rotate => Deed::Rotate,
            Kind::AddKey => Deed::AddKey(self.random.below(2) as usize),
            Kind::RemoveKey => Deed::RemoveKey(self.random.below(2) as usize),
            Kind::LoseKeyring => Deed::LoseKeyring,
        }
    }

    fn document(&mut self) -> usize {
        self.random.below(self.documents) as usize
    }

    fn action(&mut self) -> OpAction {
        if self.random.below(4) == 0 { OpAction::Delete } else { OpAction::Edit }
    }

    fn asked(&mut self) -> Asked {
        let mut one_in = |n| self.random.below(n) == 0;
        let (reconcile, dry, hurry, impatient) = (one_in(10), one_in(16), one_in(16), one_in(6));
        Asked { reconcile, dry, hurry, wait: impatient.then_some(0) }
    }

    fn strikes(&mut self, kind: Kind) -> Vec<(u64, Fault)> {
        let calls = matches!(kind, Kind::Change | Kind::Sync | Kind::Reconcile | Kind::Compact | Kind::Resolve | Kind::Resume | Kind::Open);
        let calls = calls || kind.is_of_keys();
        if !calls || self.faults.is_empty() || self.random.below(100) >= self.struck {
            return Vec::new();
        }
        let many = 1 + self.random.below(3) / 2 + self.random.below(8) / 7;
        (0..many).map(|_| self.strike(kind)).collect()
    }

    fn strike(&mut self, kind: Kind) -> (u64, Fault) {
        let at = self.random.below(self.faults.len() as u64) as usize;
        let fault = self.faults.get(at).copied().unwrap_or(Fault::FailBefore);
        let most = match fault {
            Fault::OldCursor | Fault::Refused => 3,
            f if Fault::MORE.contains(&f) => 7,
            _ if matches!(kind, Kind::Change) => 4,
            _ if kind.is_of_keys() => 10,
            _ => 50,
        };
        (self.random.below(most), fault)
    }
}
