//! Plays a script.

use super::{
    fate::{Call, Flying},
    keys,
    known::Known,
    old,
    script::{Asked, DOCUMENTS, Deed, Device, Event, Script, Side},
    strikes::Strikes,
    tally::Tally,
    tidy,
};
use crate::{
    case::{self, OpAction, Tier},
    config::Config,
    drive::{Files, Listings, Request},
    excuses, eye,
    faults::Fault,
    history,
    host::{Backup, Manners},
    recovery::{Recovery, chosen},
    run::Run,
    trace::Trace,
    watch::{CANARY, Write},
    world::World,
};
use futures::FutureExt as _;
use kitestring::{
    Action, Allow, Body, Conflict, DocId, Layout, Log, MemoryState, Resolution, State as _, SyncOptions, drive::Capabilities,
    server::journal::JournalOptions,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Every clock is so far ahead, so that skew may be negative.
pub(super) const MIDDLE: Duration = Duration::from_secs(2 * 3600);

/// How closely a run is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Whether the trace has its lines.
    pub lines: bool,
    /// Whether the trace has a hash.
    pub hash: bool,
}

/// How a script went.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What did not hold.
    pub violations: Vec<String>,
    /// What was met.
    pub tally: Tally,
    /// The most requests of one sync, by whether it was disturbed.
    pub requests: BTreeMap<&'static str, u64>,
    /// What happened.
    pub trace: Trace,
}

pub(super) struct Play<'a> {
    pub world: World,
    pub strikes: Strikes,
    pub tally: Tally,
    /// Which devices' users have agreed to go on with another or an older vault.
    pub agreed: BTreeSet<usize>,
    /// Whether the drive was put back.
    pub rolled: bool,
    /// How many writes there had been when it was put back last.
    rolled_at: u64,
    /// Whether somebody was asked to compact.
    pub(super) compacted: bool,
    /// Whether the drive has lost a keyring.
    pub(super) keys_lost: bool,
    pub watched: bool,
    /// The conflicts that each device has shown.
    pub shown: BTreeMap<usize, Vec<Conflict>>,
    pub(super) script: &'a Script,
    flying: Vec<Flying>,
    backups: BTreeMap<usize, (MemoryState, Backup, usize)>,
    snapshot: Option<Files>,
    /// Devices that are copies, or were copied, and how many edits there were then.
    copies: BTreeMap<usize, usize>,
    /// Devices whose state was put back alone, and how many edits there were then.
    forgotten: BTreeMap<usize, usize>,
    /// What of a journal each device must find again.
    pub known: Known,
    requests: BTreeMap<&'static str, u64>,
}

/// Plays a script until everything is quiet, and checks everything.
pub fn play(script: &Script, look: Look) -> Verdict {
    play_in(script, look, |config| config)
}

/// Plays a script in a world with something planted in it.
pub fn play_in(script: &Script, look: Look, plant: impl FnOnce(Config) -> Config) -> Verdict {
    let met = Arc::new(Mutex::new(Tally::default()));
    let config = plant(Config { keep_lines: look.lines, log: log(&met), ..config(script) });
    let world = World::new(config);
    if !look.lines && !look.hash {
        world.control.leave_out_subjects();
    }
    let strikes = Strikes::default();
    world.arm(Some(Box::new(strikes.clone())));
    let mut play = Play {
        world,
        strikes,
        tally: Tally::default(),
        agreed: BTreeSet::new(),
        rolled: false,
        rolled_at: 0,
        compacted: false,
        keys_lost: false,
        watched: script.is_watchable(),
        shown: BTreeMap::new(),
        script,
        flying: Vec::new(),
        backups: BTreeMap::new(),
        snapshot: None,
        copies: BTreeMap::new(),
        forgotten: BTreeMap::new(),
        known: Known::default(),
        requests: BTreeMap::new(),
    };
    play.tally.met("world", script.tier.name());
    if script.seats.iter().any(|seat| seat.claims.is_some()) {
        play.tally.met("world", "mixed claims");
    }
    script.events.iter().for_each(|event| play.happen(event));
    play.finish();
    let mut tally = play.tally;
    tally.add(std::mem::take(&mut *met.lock().unwrap_or_else(PoisonError::into_inner)));
    play.strikes.struck().iter().for_each(|fault| tally.met("fault", fault.name()));
    play.world.ghost.reasons().iter().for_each(|reason| tally.met("excuse", reason));
    Verdict { violations: play.world.ghost.violations(), tally, requests: play.requests, trace: play.world.control.trace() }
}

