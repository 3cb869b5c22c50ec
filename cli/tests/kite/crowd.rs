//! How three folders play that push at once through one drive, some of them killed: in the end they are equal, and no edit is
//! gone that nobody has seen go.
//!
//! What is edited and who is killed when is drawn from `KITE_CROWD_SEED`; how far a killed process came, is not.

use crate::world::{Ran, World};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs, io,
    io::Write as _,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

const FOLDERS: [&str; 3] = ["a", "b", "c"];
/// Files that all of them edit.
const SHARED: u64 = 5;
/// Files that only one of them edits.
const OWN: u64 = 4;
const ROUNDS: usize = 30;
/// How often all are synced until all are in step: a conflict of two that is settled by both comes back once.
const PASSES: usize = 12;
/// A sync that is killed lives for at most so long, which is about what a whole one takes.
const LIFE_MS: u64 = 90;
/// A content that goes to the drive in files of its own, and that Google Drive replaces under a condition.
const LARGE_BYTES: usize = 4_600_000;

/// Numbers that the same seed draws again.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// What people have written and what they have seen go. The first line of a content is its name, unlike all others.
#[derive(Default)]
struct Ghost {
    written: BTreeSet<String>,
    /// Was in a folder when somebody there wrote over it or deleted it, or was shown in a conflict.
    seen: BTreeSet<String>,
}

/// Where they play.
pub struct Place<'a> {
    /// For what is said about it.
    pub name: &'a str,
    /// The drive, as it is typed.
    pub drive: &'a str,
    /// What else they are set up with.
    pub options: &'a [&'a str],
    /// The strategy to which the vault is lowered, if it is.
    pub lowered: Option<&'a str>,
    /// What the environment of each command holds.
    pub variables: &'a [(&'a str, &'a str)],
    /// What is added to each sync.
    pub sync: &'a [&'a str],
    /// Whether a sync may fail while others are under way: with a lock that a dead one has left, or with half a file.
    pub may_fail: bool,
    /// How long after each other their syncs are started.
    pub apart: Duration,
    /// After so long no other round begins: a slow machine plays fewer.
    pub enough: Duration,
}

struct Crowd<'a> {
    place: &'a Place<'a>,
    world: World,
    draw: Draw,
    ghost: Ghost,
    kills: usize,
    conflicts: usize,
}

fn name_of(content: &[u8]) -> String {
    String::from_utf8_lossy(content.split(|b| *b == b'\n').next().unwrap_or_default()).into_owned()
}

