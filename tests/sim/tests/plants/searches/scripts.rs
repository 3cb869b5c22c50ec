//! Scripts of the random schedules in which one number is tried out, and random schedules themselves.

use super::{Hit, hit};
use kitestring_sim::{
    Config,
    case::Tier,
    swarm::{Family, Look, Script, Seed, play::play_in},
};

/// How many random schedules are tried.
const SEEDS: u64 = 4000;

/// What comes first in each script: three devices in one vault.
const BEGINNING: &str = "c1 edit a; c1 sync; c2 sync; c3 sync";

/// What is tried on every tier of the journal, with each number in place of `#` until the fault no longer strikes.
const SCRIPTS: [(&str, &str); 29] = [
    ("two pushes at once", "c1 edit a; c2 edit a; c1 sync !pause@#; c2 sync; c1 resume; c2 sync; c1 sync; c3 sync"),
    (
        "an edit on top of the winner beside a loser",
        "c1 edit a; c2 edit a; c1 sync !pause@#; c2 sync; c3 sync; c3 edit a; c1 resume; c3 sync",
    ),
    ("a lost reply and an edit behind it", "c1 edit a; c1 sync !fail-after@#; c1 edit a; c1 sync; c2 sync"),
    ("a lost reply and an edit elsewhere", "c1 edit a; c1 sync !fail-after@#; c2 sync; c2 edit a; c2 sync; c1 sync"),
    ("a push killed, and its document deleted", "c1 edit a; c1 sync !kill-after@#; c1 delete a; c1 sync; c2 sync"),
    ("a push killed, and the same edited elsewhere", "c1 edit a; c1 sync !kill-after@#; c2 edit a; c2 sync; c1 sync; c2 sync"),
    ("a late write lands behind others", "c1 edit a; c1 sync !late@#; c2 edit a; c2 sync; c1 sync; c1 land 0; c3 edit a; c3 sync; c2 sync"),
    ("a write takes place twice", "c1 edit a; c1 sync !twice@#; c2 edit a; c2 sync; c1 land 0; c3 sync; c1 sync"),
    ("a pull killed, and an edit on top", "c2 edit a; c2 sync; c1 sync !kill-after@#; c1 edit a; c1 sync; c2 sync"),
    ("an edit while it is pulled", "c2 edit a; c2 sync; c1 sync !pause@#; c1 edit a; c1 resume; c1 sync; c2 sync"),
    ("an edit while it is pushed", "c1 edit a; c1 sync !pause@#; c1 edit a; c1 resume; c1 sync; c2 sync"),
    ("an edit without a word, behind a kill", "c1 edit a; c1 sync !kill-after@#; c1 silently-edit a; c1 open; c1 sync; c2 sync"),
    (
        "records out of order",
        "c1 edit a; c1 sync; c2 hide 0; c1 edit a; c1 sync; c2 sync !fail-before@#; c2 edit a; c2 sync; c2 arrive; c2 sync",
    ),
    (
        "a record before the one that it replaces",
        "c1 edit a; c1 sync; c2 hide 0; c3 sync; c3 edit a; c3 sync; c2 sync !fail-before@#; c2 arrive; c2 sync",
    ),
    ("a copy that goes on", "c1 edit a; c1 sync !kill-after@#; c1 copy; c1 edit a; c1 sync; c4 edit a; c4 sync; c1 sync; c2 sync"),
    ("a copy beside its original", "c1 copy; c1 edit a; c4 edit b; c1 sync !pause@#; c4 sync; c1 resume; c1 sync; c4 sync; c2 sync"),
    ("a state put back", "c1 backup; c1 edit a; c1 sync !fail-after@#; c1 edit b; c1 forget; c1 sync; c1 edit a; c1 sync; c2 sync"),
    ("a device put back", "c1 edit b; c1 backup; c1 sync !fail-after@#; c2 sync; c1 restore; c1 edit a; c1 sync; c2 sync"),
    ("a drive put back", "c1 snapshot; c1 edit a; c1 sync; c2 sync; c1 rollback new; c2 sync !fail-before@#; c1 sync; c2 sync"),
    (
        "a drive put back, edited, and gone on with",
        "c2 snapshot; c2 edit a; c2 edit b; c2 sync; c2 rollback new; c1 edit a; c1 sync; c2 sync; c2 sync !kill-after@#; c3 sync",
    ),
    (
        "a push that a backup forgot, and a deletion",
        "c1 edit b; c1 backup; c1 sync; c1 restore; c1 delete b; c1 sync !kill-after@#; c2 sync",
    ),
    (
        "a push that a backup forgot, and somebody else's deletion",
        "c2 sync; c2 edit b; c2 backup; c2 sync; c1 sync; c1 delete b; c1 sync; c2 restore; c2 sync !kill-after@#; c1 sync",
    ),
    (
        "a known record that the drive has lost",
        "c3 edit a; c3 snapshot; c3 sync; c2 sync; c2 edit a; c3 rollback old; c2 sync !kill-after@#; c3 sync; c1 sync",
    ),
    (
        "a compaction killed, and its checkpoint built on",
        "c1 compact; c1 edit a; c1 sync; c1 edit a; c1 compact !kill-after@#; c2 compact; c2 wait 700; c2 compact; c2 edit b; c2 compact; \
         c2 edit a; c2 compact; c1 sync; c1 edit b; c1 compact",
    ),
    (
        "a conflict that is edited on",
        "c1 edit a; c2 edit a; c2 sync; c1 sync; c1 edit a; c1 sync !fail-after@#; c1 resolve local; c1 sync; c2 sync",
    ),
    (
        "two conflicts of one race",
        "c1 edit a; c2 edit a; c1 sync !pause@#; c2 sync; c1 resume; c1 sync; c2 sync; c1 resolve remote; c1 sync",
    ),
    (
        "a loser that its author has not heard of",
        "c1 edit a; c2 edit a; c1 sync !pause@#; c2 sync; c1 kill; c1 open; c1 sync; c3 sync; c1 sync",
    ),
    ("the same deletion twice", "c1 delete a; c2 delete a; c1 sync !pause@#; c2 sync; c1 resume; c2 edit a; c2 sync; c1 sync"),
    ("put and deleted between two syncs", "c1 edit b; c1 delete b; c1 edit b; c1 sync !kill-after@#; c1 delete b; c1 sync; c2 sync"),
];

