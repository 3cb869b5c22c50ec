//! The text form of a script: one line of settings, one line for each event. `;` ends a line too.
//!
//! ```text
//! full local seed=7 page=2 untidy seat:fd:1000:0 seat:-p:2:-3600
//! c1 edit a !kill-after@12
//! c2 sync reconcile wait=0 !late@0 !pause@20
//! c2 resume
//! ```
//!
//! The first word is the tier; on the journal, `implicit` leaves the strategy to the library, and a fourth part of a seat
//! says what its drive claims (`seat:fd:1000:0:create`), and `sealed` says that the vault is. `writers=1 small=1 alive=4 moved=100 piece=150` set the scale of a journal.

use super::script::{Asked, DOCUMENTS, Deed, Device, Event, Script, Side};
use crate::{
    case::{OpAction, Tier},
    drive::Hidden,
    faults::Fault,
    recovery::Settle,
};
use kitestring::server::journal::Scale;
use std::{fmt, str::FromStr};

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tier, seed, page, .. } = self;
        let keeps = self.keeps.map(|(history, deletions)| format!(" history={history} deletions={deletions}")).unwrap_or_default();
        let settle = if self.settle == Settle::Local { "local" } else { "remote" };
        let mark = |on: bool, word: &'static str| if on { word } else { "" };
        write!(f, "{tier} {settle} seed={seed} page={page}{keeps}{}{}", mark(self.untidy, " untidy"), mark(self.implicit, " implicit"))?;
        f.write_str(mark(self.sealed, " sealed"))?;
        if self.scale != Scale::default() {
            let Scale { writers, small_file_bytes, alive_fifths, moved_bytes, piece_bytes } = self.scale;
            write!(f, " writers={writers} small={small_file_bytes} alive={alive_fifths} moved={moved_bytes}")?;
            if piece_bytes > 0 {
                write!(f, " piece={piece_bytes}")?;
            }
        }
        for Device { flag, digests, parts, page, skew, claims } in &self.seats {
            write!(f, " seat:-{}{}{}:{page}:{skew}", mark(*flag, "f"), mark(*digests, "d"), mark(*parts, "p"))?;
            claims.map_or(Ok(()), |claims| write!(f, ":{claims}"))?;
        }
        self.events.iter().try_for_each(|event| write!(f, "; {event}"))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{} {}", self.seat + 1, self.deed)?;
        self.strikes.iter().try_for_each(|(after, fault)| write!(f, " !{fault}@{after}"))
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |document: &usize| DOCUMENTS.get(*document).copied().unwrap_or("a");
        let verb = |action: &OpAction| if *action == OpAction::Edit { "edit" } else { "delete" };
        match self {
            Self::Change(document, action) => write!(f, "{} {}", verb(action), name(document)),
            Self::Silent(document, action) => write!(f, "silently-{} {}", verb(action), name(document)),
            Self::Old(document, action) => write!(f, "old-{} {}", verb(action), name(document)),
            Self::Sync(Asked { reconcile, dry, wait, hurry }) => {
                f.write_str("sync")?;
                f.write_str(if *reconcile { " reconcile" } else { "" })?;
                f.write_str(if *dry { " dry" } else { "" })?;
                f.write_str(if *hurry { " hurry" } else { "" })?;
                wait.map_or(Ok(()), |wait| write!(f, " wait={wait}"))
            }
            Self::Reconcile => f.write_str("reconcile"),
            Self::Compact => f.write_str("compact"),
            Self::Resolve(Side::Local) => f.write_str("resolve local"),
            Self::Resolve(Side::Remote) => f.write_str("resolve remote"),
            Self::Resolve(Side::Merged) => f.write_str("resolve merged"),
            Self::Resume => f.write_str("resume"),
            Self::Kill => f.write_str("kill"),
            Self::Open => f.write_str("open"),
            Self::Wait(seconds) => write!(f, "wait {seconds}"),
            Self::Clock(seconds) => write!(f, "clock {seconds}"),
            Self::Backup => f.write_str("backup"),
            Self::Restore => f.write_str("restore"),
            Self::Forget => f.write_str("forget"),
            Self::Copy => f.write_str("copy"),
            Self::Snapshot => f.write_str("snapshot"),
            Self::Rollback(renumber) => write!(f, "rollback {}", if *renumber { "new" } else { "old" }),
            Self::Land(nth) => write!(f, "land {nth}"),
            Self::Lag => f.write_str("lag"),
            Self::Hide(nth, Hidden::Name) => write!(f, "hide-name {nth}"),
            Self::Hide(nth, Hidden::File) => write!(f, "hide {nth}"),
            Self::Arrive => f.write_str("arrive"),
            Self::Rotate => f.write_str("rotate"),
            Self::AddKey(nth) => write!(f, "add-key {nth}"),
            Self::RemoveKey(nth) => write!(f, "remove-key {nth}"),
            Self::LoseKeyring => f.write_str("lose-keyring"),
        }
    }
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let settings = lines.next().ok_or("a script begins with its settings")?;
        let mut script = Self {
            tier: Tier::Full,
            implicit: false,
            settle: Settle::Local,
            seed: 1,
            page: 1000,
            untidy: false,
            keeps: None,
            sealed: false,
            scale: Scale::default(),
            seats: Vec::new(),
            events: Vec::new(),
        };
        for word in settings.split_whitespace() {
            match word.split_once(['=', ':']) {
                None if word == "local" => script.settle = Settle::Local,
                None if word == "remote" => script.settle = Settle::Remote,
                None if word == "untidy" => script.untidy = true,
                None if word == "sealed" => script.sealed = true,
                None if word == "implicit" => script.implicit = true,
                None => script.tier = word.parse()?,
                Some(("seed", seed)) => script.seed = number(seed)?,
                Some(("page", page)) => script.page = number(page)?,
                Some(("history", days)) => script.keeps.get_or_insert((30, 365)).0 = number(days)?,
                Some(("deletions", days)) => script.keeps.get_or_insert((30, 365)).1 = number(days)?,
                Some(("writers", writers)) => script.scale.writers = number(writers)?,
                Some(("small", bytes)) => script.scale.small_file_bytes = number(bytes)?,
                Some(("alive", fifths)) => script.scale.alive_fifths = number(fifths)?,
                Some(("moved", bytes)) => script.scale.moved_bytes = number(bytes)?,
                Some(("piece", bytes)) => script.scale.piece_bytes = number(bytes)?,
                Some(("seat", seat)) => script.seats.push(device(seat)?),
                _ => return Err(format!("{word:?} is no setting")),
            }
        }
        script.events = lines.map(str::parse).collect::<Result<_, _>>()?;
        Ok(script)
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut words, mut strikes) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            match word.strip_prefix('!') {
                Some(strike) => strikes.push(parse_strike(strike)?),
                None => words.push(word),
            }
        }
        let (client, deed) = words.split_first().ok_or("an event is empty")?;
        let seat: usize = number(client.strip_prefix('c').unwrap_or(client))?;
        let seat = seat.checked_sub(1).ok_or("clients are counted from 1")?;
        Ok(Self { seat, deed: parse_deed(deed)?, strikes })
    }
}

