//! The searches: each goes through a family of schedules and returns the first in which an invariant breaks. They
//! find planted bugs, and nothing where none is planted.

mod cases;
mod compactions;
mod disturbances;
mod others;
mod ports;
mod promises;
mod races;
mod resolutions;
mod scenes;
mod scripts;

use crate::common::{id, outcome, well};
#[allow(unused_imports, reason = "not every test that looks for plants names a tier")]
pub use cases::{by_cases, by_cases_on};
use compactions::{by_compaction_seeds, by_compactions, by_small_scale};
use disturbances::{by_cancels, by_double_kills, by_late_edits};
pub use disturbances::{by_edits, by_kills};
use kitestring::{Action, Report};
use kitestring_sim::{Config, Fault, FaultSource, Started, World, case::Tier, faults::Call, recovery::Settle};
use others::{by_backups, by_old_clients};
use ports::{by_flickers, by_names, by_reluctance, by_stammers};
use promises::{by_deadlines, by_dry_runs, by_first_syncs, by_long_logs, by_mass_deletions};
use races::{by_double_races, by_take_overs};
#[allow(unused_imports, reason = "not every test that looks for plants names a tier")]
pub use races::{by_races, by_races_on};
use resolutions::by_resolutions;
#[allow(unused_imports, reason = "only a planted bug is looked for with one script")]
pub use scripts::{by_one_script, is_script};
use scripts::{by_scripts, by_sealed_scripts, by_sealed_seeds, by_seeds, by_slow_line};
use std::time::Duration;

/// The schedule that found something, and what.
pub type Hit = Option<(String, Vec<String>)>;

/// A family of schedules, in worlds that `config` makes.
pub type Search = fn(&dyn Fn() -> Config) -> Hit;

/// Something to do, with its name.
type Act = (&'static str, fn(&mut World));

/// Every search, the most general first.
pub const ALL: [(&str, Search); 21] = [
    ("cases", by_cases),
    ("edits", by_edits),
    ("late edits", by_late_edits),
    ("kills", by_kills),
    ("cancels", by_cancels),
    ("double kills", by_double_kills),
    ("take-overs", by_take_overs),
    ("races", by_races),
    ("double races", by_double_races),
    ("resolutions", by_resolutions),
    ("old clients", by_old_clients),
    ("backups", by_backups),
    ("names", by_names),
    ("mass deletions", by_mass_deletions),
    ("flickering drives", by_flickers),
    ("stammering drives", by_stammers),
    ("reluctant hosts", by_reluctance),
    ("dry runs", by_dry_runs),
    ("deadlines", by_deadlines),
    ("long logs", by_long_logs),
    ("first syncs", by_first_syncs),
];

/// The searches on the journal, the most general first. Those that are not named are about files that it does not have.
pub const JOURNAL: [(&str, Search); 25] = [
    ("journal cases", |config| by_cases(&on_journal(config))),
    ("journal edits", |config| by_edits(&on_journal(config))),
    ("journal late edits", |config| by_late_edits(&on_journal(config))),
    ("journal kills", |config| by_kills(&on_journal(config))),
    ("journal cancels", |config| by_cancels(&on_journal(config))),
    ("journal double kills", |config| by_double_kills(&on_journal(config))),
    ("journal races", |config| by_races(&on_journal(config))),
    ("journal double races", |config| by_double_races(&on_journal(config))),
    ("journal resolutions", |config| by_resolutions(&on_journal(config))),
    ("journal scripts", |config| by_scripts(&on_journal(config))),
    ("journal backups", |config| by_backups(&on_journal(config))),
    ("journal names", |config| by_names(&on_journal(config))),
    ("journal mass deletions", |config| by_mass_deletions(&on_journal(config))),
    ("journal stammering drives", |config| by_stammers(&on_journal(config))),
    ("journal reluctant hosts", |config| by_reluctance(&on_journal(config))),
    ("journal dry runs", |config| by_dry_runs(&on_journal(config))),
    ("journal deadlines", |config| by_deadlines(&on_journal(config))),
    ("journal first syncs", |config| by_first_syncs(&on_journal(config))),
    ("journal compactions", |config| by_compactions(&on_journal(config))),
    ("journal compaction seeds", |config| by_compaction_seeds(&on_journal(config))),
    ("journal small scale", |config| by_small_scale(&on_journal(config))),
    ("journal slow line", |config| by_slow_line(&on_journal(config))),
    ("journal seeds", |config| by_seeds(&on_journal(config))),
    ("sealed scripts", |config| by_sealed_scripts(&on_journal(config))),
    ("sealed seeds", |config| by_sealed_seeds(&on_journal(config))),
];

/// The same worlds on the journal.
fn on_journal(config: &dyn Fn() -> Config) -> impl Fn() -> Config {
    move || Tier::Cas.of(config())
}

/// On which tiers to search: those of the layout.
fn tiers(config: &dyn Fn() -> Config) -> Vec<Tier> {
    if config().is_journal() { Tier::JOURNAL.to_vec() } else { Tier::CLASSIC.to_vec() }
}

/// Longer than any lock of a client that stands still is respected.
const LONG: Duration = Duration::from_secs(300);

type Edits = [(usize, &'static str, Action)];

fn hit(case: impl Into<String>, violations: Vec<String>) -> Hit {
    (!violations.is_empty()).then(|| (case.into(), violations))
}

fn failed(case: &str, what: impl Into<String>) -> Hit {
    hit(case, vec![what.into()])
}

fn edit(world: &mut World, edits: &Edits) {
    for (seat, document, action) in edits {
        well(world.change(*seat, &id(document), *action));
    }
}

/// Recovers and checks everything; a lock must not be left either.
fn settled(world: &mut World, settle: Settle) -> Vec<String> {
    let mut violations = outcome(world, settle);
    if world.drive.contents().contains_key("lock.json") {
        violations.push("I9 Liveness: a lock is left when all is quiet".into());
    }
    violations
}

fn end(world: &mut World, started: &Started<Report>) {
    world.resume(started);
    world.go_on(started);
}

/// Strikes the first call of this kind.
struct First {
    seat: usize,
    call: &'static str,
    subject: &'static str,
    fault: Option<Fault>,
}

impl FaultSource for First {
    fn decide(&mut self, call: &Call<'_>) -> Option<Fault> {
        let this = call.seat == self.seat && call.call == self.call && call.subject.starts_with(self.subject);
        if this { self.fault.take() } else { None }
    }
}