/// What is tried where the first device pushes in parts.
const PARTS: [(&str, &str); 1] = [(
    "a large push killed, and the drive put back",
    "c3 snapshot; c1 edit a; c1 sync !kill-before@#; c2 rollback new; c1 sync; c2 sync; c3 sync",
)];

/// What is tried where the drive claims compare-and-swap and does not keep its word.
const LIES: [(&str, &str); 3] = [
    ("a condition looked at too early", "c1 edit a; c2 edit b; c1 sync !racy@#; c2 sync; c1 resume; c2 sync; c1 sync; c3 sync"),
    (
        "a condition not looked at",
        "c1 edit a; c2 edit b; c1 sync !pause@#; c2 sync !unconditional@0; c1 resume; c2 sync !unconditional@1; c1 sync",
    ),
    (
        "a condition not looked at, and its author gone",
        "c1 edit a; c1 sync; c2 edit b; c2 sync !racy@#; c3 edit x/y; c3 sync; c2 resume; c3 sync; c2 sync",
    ),
];

/// What is tried in a sealed vault on every tier.
const SEALED: [(&str, &str); 10] = [
    (
        "a key replaced while others are away",
        "c1 rotate !kill-after@#; c1 edit a; c1 sync; c2 edit b; c2 sync; c3 sync; c2 kill; c2 edit a; c2 sync",
    ),
    ("a key replaced, and its author starts again", "c1 rotate; c1 edit a; c1 sync !kill-after@#; c1 edit b; c1 sync; c2 sync; c3 sync"),
    (
        "two keys at once, and both edit",
        "c1 rotate !pause@#; c2 rotate; c1 resume; c1 edit a; c2 edit b; c1 sync; c2 sync; c3 sync; c1 sync",
    ),
    ("two keys at once, and the first edits", "c1 rotate !pause@#; c2 rotate; c1 resume; c1 edit a; c1 sync"),
    ("two keys at once, and the second edits", "c1 rotate !pause@#; c2 rotate; c1 resume; c2 edit a; c2 sync"),
    ("a keyring that is lost", "c1 rotate; c1 edit a; c1 sync; c2 sync; c2 lose-keyring; c2 edit b; c2 compact !kill-after@#; c3 sync"),
    (
        "a drive put back to before a key",
        "c1 snapshot; c1 rotate; c1 edit a; c1 sync; c2 sync; c1 rollback new; c2 sync; c1 sync !fail-after@#; c3 sync",
    ),
    ("keys that come and go", "c1 add-key 0; c2 add-key 1 !kill-after@#; c3 rotate; c2 open; c2 remove-key 0; c2 edit a; c2 sync; c1 sync"),
    ("a key replaced before the first sync", "c1 snapshot; c4 rotate; c1 rollback new; c4 kill; c4 sync !fail-before@#; c1 sync; c2 sync"),
    ("a lost reply to a new key", "c1 rotate !fail-after@#; c1 edit a; c1 sync; c1 rotate; c1 edit b; c1 sync; c2 sync"),
];

