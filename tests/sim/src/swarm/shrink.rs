//! Shrinking: drops parts of a script for as long as it still breaks the same invariant.

use super::{Look, Script, play};

/// Returns the shortest script found that breaks the same invariant as `script`, and what it breaks.
/// `play_it` plays a script and returns what does not hold.
pub fn shrink(script: &Script, play_it: impl Fn(&Script) -> Vec<String>) -> (Script, Vec<String>) {
    let mut best = (script.clone(), play_it(script));
    let Some(name) = best.1.first().map(|v| invariant(v).to_owned()) else { return best };
    loop {
        let before = best.0.clone();
        drop_events(&mut best, &name, &play_it);
        for smaller in simpler(&best.0) {
            keep_if_broken(&mut best, smaller, &name, &play_it);
        }
        if best.0 == before {
            return best;
        }
    }
}

/// Shrinks by playing on a world as it is.
pub fn shrink_plain(script: &Script) -> (Script, Vec<String>) {
    shrink(script, |script| play(script, Look::default()).violations)
}

/// Returns the name of the invariant that a violation begins with.
pub fn invariant(violation: &str) -> &str {
    violation.split(':').next().unwrap_or_default()
}

type Best = (Script, Vec<String>);

fn keep_if_broken(best: &mut Best, script: Script, name: &str, play_it: &impl Fn(&Script) -> Vec<String>) -> bool {
    let violations = play_it(&script);
    let broken = violations.iter().any(|v| invariant(v) == name);
    if broken {
        *best = (script, violations);
    }
    broken
}

/// Delta debugging: drops runs of events, long ones first.
fn drop_events(best: &mut Best, name: &str, play_it: &impl Fn(&Script) -> Vec<String>) {
    let mut length = best.0.events.len();
    while length > 0 {
        let mut from = 0;
        while from < best.0.events.len() {
            let mut script = best.0.clone();
            let to = (from + length).min(script.events.len());
            script.events.drain(from..to);
            if !keep_if_broken(best, script, name, play_it) {
                from += length;
            }
        }
        length /= 2;
    }
}

/// Scripts that differ in one thing, which is simpler.
fn simpler(script: &Script) -> Vec<Script> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Script)| {
        let mut other = script.clone();
        change(&mut other);
        if other != *script {
            all.push(other);
        }
    };
    with(&|s| s.untidy = false);
    with(&|s| s.implicit = false);
    with(&|s| s.sealed = false);
    with(&|s| s.page = 1000);
    with(&|s| s.seed = 1);
    with(&|s| {
        let used = s.events.iter().map(|e| e.seat + 1).max().unwrap_or(1);
        s.seats.truncate(used.max(2));
    });
    for seat in 0..script.seats.len() {
        let mut plain = |change: &dyn Fn(&mut super::script::Device)| {
            with(&|s| {
                if let Some(device) = s.seats.get_mut(seat) {
                    change(device);
                }
            });
        };
        plain(&|d| d.flag = true);
        plain(&|d| d.digests = true);
        plain(&|d| d.parts = false);
        plain(&|d| d.page = 1000);
        plain(&|d| d.skew = 0);
        plain(&|d| d.claims = None);
    }
    for (event, strikes) in script.events.iter().map(|e| e.strikes.len()).enumerate() {
        for strike in 0..strikes {
            with(&|s| {
                if let Some(event) = s.events.get_mut(event) {
                    event.strikes.remove(strike);
                }
            });
        }
    }
    all
}
