//! Compactions: between a few devices that come and go, in random schedules that have some, and on a small scale.

use super::{Hit, hit, scripts::around};
use kitestring_sim::{
    Config, Fault,
    case::Tier,
    swarm::{Deed, Family, Look, Script, Seed, play::play_in},
};

/// How many random schedules are looked through for compactions,
const SEEDS: u64 = 2000;
/// and how many on a small scale, where all have some.
const SMALL_SEEDS: u64 = 1000;

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

/// What is tried on the same tiers by itself.
const ALONE: [&str; 8] = [
    "seat:-fd:1000:0 seat:-fd:1000:0; c1 edit a; c1 sync !pause@#; c2 snapshot; c1 resume; c1 compact; c2 rollback new",
    // The clock of the first device is three days ahead.
    "history=1 deletions=1 seat:-fd:1000:259200 seat:-fd:1000:0; c1 edit a; c1 edit x/y; c1 sync; c2 sync; c2 compact; \
     c2 delete x/y; c2 sync; c2 compact; c1 compact; c1 edit a; c1 sync",
    "history=1 deletions=1 seat:-fd:1000:259200 seat:-fd:1000:0; c1 edit a; c1 edit x/y; c1 sync; c2 sync; c1 compact; c1 compact; \
     c2 delete x/y; c2 sync; c1 compact; c1 edit a; c1 sync",
    "seat:-fd:1000:0 seat:-fd:1000:0; c2 edit b; c2 sync; c1 sync; c1 edit b; c1 compact !torn@#; c2 compact",
    "seat:-fd:1000:0 seat:-fd:1000:0; c1 edit a; c1 edit b; c1 sync; c2 sync; c1 compact; c1 delete b; c1 sync; c1 wait 1000; \
     c1 compact; c1 compact; c1 edit a; c1 sync",
    "seat:-fdp:1000:0 seat:-fd:1000:0; c1 silently-edit a; c1 sync; c1 edit a; c1 compact !full@#",
    "seat:-fdp:1000:0 seat:-fd:1000:0 seat:-fd:1000:0; c1 edit b; c1 sync; c3 sync; c1 edit b; c1 compact; c3 compact",
    "history=0 deletions=1 seat:-fd:1000:0 seat:-fd:1000:0 seat:-fd:1000:0; c1 edit a; c1 edit x/y; c1 sync; c2 sync; c3 sync; \
     c1 compact; c3 edit x/y; c3 sync !pause@#; c2 delete x/y; c2 sync; c2 wait 200000; c2 compact; c1 compact; c3 resume; \
     c1 edit a; c1 sync",
];

/// What is tried on a small scale, by three devices, where there is a head.
const SMALL: [(&str, &str); 2] = [
    // A writer that is left out is one whom the third device does not know.
    ("writers=0", "c1 edit a; c1 sync; c3 sync; c2 edit b; c2 sync; c1 sync; c1 compact; c3 sync"),
    // Nobody is left out who has written meanwhile.
    ("writers=0", "c1 edit a; c1 sync; c2 sync; c3 sync; c1 edit b; c1 compact !pause@#; c2 edit a; c2 sync; c1 resume; c3 sync; c1 sync"),
];

/// The same where the drive claims compare-and-swap and may write later than it looks: a head that was checked comes after
/// one that was checked against the same.
const RACY: [(&str, &str); 2] = [
    // The one refers to files of their parent that the other has replaced,
    (
        "writers=64",
        "c1 edit a; c1 edit b; c1 sync; c2 sync; c3 sync; c1 compact; c2 edit a; c2 edit b; c1 edit x/y; c1 sync; \
         c1 compact !racy@#; c2 compact; c2 wait 700; c2 compact; c1 resume; c3 sync; c1 sync",
    ),
    // or to a record since.
    (
        "writers=64",
        "c1 edit a; c1 sync; c2 sync; c3 sync; c1 compact; c1 edit b; c1 sync; c2 sync; c2 edit b; \
         c1 compact !racy@#; c2 compact; c2 wait 700; c2 compact; c1 resume; c3 sync; c1 sync",
    ),
];

/// What was found once, as it is kept in `seeds/`.
const KEPT: [(&str, &str); 2] = [
    ("journal-listing history=0", "c2 edit a; c2 sync; c1 sync; c1 lag; c2 compact; c2 compact; c1 compact"),
    ("journal-cas", "c2 edit a; c2 compact; c1 snapshot; c1 compact; c2 rollback new"),
];

/// The scripts, with each number in place of `#` until the fault no longer strikes.
pub fn by_compactions(config: &dyn Fn() -> Config) -> Hit {
    let all = SCRIPTS.iter().flat_map(|script| Tier::JOURNAL.map(|tier| (tier, script)));
    let kept = || KEPT.iter().find_map(|(settings, events)| by_kept(settings, events, config));
    let seats = "seat:-fd:1000:0 ".repeat(3);
    let text = |tier, keeps, events| format!("{tier} local seed=1 page=1000 {keeps} {seats}; {BEGINNING}; {events}");
    let scripts = || all.into_iter().find_map(|(tier, (keeps, events))| by_script(&text(tier, keeps, events), config));
    let alone = || ALONE.iter().find_map(|events| Tier::JOURNAL.into_iter().find_map(|tier| by_tier(tier, events, config)));
    kept().or_else(alone).or_else(scripts)
}

/// Random schedules that compact.
pub fn by_compaction_seeds(config: &dyn Fn() -> Config) -> Hit {
    by_seeds(Family::Journal, SEEDS, config)
}

/// What only few writers and little content show, as if they were many and much.
pub fn by_small_scale(config: &dyn Fn() -> Config) -> Hit {
    let honest = SMALL.iter().flat_map(|script| [Tier::Cas, Tier::Slots].map(|tier| (tier, script)));
    let mut all = honest.chain(RACY.iter().map(|script| (Tier::Cas, script)));
    let seats = "seat:-fd:1000:0 ".repeat(3);
    let text = |writers, events| format!("{writers} small=1 alive=1 moved=0 {seats}; {events}");
    let scripts = all.find_map(|(tier, (writers, events))| by_tier(tier, &text(writers, events), config));
    scripts.or_else(|| by_seeds(Family::Small, SMALL_SEEDS, config))
}

fn by_tier(tier: Tier, events: &str, config: &dyn Fn() -> Config) -> Hit {
    by_script(&format!("{tier} local seed=1 page=1000 {events}"), config)
}

/// A script with each number in place of `#`, until the fault no longer strikes.
fn by_script(text: &str, config: &dyn Fn() -> Config) -> Hit {
    for number in 0..200 {
        let text = text.replace('#', &number.to_string());
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

fn by_seeds(family: Family, seeds: u64, config: &dyn Fn() -> Config) -> Hit {
    let compacts = |script: &Script| script.events.iter().any(|event| event.deed == Deed::Compact);
    // What no drive with a word of its own does is looked for elsewhere.
    let lies = |script: &Script| script.events.iter().any(|event| event.strikes.iter().any(|(_, fault)| *fault == Fault::Unconditional));
    (0..seeds).map(|number| Seed { family, number }).find_map(|seed| {
        let script = Some(seed.script()).filter(|script| compacts(script) && !lies(script))?;
        hit(format!("KITE_SIM_SEED={seed}"), play_in(&script, Look::default(), |world| around(world, config())).violations)
    })
}