/// The scripts, on every tier.
pub fn by_scripts(config: &dyn Fn() -> Config) -> Hit {
    scripts().find_map(|script| by_script(script, config))
}

/// Those in sealed vaults.
pub fn by_sealed_scripts(config: &dyn Fn() -> Config) -> Hit {
    sealed_scripts().find_map(|script| by_script(script, config))
}

/// One script alone.
#[allow(dead_code, reason = "only a planted bug is looked for with one")]
pub fn by_one_script(wanted: &str, config: &dyn Fn() -> Config) -> Hit {
    scripts().chain(sealed_scripts()).filter(|script| script.name == wanted).find_map(|script| by_script(script, config))
}

/// Whether there is such a script.
#[allow(dead_code, reason = "only a planted bug is looked for with one")]
pub fn is_script(wanted: &str) -> bool {
    scripts().chain(sealed_scripts()).any(|script| script.name == wanted)
}

/// A script, on one tier on which it is played.
struct Played {
    tier: Tier,
    /// The first device.
    first: &'static str,
    /// What stands behind the tier.
    sealed: &'static str,
    name: &'static str,
    events: &'static str,
}

/// A device that may do everything, and one that pushes in parts.
const SEAT: &str = "seat:-fd:1000:0 ";
const IN_PARTS: &str = "seat:-fdp:1000:0 ";

fn on_every_tier(scripts: &'static [(&str, &str)], first: &'static str, sealed: &'static str) -> impl Iterator<Item = Played> {
    scripts.iter().flat_map(move |(name, events)| Tier::JOURNAL.map(|tier| Played { tier, first, sealed, name, events }))
}

/// Every script, with each tier on which it is played.
fn scripts() -> impl Iterator<Item = Played> {
    let lies = LIES.iter().map(|(name, events)| Played { tier: Tier::Cas, first: SEAT, sealed: "", name, events });
    on_every_tier(&SCRIPTS, SEAT, "").chain(on_every_tier(&PARTS, IN_PARTS, "")).chain(lies)
}

fn sealed_scripts() -> impl Iterator<Item = Played> {
    on_every_tier(&SEALED, SEAT, " sealed")
}

fn by_script(Played { tier, first, sealed, name, events }: Played, config: &dyn Fn() -> Config) -> Hit {
    for settle in ["local", "remote"] {
        let mut most = 1;
        for number in 0..200 {
            let events = events.replace('#', &number.to_string());
            // A fourth one has not seen the vault yet.
            let others = SEAT.repeat(if sealed.is_empty() { 2 } else { 3 });
            let text = format!("{tier} {settle} seed=1 page=1000{sealed} {first}{others}; {BEGINNING}; {events}");
            let script: Script = text.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
            let verdict = play_in(&script, Look::default(), |world| around(world, config()));
            if !verdict.violations.is_empty() {
                return hit(format!("{name}: {text}"), verdict.violations);
            }
            // The first number strikes; the last one no longer does.
            let struck = verdict.tally.all_of("fault");
            most = struck.max(most);
            if struck < most {
                break;
            }
        }
    }
    None
}

/// The first random schedules.
pub fn by_seeds(config: &dyn Fn() -> Config) -> Hit {
    by_seeds_of(Family::Journal, config)
}

/// The first random schedules in sealed vaults.
pub fn by_sealed_seeds(config: &dyn Fn() -> Config) -> Hit {
    by_seeds_of(Family::Sealed, config)
}

/// The first random schedules at the end of a slow line.
pub fn by_slow_line(config: &dyn Fn() -> Config) -> Hit {
    by_seeds_of(Family::Slow, config)
}

fn by_seeds_of(family: Family, config: &dyn Fn() -> Config) -> Hit {
    (0..SEEDS).map(|number| Seed { family, number }).find_map(|seed| {
        let violations = play_in(&seed.script(), Look::default(), |world| around(world, config())).violations;
        hit(format!("KITE_SIM_SEED={seed}"), violations)
    })
}

/// A world with the plants of another.
pub(super) fn around(world: Config, plants: Config) -> Config {
    let Config { around_drive, around_state, around_application, .. } = plants;
    Config { around_drive, around_state, around_application, ..world }
}