fn config(script: &Script) -> Config {
    let manners = |d: &Device| Manners { flag: d.flag, digests: d.digests, parts: d.parts, page: d.page, compares: true };
    let ahead = |d: &Device| shifted(d.skew);
    let capabilities = Capabilities { exact: script.is_exact(), consistent: script.is_consistent(), ..script.tier.capabilities() };
    let mixed = script.seats.iter().any(|d| d.claims.is_some());
    let claims = |d: &Device| mixed.then(|| d.claims.map_or(capabilities, Tier::capabilities));
    let mut layout = if script.implicit { Layout::Journal(JournalOptions::default()) } else { script.tier.layout() };
    if let Layout::Journal(options) = &mut layout {
        options.scale = script.scale;
        if let Some((history, deletions)) = script.keeps {
            (options.history_days, options.tombstone_days) = (history, deletions);
        }
    }
    Config {
        seats: script.seats.len(),
        capabilities: if mixed { Capabilities { exact: false, consistent: false, ..Capabilities::FULL } } else { capabilities },
        layout,
        listings: Listings { page: script.page.max(1), untidy: script.untidy, empty: script.sealed, ..script.tier.listings() },
        claims: script.seats.iter().map(claims).collect(),
        encryption: script.sealed.then(keys::first),
        each: script.seats.iter().map(manners).collect(),
        ahead: script.seats.iter().map(ahead).chain([MIDDLE; 8]).collect(),
        seed: script.seed,
        watched: script.is_watchable(),
        lenient: true,
        ..Config::default()
    }
}

fn shifted(seconds: i64) -> Duration {
    let shift = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { MIDDLE.saturating_sub(shift) } else { MIDDLE + shift }
}

/// Counts what the clients say.
fn log(met: &Arc<Mutex<Tally>>) -> Log {
    let met = Arc::clone(met);
    Log::new(move |_, line| {
        let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
        match line.rsplit_once(": ") {
            Some((_, outcome)) if !outcome.contains(' ') => met.met("plan", outcome),
            _ => {
                let words: Vec<&str> = line.split([' ', ':']).take(2).collect();
                if let [first, second] = words.as_slice()
                    && !matches!(*first, "synced" | "pushing" | "failed")
                {
                    // Not each checkpoint and each file by its name.
                    let second = if second.starts_with("c-") { "checkpoint" } else { second };
                    let first = first.split_once('/').map_or(*first, |(folder, _)| folder);
                    met.met("log", &format!("{first} {second}"));
                }
            }
        }
    })
}

