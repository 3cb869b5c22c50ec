//! Compactions: between a few devices that come and go, and in random schedules that have some.

use super::{Hit, hit, scripts::around};
use kitestring_sim::{
    Config, Fault,
    case::Tier,
    swarm::{Deed, Family, Look, Script, Seed, play::play_in},
};

/// How many random schedules are looked through for compactions.
const SEEDS: u64 = 2000;

/// Random schedules that have shown something, or show a planted bug: they come first.
const KNOWN: [u64; 4] = [118, 3014, 8629, 8796];

/// What comes first: three devices, of which one is away from then on, a deletion, and two versions of one document of
/// which one has lost.
const BEGINNING: &str = "c1 edit a; c1 edit b; c1 edit x/y; c1 sync; c2 sync; c3 sync; c1 edit A; c2 edit A; c1 sync; c2 sync; \
                         c2 delete b; c2 sync; c1 compact";

/// What is tried on every tier of the journal, with what devices keep.
const SCRIPTS: [(&str, &str); 9] = [
    (
        "history=0 deletions=1",
        "c2 wait 200000; c2 compact; c2 edit a; c2 sync; c1 compact; c1 edit a; c1 compact; c2 compact; c1 compact; c3 sync; c3 sync",
    ),
    ("", "c3 sync; c3 edit a; c3 sync"),
    ("", "c2 delete x/y; c2 compact; c1 compact; c2 compact; c3 sync; c2 edit a; c2 sync; c3 sync"),
    ("", "c2 edit a; c2 compact; c1 delete a; c1 compact; c2 compact; c1 compact; c3 edit b; c3 sync; c1 sync"),
    ("history=0 deletions=365", "c2 edit a; c2 delete x/y; c2 compact; c2 edit a; c2 compact; c1 compact; c3 edit x/y; c3 sync"),
    ("history=0 deletions=1", "c3 edit b; c2 wait 200000; c2 compact; c1 compact; c2 compact; c3 sync"),
    ("", "c1 compact !pause@#; c2 compact; c2 wait 700; c2 compact; c2 edit a; c2 compact; c2 compact; c1 resume; c3 sync"),
    ("", "c2 compact !pause@#; c1 edit a; c1 sync; c1 delete x/y; c1 compact; c1 wait 700; c1 compact; c1 compact; c2 resume; c3 sync"),
    ("", "c2 compact; c2 edit a; c2 compact; c3 sync !kill-after@#; c1 edit b; c1 compact; c3 sync"),
];

/// What was found once, as it is kept in `seeds/`.
const KEPT: [(&str, &str); 3] = [
    ("journal-listing history=0", "c2 edit a; c2 sync; c1 sync; c1 lag; c2 compact; c2 compact; c1 compact"),
    ("journal-cas history=1", "c2 edit a; c2 sync !echo@2; c2 snapshot; c2 compact; c1 rollback new"),
    ("journal-cas", "c2 edit a; c2 compact; c1 snapshot; c1 compact; c2 rollback new"),
];

/// The scripts, with each number in place of `#` until the fault no longer strikes; then random schedules.
pub fn by_compactions(config: &dyn Fn() -> Config) -> Hit {
    let all = SCRIPTS.iter().flat_map(|script| Tier::JOURNAL.map(|tier| (tier, script)));
    let kept = || KEPT.iter().find_map(|(settings, events)| by_kept(settings, events, config));
    let scripts = || all.into_iter().find_map(|(tier, (keeps, events))| by_script(tier, keeps, events, config));
    kept().or_else(scripts).or_else(|| by_seeds(config))
}

fn by_script(tier: Tier, keeps: &str, events: &str, config: &dyn Fn() -> Config) -> Hit {
    for number in 0..200 {
        let events = events.replace('#', &number.to_string());
        let seats = "seat:-fd:1000:0 ".repeat(3);
        let text = format!("{tier} local seed=1 page=1000 {keeps} {seats}; {BEGINNING}; {events}");
        let script: Script = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let verdict = play_in(&script, Look::default(), |world| around(world, config()));
        if !verdict.violations.is_empty() {
            return hit(text, verdict.violations);
        }
        if verdict.tally.all_of("fault") == 0 {
            break;
        }
    }
    None
}

fn by_kept(settings: &str, events: &str, config: &dyn Fn() -> Config) -> Hit {
    let text = format!("{settings} local seed=1 page=1000 seat:-fd:1000:0 seat:-fd:1000:0; {events}");
    let script: Script = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let violations = play_in(&script, Look::default(), |world| around(world, config())).violations;
    hit(text, violations)
}

fn by_seeds(config: &dyn Fn() -> Config) -> Hit {
    let compacts = |script: &Script| script.events.iter().any(|event| event.deed == Deed::Compact);
    // What no drive with a word of its own does is looked for elsewhere.
    let lies = |script: &Script| script.events.iter().any(|event| event.strikes.iter().any(|(_, fault)| *fault == Fault::Unconditional));
    KNOWN.into_iter().chain(0..SEEDS).map(|number| Seed { family: Family::Journal, number }).find_map(|seed| {
        let script = Some(seed.script()).filter(|script| compacts(script) && !lies(script))?;
        hit(format!("KITE_SIM_SEED={seed}"), play_in(&script, Look::default(), |world| around(world, config())).violations)
    })
}
