//! Draws a script on the journal. What a seed decides here comes from a stream of its own, so that no seed of the classic
//! layout plays anything else because of it.

use super::{Kind, Mix, device, length, one_of};
use crate::{
    case::{OpAction, Tier},
    faults::Fault,
    recovery::Settle,
    runtime::SplitMix,
    swarm::script::{Asked, DOCUMENTS, Deed, Event, Script},
};
use kitestring::server::journal::Scale;

/// What these seeds are told apart by.
const STREAM: u64 = 0x6a6f_7572_6e61_6c00;

/// Draws the script of a seed on the journal.
pub fn journal(seed: u64) -> Script {
    drawn(seed, seed ^ STREAM, Scale::default(), 3, false)
}

/// Draws the script of a seed on the journal, with compactions on a small scale: heads leave writers out, and checkpoints
/// refer to files that were there before.
pub fn small(seed: u64) -> Script {
    drawn(seed, seed ^ STREAM ^ 0x0073_6d61_6c6c, small_scale(seed ^ STREAM ^ 0x736d_616c), 1, false)
}

/// Draws the script of a seed on the journal at the end of a slow line, half of them on a small scale: files are read piece by
/// piece, and records are short.
pub fn slow(seed: u64) -> Script {
    let stream = seed ^ STREAM ^ 0x736c_6f77;
    let scale = if seed.is_multiple_of(2) { small_scale(stream ^ 0x736d_616c) } else { Scale::default() };
    let piece_bytes = one_of(&mut SplitMix::new(stream ^ 0x7069_6563), [100, 150, 200, 300]);
    drawn(seed, stream, Scale { piece_bytes, ..scale }, 2, false)
}

/// Draws the script of a seed in a sealed vault, half of them on a small scale.
pub fn sealed(seed: u64) -> Script {
    let stream = seed ^ STREAM ^ 0x7365_616c_6564;
    let (scale, compacts) = if seed.is_multiple_of(2) { (small_scale(stream ^ 0x736d_616c), 1) } else { (Scale::default(), 3) };
    drawn(seed, stream, scale, compacts, true)
}

fn small_scale(stream: u64) -> Scale {
    let mut random = SplitMix::new(stream);
    let usual = Scale::default();
    Scale {
        writers: one_of(&mut random, [1, 1, 2, usual.writers]),
        small_file_bytes: one_of(&mut random, [1, 1, 400, 700]),
        alive_fifths: one_of(&mut random, [usual.alive_fifths, usual.alive_fifths, 2, 1]),
        moved_bytes: one_of(&mut random, [usual.moved_bytes, usual.moved_bytes, 100, 50]),
        ..usual
    }
}

/// Draws a script from a stream; one in so many has compactions.
fn drawn(seed: u64, stream: u64, scale: Scale, compacts: u64, sealed: bool) -> Script {
    let mut random = SplitMix::new(stream);
    let tier = match random.below(20) {
        0..9 => Tier::Cas,
        9..13 => Tier::Slots,
        13..17 => Tier::Listing,
        _ => Tier::Late,
    };
    let settle = if random.below(2) == 0 { Settle::Local } else { Settle::Remote };
    let count = one_of(&mut random, [2, 2, 2, 3, 3, 4]);
    let (plain, mixed) = (random.below(3) == 0, random.below(6) == 0);
    let mut seats: Vec<_> = (0..count).map(|_| device(&mut random, plain, false)).collect();
    for seat in seats.iter_mut().filter(|_| mixed) {
        seat.claims = one_of(&mut random, [None, None, Some(Tier::Full), Some(Tier::Create), Some(Tier::None)]);
    }
    let implicit = !mixed && random.below(2) == 0;
    let page = if random.below(4) == 0 { 1 + random.below(2) as usize } else { 1000 };
    let untidy = random.below(8) == 0;
    let mut mix = mix(random, count, tier, mixed);
    let keeps = compactions(stream, compacts, &mut mix);
    if sealed {
        keys(stream, &mut mix);
    }
    let begun = sealed && !seed.is_multiple_of(4);
    let drawn: Vec<Event> = (0..length(&mut mix.random)).map(|_| mix.event()).collect();
    let events = beginning().into_iter().filter(|_| begun).chain(drawn).collect();
    Script { tier, implicit, settle, seed, page, untidy, keeps, sealed, scale, seats, events }
}