fn parse_deed(words: &[&str]) -> Result<Deed, String> {
    Ok(match words {
        ["edit", name] => Deed::Change(document(name)?, OpAction::Edit),
        ["delete", name] => Deed::Change(document(name)?, OpAction::Delete),
        ["silently-edit", name] => Deed::Silent(document(name)?, OpAction::Edit),
        ["silently-delete", name] => Deed::Silent(document(name)?, OpAction::Delete),
        ["old-edit", name] => Deed::Old(document(name)?, OpAction::Edit),
        ["old-delete", name] => Deed::Old(document(name)?, OpAction::Delete),
        ["sync", asked @ ..] => Deed::Sync(parse_asked(asked)?),
        ["reconcile"] => Deed::Reconcile,
        ["compact"] => Deed::Compact,
        ["resolve", "local"] => Deed::Resolve(Side::Local),
        ["resolve", "remote"] => Deed::Resolve(Side::Remote),
        ["resolve", "merged"] => Deed::Resolve(Side::Merged),
        ["resume"] => Deed::Resume,
        ["kill"] => Deed::Kill,
        ["open"] => Deed::Open,
        ["wait", seconds] => Deed::Wait(number(seconds)?),
        ["clock", seconds] => Deed::Clock(number(seconds)?),
        ["backup"] => Deed::Backup,
        ["restore"] => Deed::Restore,
        ["forget"] => Deed::Forget,
        ["copy"] => Deed::Copy,
        ["snapshot"] => Deed::Snapshot,
        ["rollback", versions] => Deed::Rollback(*versions == "new"),
        ["land", nth] => Deed::Land(number(nth)?),
        ["lag"] => Deed::Lag,
        ["hide-name", nth] => Deed::Hide(number(nth)?, Hidden::Name),
        ["hide", nth] => Deed::Hide(number(nth)?, Hidden::File),
        ["arrive"] => Deed::Arrive,
        ["rotate"] => Deed::Rotate,
        ["add-key", nth] => Deed::AddKey(number(nth)?),
        ["remove-key", nth] => Deed::RemoveKey(number(nth)?),
        ["lose-keyring"] => Deed::LoseKeyring,
        _ => return Err(format!("{words:?} is nothing that happens")),
    })
}

fn parse_asked(words: &[&str]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for word in words {
        match word.split_once('=') {
            None if *word == "reconcile" => asked.reconcile = true,
            None if *word == "dry" => asked.dry = true,
            None if *word == "hurry" => asked.hurry = true,
            Some(("wait", seconds)) => asked.wait = Some(number(seconds)?),
            _ => return Err(format!("{word:?} is no option of a sync")),
        }
    }
    Ok(asked)
}

fn parse_strike(text: &str) -> Result<(u64, Fault), String> {
    let (name, after) = text.split_once('@').ok_or_else(|| format!("{text:?} has no place"))?;
    let fault = Fault::every().find(|f| f.name() == name).ok_or_else(|| format!("{name:?} is no fault"))?;
    Ok((number(after)?, fault))
}

fn device(text: &str) -> Result<Device, String> {
    let mut parts = text.split(':');
    let mut next = || parts.next().ok_or_else(|| format!("{text:?} has too few parts"));
    let (marks, page, skew) = (next()?, next()?, next()?);
    let claims = parts.next().map(str::parse).transpose()?;
    let has = |letter| marks.contains(letter);
    Ok(Device { flag: has('f'), digests: has('d'), parts: has('p'), page: number(page)?, skew: number(skew)?, claims })
}

fn document(name: &str) -> Result<usize, String> {
    DOCUMENTS.iter().position(|d| *d == name).ok_or_else(|| format!("{name:?} is no document"))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}