impl Play<'_> {
    fn happen(&mut self, event: &Event) {
        let Event { seat, deed, strikes } = event;
        if *seat >= self.world.seats.len() {
            return;
        }
        self.world.control.note(|| event.to_string());
        let busy = self.flying.iter().any(|f| f.seat == *seat);
        self.strikes.set(*seat, strikes, busy);
        self.act(*seat, *deed);
        if self.watched && self.flying.is_empty() && matches!(deed, Deed::Sync(_)) {
            eye::check_reachable(&self.world, &format!("after {event}"), false);
        }
    }

    fn act(&mut self, seat: usize, deed: Deed) {
        match deed {
            Deed::Change(document, action) => self.change(seat, document, action),
            Deed::Silent(document, action) => {
                self.world.seat(seat).reconcile_due = true;
                for flying in self.flying.iter_mut().filter(|f| f.seat == seat) {
                    flying.silence = false;
                }
                if let Some((id, action)) = self.about(seat, document, action) {
                    let unknown = self.unknown(&id);
                    self.world.host(seat).change_silently(&id, action);
                    excuses::journal::untold(&self.world, seat, &id);
                    if let Some(reason) = unknown {
                        excuses::edited_unknown(&self.world, seat, &id, reason);
                    }
                }
            }
            Deed::Sync(asked) => self.sync(seat, asked),
            Deed::Reconcile => {
                self.ready(seat);
                let run = self.world.start_call(seat, |client| async move { client.reconcile(SyncOptions::default()).await });
                self.fly(seat, Call::Reconcile { run });
            }
            Deed::Compact => self.compact(seat),
            Deed::Resolve(side) => self.resolve(seat, side),
            Deed::Resume => self.resume(seat),
            Deed::Kill => {
                self.world.kill(seat);
                self.killed(seat);
            }
            Deed::Open => self.open(seat),
            Deed::Wait(seconds) => self.world.clock.pass(Duration::from_secs(seconds)),
            Deed::Clock(seconds) => self.world.seat(seat).runtime.set_ahead(shifted(seconds)),
            Deed::Lag => {
                self.tally.met("deed", "lag");
                self.world.drive.lag(seat);
            }
            Deed::Hide(nth, how) => {
                if let Some(path) = self.world.drive.hide(seat, nth, how) {
                    self.tally.met("deed", "hidden");
                    self.world.control.note(|| format!("c{} does not see {path}", seat + 1));
                }
            }
            Deed::Arrive => self.world.drive.catch_up(seat),
            Deed::Rotate | Deed::AddKey(_) | Deed::RemoveKey(_) => self.change_keys(seat, deed),
            Deed::LoseKeyring => self.lose_keyring(),
            Deed::Land(nth) => self.land(nth),
            Deed::Old(document, action) => {
                // It knows no encoded names: it would write a twin beside the document.
                if let Some(id) = self.id(document)
                    && old::change(&self.world, &id, action).is_some()
                {
                    self.tally.met("deed", "old");
                }
            }
            deed => self.turn_back(seat, deed),
        }
    }

    /// What only a user with a backup can do.
    fn turn_back(&mut self, seat: usize, deed: Deed) {
        match deed {
            Deed::Backup => {
                let (state, host) = (self.world.seat(seat).memory.snapshot(), self.world.host(seat).backup());
                self.backups.insert(seat, (state, host, self.world.ghost.edits().len()));
            }
            Deed::Restore | Deed::Forget => {
                let Some((state, host, before)) = self.backups.remove(&seat) else { return };
                self.killed(seat);
                self.known.forget(seat);
                self.shown.remove(&seat);
                if deed == Deed::Restore {
                    self.tally.met("deed", "restore");
                    excuses::restored(&self.world, seat, before);
                } else {
                    self.tally.met("deed", "forget");
                    excuses::forgotten(&self.world, seat, before);
                    self.forgotten.insert(seat, self.world.ghost.edits().len());
                }
                self.world.restore(seat, &state, (deed == Deed::Restore).then(|| host.clone()));
                if deed == Deed::Forget {
                    excuses::forgot(&self.world, seat);
                }
                self.backups.insert(seat, (state, host, before));
            }
            Deed::Copy if self.world.seats.len() < 5 => {
                self.tally.met("deed", "copy");
                let copy = self.world.copy_seat(seat);
                excuses::copies(&self.world);
                let made = self.world.ghost.edits().len();
                self.copies.extend([(seat, made), (copy, made)]);
            }
            Deed::Snapshot => self.snapshot = Some(self.world.drive.backup()),
            Deed::Rollback(renumber) => {
                let Some(files) = self.snapshot.clone() else { return };
                self.tally.met("deed", "rollback");
                let conflicts: Vec<DocId> = (0..self.world.seats.len()).flat_map(|s| self.in_conflict(s)).collect();
                excuses::rolled_back(&self.world, &files, &conflicts);
                let compacting = self.flying.iter().filter(|flying| matches!(flying.call, Call::Compact { .. }));
                let compacting: Vec<usize> = compacting.map(|flying| flying.seat).collect();
                compacting.into_iter().for_each(|seat| self.deletes_behind(seat, true));
                self.rolled_at = self.world.drive.writes();
                self.world.drive.restore(files, renumber);
                self.watch_turned_back();
                self.flying.iter_mut().for_each(|flying| flying.applied = None);
                self.rolled = true;
            }
            _ => {}
        }
    }

    /// Which documents are in conflict at a device.
    fn in_conflict(&mut self, seat: usize) -> Vec<DocId> {
        let memory = Arc::clone(&self.world.seat(seat).memory);
        let records = memory.scan("conflict/".to_owned(), None, 1000).now_or_never().and_then(Result::ok).unwrap_or_default();
        let parsed = records.into_iter().filter_map(|r| serde_json::from_slice::<serde_json::Value>(&r.value?).ok());
        parsed.filter_map(|record| DocId::new(record.pointer("/conflict/id")?.as_str()?).ok()).collect()
    }

    /// What a user is about to do.
    fn about(&self, seat: usize, document: usize, action: OpAction) -> Option<(DocId, Action)> {
        let id = self.id(document)?;
        if self.copies.contains_key(&seat) {
            excuses::copied(&self.world, &id);
        }
        Some((id, if action == OpAction::Edit { Action::Put } else { Action::Delete }))
    }

    /// Why a deletion of a document may say nothing to somebody, if so.
    fn unknown(&self, id: &DocId) -> Option<&'static str> {
        let is_unknown = |(seat, made): (&usize, &usize)| excuses::is_unknown(&self.world, *seat, id, *made);
        // Whoever deletes it: for the state that knows nothing of it, what its host has is new.
        if self.copies.iter().any(is_unknown) {
            return Some(excuses::journal::NEVER_PUSHED);
        }
        self.forgotten.iter().any(is_unknown).then_some(excuses::journal::FORGOTTEN)
    }

    fn change(&mut self, seat: usize, document: usize, action: OpAction) {
        let Some((id, action)) = self.about(seat, document, action) else { return };
        let unknown = self.unknown(&id);
        let change = self.world.host(seat).change(&id, action);
        if let Some(reason) = unknown {
            excuses::edited_unknown(&self.world, seat, &id, reason);
        }
        if self.world.is_open(seat) {
            self.let_queue_end(seat);
            let run = self.world.start_queue(seat, change.clone());
            self.fly(seat, Call::Queue { run, change });
        } else {
            excuses::journal::untold(&self.world, seat, &id);
        }
    }

    /// Opens the client, and lets a `queue_change` that stands still end: a sync that waits for it would renew its lock
    /// for ever.
    pub(super) fn ready(&mut self, seat: usize) {
        self.open(seat);
        self.let_queue_end(seat);
    }

    fn let_queue_end(&mut self, seat: usize) {
        // It may be made to stand still again, once for each fault that waits.
        for _ in 0..8 {
            if self.flying.iter().any(|f| f.seat == seat && matches!(f.call, Call::Queue { .. })) {
                self.resume(seat);
            }
        }
    }

    fn sync(&mut self, seat: usize, asked: Asked) {
        self.ready(seat);
        let agreed = self.agreed.contains(&seat);
        let mut options = SyncOptions {
            reconcile: asked.reconcile || self.world.seat(seat).reconcile_due,
            dry_run: asked.dry,
            allow: Allow { vault_changed: agreed, rollback: agreed, ..Allow::default() },
            deadline: asked.hurry.then_some(Duration::ZERO),
            ..SyncOptions::default()
        };
        if let Some(seconds) = asked.wait {
            options.wait = Duration::from_secs(seconds);
        }
        let reconciles = options.reconcile;
        let under_way = self.flying.iter().any(|f| f.seat == seat && matches!(f.call, Call::Sync { .. }));
        let began = under_way.then(|| self.world.drive.begun(seat));
        let run = self.world.start_sync(seat, options);
        began.into_iter().for_each(|writes| self.world.drive.began_earlier(seat, writes));
        self.fly(seat, Call::Sync { run, dry: asked.dry, reconciles });
    }

    fn compact(&mut self, seat: usize) {
        if !self.world.config.is_journal() {
            return;
        }
        self.ready(seat);
        self.compacted = true;
        let agreed = self.agreed.contains(&seat);
        let allow = Allow { vault_changed: agreed, rollback: agreed, ..Allow::default() };
        let reconcile = self.world.seat(seat).reconcile_due;
        let run = self.world.start_compact(seat, SyncOptions { allow, reconcile, ..SyncOptions::default() });
        self.fly(seat, Call::Compact { run });
    }

    fn resolve(&mut self, seat: usize, side: Side) {
        self.ready(seat);
        let Some(conflict) = self.shown.get_mut(&seat).and_then(|shown| (!shown.is_empty()).then(|| shown.remove(0))) else { return };
        let (mut resolution, mut merged) = (Resolution::KeepLocal, None);
        match side {
            Side::Local => {}
            Side::Remote => resolution = Resolution::TakeRemote,
            Side::Merged => {
                let mut seen = self.world.ghost.remote_side(&conflict);
                // Nobody can tell which deletion it was: perhaps one that was made since.
                if conflict.remote.is_none() {
                    self.world.ghost.chose_vaguely(&conflict.id);
                }
                seen.extend(match &conflict.local {
                    Some(side) => self.world.ghost.edits_of(&conflict.id, &side.revision),
                    None => self.world.host(seat).seen(&conflict.id),
                });
                let (no, revision, body) = self.world.ghost.merge(seat, &conflict.id, &seen);
                merged = Some(no);
                resolution = Resolution::Merged { revision, body: Body::Whole(body) };
            }
        }
        let chosen = match merged {
            Some(no) => (self.world.ghost.remote_side(&conflict), BTreeSet::from([no])),
            None => chosen(&self.world, seat, &conflict, &resolution),
        };
        let run = self.world.start_resolve(seat, conflict, resolution);
        self.fly(seat, Call::Resolve { run, chosen, merged });
    }

    pub(super) fn open(&mut self, seat: usize) {
        if self.world.is_open(seat) {
            return;
        }
        let hits = self.strikes.hits(seat);
        let run = self.world.open(seat);
        self.tally.met("call", if run.is_well() { "open ok" } else { "open failed" });
        match run {
            Run::Killed(who) => self.killed(who),
            // Whoever stands still in an opening is killed by its user.
            Run::Paused => {
                self.world.kill(seat);
                self.killed(seat);
            }
            run if !run.is_well() && self.strikes.hits(seat) == hits => {
                self.violated(format!("I9 Liveness: open of c{} ends with {} without a fault", seat + 1, run.word()));
            }
            _ => {}
        }
    }

    fn resume(&mut self, seat: usize) {
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flying).into_iter().partition(|f| f.seat == seat);
        self.flying = others;
        for flying in &mine {
            match &flying.call {
                Call::Sync { run, .. } => self.world.resume(run),
                Call::Queue { run, .. } | Call::Resolve { run, .. } | Call::Keys { run, .. } => self.world.resume(run),
                Call::Reconcile { run } => self.world.resume(run),
                Call::Compact { run } => self.world.resume(run),
            }
        }
        let opened = self.world.seat(seat).alive.clone();
        for flying in mine {
            // The process may have ended meanwhile, with all its calls.
            if Arc::ptr_eq(&opened, &self.world.seat(seat).alive) && self.world.is_open(seat) {
                let still = self.go_on(flying);
                self.flying.extend(still);
            }
        }
    }

    pub(super) fn fly(&mut self, seat: usize, call: Call) {
        let alone = self.flying.is_empty() && !self.rolled && self.copies.is_empty();
        let applied = Some(self.world.host(seat).applied());
        let flying = Flying { seat, call, silence: true, hits: self.strikes.hits(seat), alone, applied };
        let still = self.go_on(flying);
        self.flying.extend(still);
    }

    /// Whether what a seat deletes from now on was doomed before the drive was put back.
    pub(super) fn deletes_behind(&self, seat: usize, behind: bool) {
        if let Some(watch) = &self.world.watch {
            watch.deletes_behind(seat, behind);
        }
    }

    pub(super) fn killed(&mut self, seat: usize) {
        self.deletes_behind(seat, false);
        self.flying.retain(|f| f.seat != seat);
    }

    fn land(&mut self, nth: usize) {
        let Some(request) = self.world.drive.land(nth) else { return };
        let touched = self.world.drive.touched(request.path.as_str());
        let landed = self.world.drive.write(request.clone());
        self.tally.met("deed", if landed.is_ok() { "land" } else { "land refused" });
        self.world.control.note(|| format!("late: {} -> {}", request.path, landed.is_ok()));
        if let Ok(effect) = landed {
            if !self.world.config.is_journal() {
                excuses::classic::landed(&self.world.ghost, self.world.drive.capabilities(), &request, touched, &effect);
            }
            let behind = self.rolled && request.bytes.is_none() && request.sent <= self.rolled_at;
            if behind {
                self.deletes_behind(request.seat, true);
            }
            if let Some(watch) = &self.world.watch {
                let Request { seat, path, condition, .. } = &request;
                watch.written(&Write { seat: *seat, path: path.as_str(), condition, honest: true });
            }
            if behind && !self.flying.iter().any(|flying| flying.seat == request.seat) {
                self.deletes_behind(request.seat, false);
            }
        }
    }

    pub(super) fn violated(&self, what: String) {
        self.world.ghost.violated(what);
    }

    /// Remembers the most requests of one sync.
    pub(super) fn most(&mut self, kind: &'static str, requests: u64) {
        let most = self.requests.entry(kind).or_default();
        *most = requests.max(*most);
    }

    /// A document. In a sealed vault, its name must never be seen on the drive.
    fn id(&self, document: usize) -> Option<DocId> {
        let canary = if self.script.sealed { CANARY } else { "" };
        DOCUMENTS.get(document % DOCUMENTS.len()).and_then(|name| DocId::new(format!("{name}{canary}")).ok())
    }

    pub(super) fn watch_turned_back(&self) {
        if let Some(watch) = &self.world.watch {
            watch.turned_back();
        }
    }

    /// The faults stop: what stands still goes on, what is late takes effect, and everybody recovers.
    fn finish(&mut self) {
        self.strikes.clear();
        for _ in 0..2 {
            (0..self.world.seats.len()).for_each(|seat| self.resume(seat));
        }
        if let Some(flying) = self.flying.first() {
            self.violated(format!("I9 Liveness: a call of c{} never ends", flying.seat + 1));
            return;
        }
        self.world.control.disarm();
        self.world.control.note(|| "the faults stop".to_owned());
        self.world.drive.clear_up();
        while self.world.drive.in_air() > 0 {
            self.land(0);
        }
        self.known.upgrade(&mut self.world);
        let settle = self.script.settle;

        let allow = Allow { vault_changed: self.rolled, rollback: self.rolled, ..Allow::default() };
        self.put_keys_back(allow);
        let recovery = Recovery { settle, locked_rounds: 3, most_rounds: 14, allow, ..Recovery::default() };
        let recovered = recovery.run(&mut self.world);
        self.most("rounds", recovered.rounds);
        if self.compacted {
            tidy::check(&mut self.world, allow);
            recovery.run(&mut self.world);
        }
        self.world.config.each.resize(self.world.seats.len(), Manners::default());
        self.check_keys();
        case::finish(&mut self.world);
        if self.compacted {
            // What a compactor cannot read, twice, is left out: without a head nothing says that a checkpoint has it (J99).
            let unseen = |event: &Event| matches!(event.deed, Deed::Lag | Deed::Hide(..));
            let torn = self.script.events.iter().flat_map(|event| &event.strikes).filter(|(_, fault)| *fault == Fault::Torn).count();
            let all_seen = torn < 2 && !self.script.events.iter().any(unseen);
            let seen = eye::journal::has_head(&self.world.drive) || all_seen;
            if !seen {
                self.tally.met("excuse", excuses::journal::HISTORY_UNSEEN);
            }
            history::check(&mut self.world, self.script.keeps.map_or(30, |(history, _)| history), seen);
        }
    }
}
