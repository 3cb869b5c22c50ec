//! Looks for every planted bug in the copy of the core that `cargo xtask planted` makes; with a name, for that one.
//!
//! Without a bug, every search must find nothing. With one, some search must find it within ten seconds, and one of
//! the invariants that its patch names must be what broke.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;
mod plants;

use kitestring::planted;
use kitestring_sim::Config;
use plants::searches::{self, Hit, Search};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A bug that is found later is as good as missed.
const LIMIT: Duration = Duration::from_secs(10);

/// A planted bug, as the header of its patch tells.
struct Bug {
    name: &'static str,
    /// The invariants of which one must break: `Breaks: I1, I2`.
    breaks: Vec<String>,
    /// The searches of which each must find it: `Search: races; journal races`. None: one of all must.
    looks: Vec<Look>,
}

/// A search, or one script of those on the journal.
struct Look {
    name: String,
    search: Box<dyn Fn(&dyn Fn() -> Config) -> Hit + Send>,
}

/// One piece of work of a thread.
enum Job {
    Find(Bug),
    /// This search, without a bug.
    Nothing(&'static str, Search),
}

thread_local! {
    /// Panics are part of looking for bugs: they are told with the bug, and not printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let folder = std::env::var("KITE_PLANTED").expect("cargo xtask planted says where the patches are");
    let bugs: Vec<Bug> = bugs(Path::new(&folder)).into_iter().filter(|b| wanted.is_empty() || wanted.iter().any(|w| w == b.name)).collect();
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !QUIET.get() {
            default_hook(info)
        }
    }));
    let begun = Instant::now();
    let (planted, all) = (bugs.len() as u64, wanted.is_empty());
    let mut jobs: Vec<Job> = every().filter(|_| all).map(|(name, search)| Job::Nothing(name, search)).collect();
    jobs.extend(bugs.into_iter().map(Job::Find));
    let (missed, false_alarms) = work(jobs);
    let (clean, found) = (u64::from(all && false_alarms == 0), planted - missed);
    let verdict = if missed + false_alarms == 0 { "ok" } else { "FAILED" };
    if clean == 1 {
        println!("no bug: {} searches find nothing", every().count());
    }
    // The form of every other test binary, so that the counts are read like theirs.
    println!(
        "test result: {verdict}. {} passed; {} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.1}s",
        found + clean,
        missed + u64::from(all) - clean,
        begun.elapsed().as_secs_f64()
    );
    println!("{planted} planted bugs, {found} found, {missed} missed");
    if verdict == "ok" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads the header of every patch.
fn bugs(folder: &Path) -> Vec<Bug> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "patch"));
    paths.sort();
    paths.iter().map(|path| bug(path)).collect()
}

fn bug(path: &Path) -> Bug {
    let name: &'static str = path.file_stem().unwrap().to_str().unwrap().to_owned().leak();
    let text = std::fs::read_to_string(path).unwrap();
    let field = |field: &str| text.lines().take_while(|l| !l.starts_with("--- ")).find_map(|l| l.strip_prefix(field));
    let breaks = field("Breaks: ").unwrap_or_else(|| panic!("{name}.patch has no line `Breaks: `"));
    let breaks = breaks.split(',').map(|b| b.trim().to_owned()).collect();
    let named = |wanted: &str| look(wanted).unwrap_or_else(|| panic!("{name}.patch: there is no search {wanted}"));
    let looks = field("Search: ").into_iter().flat_map(|s| s.split(';')).map(|s| named(s.trim())).collect();
    Bug { name, breaks, looks }
}

/// What a patch means: `races`, `journal races`, or `journal scripts: two pushes at once`.
fn look(wanted: &str) -> Option<Look> {
    let name = wanted.to_owned();
    let alone = ["journal scripts: ", "sealed scripts: "].into_iter().find_map(|search| wanted.strip_prefix(search));
    if let Some(script) = alone.map(str::to_owned) {
        return searches::is_script(&script)
            .then(|| Look { name, search: Box::new(move |config| searches::by_one_script(&script, config)) });
    }
    every().find(|(n, _)| *n == wanted).map(|(_, search)| Look { name, search: Box::new(search) })
}