/// Adds compactions to one seed in so many, and says what they keep. From a stream of its own: the others play what they
/// did before there were any.
fn compactions(stream: u64, one_in: u64, mix: &mut Mix) -> Option<(u32, u32)> {
    let mut random = SplitMix::new(stream ^ 0x636f_6d70);
    if random.below(one_in) > 0 {
        return None;
    }
    mix.deeds.extend([Kind::Compact; 8]);
    if random.below(3) == 0 {
        mix.deeds.extend([Kind::Days; 3]);
    }
    (random.below(2) == 0).then(|| (one_of(&mut random, [0, 1, 30]), one_of(&mut random, [1, 1, 365])))
}

/// Makes a vault: before there is one, nobody can change who opens it.
fn beginning() -> [Event; 2] {
    let first = |deed| Event { seat: 0, deed, strikes: Vec::new() };
    [first(Deed::Change(0, OpAction::Edit)), first(Deed::Sync(Asked::default()))]
}

/// Adds what changes who can open the vault.
fn keys(stream: u64, mix: &mut Mix) {
    let mut random = SplitMix::new(stream ^ 0x6b65_7973);
    let mut some = |kinds: &[Kind], of: u64, in_all: u64| {
        if random.below(in_all) < of {
            mix.deeds.extend(kinds);
        }
    };
    some(&[Kind::Rotate; 3], 3, 4);
    some(&[Kind::AddKey, Kind::AddKey, Kind::RemoveKey], 1, 2);
    some(&[Kind::LoseKeyring], 1, 8);
}

fn mix(mut random: SplitMix, seats: u64, tier: Tier, mixed: bool) -> Mix {
    let mut deeds = vec![Kind::Change; 12];
    deeds.extend([Kind::Sync; 14]);
    let mut some = |kinds: &[Kind], one_in: u64| {
        if random.below(one_in) == 0 {
            deeds.extend(kinds);
        }
    };
    some(&[Kind::Silent; 3], 5);
    some(&[Kind::Reconcile; 2], 5);
    some(&[Kind::Resolve; 4], 2);
    some(&[Kind::Kill; 2], 4);
    some(&[Kind::Open; 2], 3);
    some(&[Kind::Wait; 2], 6);
    some(&[Kind::Lag; 3], 8);
    some(&[Kind::HideName, Kind::HideName, Kind::Arrive], 6);
    // Where the drive can do everything it has no old files; and what is created there cannot be hidden.
    if tier.capabilities() == Tier::None.capabilities() && !mixed {
        some(&[Kind::HideFile, Kind::HideFile, Kind::Arrive], 3);
    }
    some(&[Kind::Snapshot, Kind::Snapshot, Kind::Rollback, Kind::Rollback], 14);
    some(&[Kind::Backup, Kind::Backup, Kind::Restore, Kind::Restore], 10);
    some(&[Kind::Backup, Kind::Backup, Kind::Forget, Kind::Forget], 10);
    some(&[Kind::Copy], 20);
    let faults = faults(&mut random, tier, &deeds);
    if faults.contains(&Fault::Pause) || faults.contains(&Fault::Racy) {
        deeds.extend([Kind::Resume; 4]);
    }
    if faults.contains(&Fault::Late) || faults.contains(&Fault::Twice) {
        deeds.extend([Kind::Land; 4]);
    }
    let struck = one_of(&mut random, [0, 15, 35, 35, 60, 80]);
    let documents = 1 + random.below(DOCUMENTS.len() as u64);
    // Few documents, so that clients meet.
    let documents = if random.below(2) == 0 { documents.min(2) } else { documents };
    Mix { random, faults, struck, deeds, seats, documents }
}

/// Draws the faults that there are.
///
/// Compare-and-swap that is not atomic delays what it forgets. A slot that is not created atomically is not read again by
/// those who know it, so a drive that does that must not claim to create. Two devices that have one writer can bring about
/// two records under one number where the head forgets: nor is this drawn together.
fn faults(random: &mut SplitMix, tier: Tier, deeds: &[Kind]) -> Vec<Fault> {
    let twins = deeds.iter().any(|kind| matches!(kind, Kind::Copy | Kind::Restore | Kind::Forget));
    let may_lie = tier == Tier::Cas && !twins;
    Fault::journal()
        .filter(|fault| {
            let lies = matches!(fault, Fault::Unconditional | Fault::Racy);
            random.below(if lies { 6 } else { 4 }) == 0 && (!lies || may_lie)
        })
        .collect()
}
