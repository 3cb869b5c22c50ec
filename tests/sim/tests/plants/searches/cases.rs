//! Small workloads, without a fault and with every fault at every step.

use super::{Hit, hit};
use kitestring_sim::{
    Case, Config, Fault,
    case::{Strike, Tier},
};

/// Workloads in which each plant has its chance.
const WORKLOADS: [&str; 13] = [
    "full/synced/e1a,e1b/local/-",
    "full/synced/d1a,e2b/local/-",
    "full/synced/e1a,+e1a/local/-",
    "full/synced/e1a,+e2a/local/-",
    "full/synced/d1a,+e2a/local/-",
    "full/empty/e1a/local/-",
    "full/empty/e1a,e2a/local/-",
    "full/synced/e1a,e2a/local/-",
    "full/synced/e1a,e2a/remote/-",
    "full/synced/e1a,d2a/local/-",
    "full/synced/e2a,+e2a/local/-",
    "full/synced/e1a,e2a,+e1a/remote/-",
    "none/synced/e1a,e2a/local/-",
];

/// Without a fault, and with every fault at every step.
pub fn by_cases(config: &dyn Fn() -> Config) -> Hit {
    by_cases_on("", config)
}

/// As [`by_cases`], on the tiers whose name begins so.
pub fn by_cases_on(tier: &str, config: &dyn Fn() -> Config) -> Hit {
    let on_journal = config().is_journal();
    let workload = |text: &&str| -> Case {
        let case: Case = text.parse().unwrap();
        if on_journal { Case { tier: twin(case.tier), ..case } } else { case }
    };
    let clean: Vec<Case> = WORKLOADS.iter().map(workload).filter(|case| case.tier.name().starts_with(tier)).collect();
    clean.iter().find_map(|case| by_case(case, config)).or_else(|| clean.iter().find_map(|case| by_strikes(case, config)))
}

/// The journal on a drive that can do as much.
fn twin(tier: Tier) -> Tier {
    match tier {
        Tier::Full => Tier::Cas,
        Tier::Create => Tier::Slots,
        Tier::None => Tier::Late,
        journal => journal,
    }
}

fn by_strikes(case: &Case, config: &dyn Fn() -> Config) -> Hit {
    let effects = case.run(of_tier(case, config)).ok()?.effects;
    (0..).zip(effects).find_map(|(step, effect)| {
        Fault::ALL.iter().filter(|f| effect || !f.has_effect()).find_map(|fault| {
            let strike = Some(Strike { step, fault: *fault, late: false });
            by_case(&Case { strike, ..case.clone() }, config)
        })
    })
}

fn by_case(case: &Case, config: &dyn Fn() -> Config) -> Hit {
    let violations = case.run(of_tier(case, config)).map_or_else(|e| vec![format!("I9 Liveness: {e}")], |o| o.violations);
    hit(case.to_string(), violations)
}

fn of_tier(case: &Case, config: &dyn Fn() -> Config) -> Config {
    case.tier.of(config())
}