impl Crowd<'_> {
    fn edit(&mut self, folder: &str, round: usize) {
        for _ in 0..=self.draw.below(4) {
            let file = match self.draw.below(3) {
                0 => format!("{folder}{}", self.draw.below(OWN)),
                _ => format!("s{}", self.draw.below(SHARED)),
            };
            let path = format!("{folder}/{file}");
            if let Ok(content) = fs::read(self.world.at(&path)) {
                self.ghost.seen.insert(name_of(&content));
                if self.draw.below(6) == 0 {
                    self.world.remove(&path);
                    continue;
                }
            }
            let name = format!("edit {} of {folder} in round {round}", self.ghost.written.len());
            let pad = match self.draw.below(12) {
                0 if file.starts_with(folder) => LARGE_BYTES,
                n if n < 4 => 20_000,
                _ => 0,
            };
            self.world.write(&path, format!("{name}\n{}", "x".repeat(pad)));
            self.ghost.written.insert(name);
        }
    }

    /// Syncs all at once, and kills some.
    fn sync_at_once(&mut self) {
        let start = |folder| {
            let mut sync = self.world.command(&[&["sync", folder, "--json"], self.place.sync].concat());
            sync.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let start = |folder| {
            let begun = (start(folder), None);
            thread::sleep(self.place.apart);
            begun
        };
        let mut running: Vec<(Child, Option<Duration>)> = FOLDERS.into_iter().map(start).collect();
        let begun = Instant::now();
        for (_, dies) in &mut running {
            *dies = (self.draw.below(2) == 0).then(|| Duration::from_millis(self.draw.below(LIFE_MS)));
        }
        let mut doomed: Vec<_> = running.iter_mut().filter_map(|(child, dies)| dies.map(|dies| (dies, child))).collect();
        doomed.sort_by_key(|(dies, _)| *dies);
        for (dies, child) in doomed {
            thread::sleep(dies.saturating_sub(begun.elapsed()));
            child.kill().unwrap();
        }
        for (child, dies) in running {
            let output = child.wait_with_output().unwrap();
            let code = output.status.code();
            self.kills += usize::from(code.is_none());
            let failed = self.place.may_fail && code.is_some();
            // 3: what it was about to read was put into a checkpoint and deleted just now; the next sync reads it there.
            assert!(matches!(code, Some(0 | 2 | 3)) || code.is_none() && dies.is_some() || failed, "{output:?}");
        }
    }

    /// Syncs one after the other, and settles conflicts, until nothing happens any more.
    fn settle(&mut self) {
        for _ in 0..PASSES {
            let mut quiet = true;
            for folder in FOLDERS {
                let ran = self.world.kite(&[&["sync", folder, "--json"], self.place.sync].concat());
                if self.place.may_fail && ran.code == Some(1) {
                    // Who has left the lock takes it back.
                    quiet = false;
                    continue;
                }
                assert!(matches!(ran.code, Some(0 | 2)), "{ran:#?}");
                let report = ran.json();
                quiet &= ran.code == Some(0) && ["pushed", "pulled", "deleted"].iter().all(|count| report[count] == 0);
                for conflict in report["conflicts"].as_array().unwrap() {
                    self.resolve(folder, conflict["id"].as_str().unwrap());
                }
            }
            if quiet {
                let files = FOLDERS.map(|folder| self.world.files(folder));
                assert!(files.iter().all(|f| *f == files[0]), "the folders differ: {:#?}", files.map(named));
                return;
            }
        }
        panic!("it is not quiet after {PASSES} passes");
    }

    fn resolve(&mut self, folder: &str, file: &str) {
        self.conflicts += 1;
        let Ran { out, .. } = self.world.kite(&["conflicts", folder, "--diff", file]).expect(0);
        self.ghost.seen.extend(self.ghost.written.iter().filter(|name| out.contains(&format!("{name}\n"))).cloned().collect::<Vec<_>>());
        let keep = ["both", "local", "remote"][self.draw.below(3) as usize];
        self.world.kite(&["resolve", folder, file, "--keep", keep]).expect(0);
    }

    fn nothing_lost(&self) {
        let there: BTreeSet<String> = self.world.files("a").values().map(|content| name_of(content)).collect();
        assert!(there.is_subset(&self.ghost.written), "{there:#?}");
        let lost: Vec<&String> =
            self.ghost.written.iter().filter(|name| !there.contains(*name) && !self.ghost.seen.contains(*name)).collect();
        assert!(lost.is_empty(), "nobody has seen these go: {lost:#?}");
    }
}

fn named(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    files.into_iter().map(|(path, content)| (path, name_of(&content))).collect()
}

/// Plays, and returns the three folders in the end.
pub fn play(place: &Place<'_>) -> World {
    let seed = env::var("KITE_CROWD_SEED").map_or(1, |seed| seed.parse().unwrap());
    let say = |what: String| writeln!(io::stderr(), "KITE_CROWD_SEED={seed} {}: {what}", place.name);
    let _ = say("begins".to_owned());
    let mut world = World::in_memory(&FOLDERS);
    place.variables.iter().for_each(|(name, value)| world.set(name, value));
    let mut crowd = Crowd { place, world, draw: Draw(seed), ghost: Ghost::default(), kills: 0, conflicts: 0 };
    crowd.edit("a", 0);
    for folder in FOLDERS {
        crowd.world.kite(&[&["sync", folder, "--drive", place.drive], place.options].concat()).expect(0);
    }
    if let Some(strategy) = place.lowered {
        crowd.world.kite(&["lower", "a", strategy]).expect(0);
    }
    crowd.settle();
    let (begun, mut rounds) = (Instant::now(), 0);
    while rounds < ROUNDS && begun.elapsed() < place.enough {
        rounds += 1;
        for folder in FOLDERS {
            crowd.edit(folder, rounds);
        }
        crowd.sync_at_once();
        if crowd.draw.below(3) > 0 {
            crowd.settle();
            crowd.nothing_lost();
        }
    }
    crowd.settle();
    crowd.nothing_lost();
    let Crowd { world, ghost, kills, conflicts, .. } = crowd;
    let _ = say(format!("{rounds} rounds, {} edits, {kills} kills, {conflicts} conflicts", ghost.written.len()));
    assert!(rounds < ROUNDS || kills > 0 && conflicts > 0, "{kills} kills, {conflicts} conflicts: this has shown nothing");
    world
}