/// The searches of both layouts.
fn every() -> impl Iterator<Item = (&'static str, Search)> {
    searches::ALL.into_iter().chain(searches::JOURNAL)
}

/// Does all jobs on two threads; returns how many bugs were missed and how many searches found what is not there.
fn work(jobs: Vec<Job>) -> (u64, u64) {
    let jobs: Vec<Mutex<Option<Job>>> = jobs.into_iter().map(|job| Mutex::new(Some(job))).collect();
    let (next, missed, false_alarms) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Relaxed)) {
                    match job.lock().unwrap().take() {
                        Some(Job::Find(bug)) => missed.fetch_add(u64::from(!find(&bug)), Relaxed),
                        Some(Job::Nothing(name, search)) => false_alarms.fetch_add(u64::from(!is_quiet(name, search)), Relaxed),
                        None => 0,
                    };
                }
            });
        }
    });
    (missed.into_inner(), false_alarms.into_inner())
}

/// Looks for a bug with each search that its patch names, or with all until one finds it; prints a line for each.
fn find(bug: &Bug) -> bool {
    if bug.looks.is_empty() {
        return find_by(bug, &every().filter_map(|(name, _)| look(name)).collect::<Vec<_>>());
    }
    bug.looks.iter().fold(true, |found, look| find_by(bug, std::slice::from_ref(look)) && found)
}

/// Looks for a bug with one search after the other, and prints its line.
fn find_by(bug: &Bug, looks: &[Look]) -> bool {
    let Bug { name, breaks, .. } = bug;
    planted::choose(Some(name));
    let begun = Instant::now();
    let hit = looks.iter().find_map(|Look { name, search }| {
        // What is found behind the limit does not count: stop looking.
        if begun.elapsed() > LIMIT { None } else { run(&**search).map(|hit| (name, hit)) }
    });
    planted::choose(None);
    let time = begun.elapsed();
    let Some((by, (case, violations))) = hit else {
        let by = if let [look] = looks { look.name.as_str() } else { "every search" };
        println!("{name}: MISSED after {time:.1?} by {by}");
        return false;
    };
    let broken =
        violations.iter().find(|v| breaks.iter().any(|b| v.strip_prefix(b.as_str()).is_some_and(|rest| rest.starts_with([' ', ':']))));
    match broken {
        Some(broken) if time <= LIMIT => {
            // The sentence ends where the details begin.
            let broken: String = broken.chars().take(120).collect();
            println!("{name}: found in {time:.1?} by {by} ({case}): {broken}");
            true
        }
        Some(_) => {
            println!("{name}: MISSED: found after {time:.1?} only, by {by} ({case})");
            false
        }
        None => {
            println!("{name}: MISSED: {} was expected, but {by} ({case}) found {violations:#?}", breaks.join(" or "));
            false
        }
    }
}

/// Whether a search finds nothing where no bug is planted.
fn is_quiet(name: &str, search: Search) -> bool {
    planted::choose(None);
    let hit = run(&search);
    if let Some((case, violations)) = &hit {
        println!("no bug: FAILED: {name} ({case}) finds {violations:#?}");
    }
    hit.is_none()
}

/// Runs a search. A bug may break so much that a scenario cannot even begin: that is found as well.
fn run(search: &dyn Fn(&dyn Fn() -> Config) -> Hit) -> Hit {
    QUIET.set(true);
    let hit = catch_unwind(AssertUnwindSafe(|| search(&Config::default)));
    QUIET.set(false);
    hit.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Some(("preparation".into(), vec![format!("I9 Liveness: {}", text.unwrap_or_default())]))
    })
}
