//! A deterministic simulator for the core: several clients, one drive in memory, virtual time, and a fault
//! at any step.
//!
//! # What is simulated
//! A [`World`] has one drive and some seats. A [`Seat`] is a device: a host application ([`Host`]) and a
//! client state that both survive a kill, and a `Client` that does not. Every call of a port (drive, state,
//! application) is one *step* of one counter, and passes a [`Port`], which may inject a [`Fault`] there:
//! fail before or after the effect, kill the process before or after it, cancel the running call before or
//! after it, or pause so that the driver can do something in between. [`FaultSource`] decides; a new kind of
//! schedule (random, pairs of faults) is a new implementation of it.
//!
//! Nothing is left to chance: the executor is single-threaded, timers are virtual, and random bytes come
//! from a generator per seat. The same case gives the same trace hash.
//!
//! # What is checked
//! The hosts keep a ghost history ([`Ghost`]) of every edit: who made it and on top of which content.
//! [`invariants`] compares it with what is left when everything is quiet. Each violation names its invariant
//! (`I1 NoLostUpdate`, `I2 Convergence`, ...).
//!
//! | invariant | where it is checked |
//! | --- | --- |
//! | `I1 NoLostUpdate` | in every `apply` of a host, at every conflict, and in the end ([`invariants`], [`host`]) |
//! | `I2 Convergence` | in the end, a newcomer included |
//! | `I3 NoPhantom` | in every `apply` of a host |
//! | `I4 CursorMonotone` | classic: at every write of a client's place in the log, in random schedules on drives with compare-and-swap; journal: at every write of what was folded ([`watch`]) |
//! | `I5 AtMostOneCommit` | classic: at every write of the count, in the same schedules; journal: at every write, records and slots are written once, and no number twice ([`watch`]) |
//! | `I6 CommitReachable` | after every sync beside which nobody pushes, and in the end ([`eye`]); that what is there authenticates does not apply: neither layout signs anything |
//! | `I7 CrashIdempotent` | by the exhaustive driver, where the clients do not meet |
//! | `I8 CancelEqualsCrash` | by the exhaustive driver and by `tests/cancel.rs` |
//! | `I9 Liveness` | in every schedule: rounds until all is quiet, no call without an end, no failure without a reason |
//! | `I10 BoundedWork` | in every quiet round: one request, and the report says so; in random schedules the most of a sync is measured and has a ceiling |
//! | `I11 Determinism` | one random seed in twenty is run twice |
//! | `I12 GCSafe` | journal: at every deletion ([`watch`]): each record is there or covered by the checkpoint that counts, and all that this refers to is there; after three quiet compactions nothing is left over ([`swarm::tidy`]). The classic layout collects nothing |
//! | `I13 Confidential` | sealed vaults: at every write, as `Canary` ([`watch`]); the layouts themselves encrypt nothing |
//! | `I14 FailClosed` | as far as there is something to distrust: half files, other vaults and older ones end in a typed error, and no host is ever given what nobody wrote (`I3`) |
//!
//! Of the journal also: it writes no other files than its own (`Names`), and its head only under a condition (`Fence`);
//! who finds its own last record gone says so, and applies nothing (`Rollback`); a drive that can do less than the vault
//! needs is refused, and nothing is lost by it (`Tier`); a deletion is withdrawn only when it is old enough, alone, and in a
//! checkpoint (`Expiry`); and what was replaced not too long ago is listed, and comes back as it was ([`history`]: `History`).
//!
//! Of a sealed vault: no id and no body can be read in what is written to the drive, every file is sealed, and every name
//! encrypted (`Canary`); no key is used before it is remembered, no keyring goes before its keys are in another one, what a
//! client remembers never goes back, and in the end the greatest keyring opens everything, with each key that it lists (`Keys`).
//! The eyes look through what is sealed with the keys of every keyring that ever was on the drive ([`drive`]).
//!
//! # Layouts
//! A [`Tier`](case::Tier) names the layout and the drive, and everything takes one. What depends on the layout is in three
//! places: what is read on the drive ([`eye`]), what is watched ([`watch`]), and what is excused, and why ([`excuses`]).
//!
//! # Random schedules
//! [`swarm`] draws a script from a seed, plays it, and shrinks it if it fails. What a script looks like and how it is
//! kept is said there.
//!
//! # How to read a trace
//! One line is one event:
//! ```text
//!     57 12.000s c1 drive get changes/0.json -> missing
//!     58 12.000s c1 drive put docs/a.json -> ok !fail-after
//! ```
//! is: step, virtual time since the start, client, port, call, subject, answer of the port, and the fault
//! that was injected there (what the client saw may differ from the port's answer: after `!fail-after` it
//! saw an error although the file was written). Lines that begin with `--` come from the driver.
//!
//! # How to replay
//! A failing case prints one line, such as
//! ```text
//! KITE_SIM_CASE=full/synced/e1a,d2a/local/58/fail-after cargo test -p kitestring-sim replay -- --nocapture
//! ```
//! which prints the whole trace. See [`Case`] for the parts of the name. A failing random schedule prints
//! `KITE_SIM_SEED=...` (`journal-...` on the journal, `sealed-...` in sealed vaults) and, shrunken, `KITE_SIM_SCRIPT=...` in the same way.

mod calls;
pub mod case;
pub mod config;
pub mod control;
pub mod drive;
pub mod excuses;
pub mod executor;
pub mod eye;
pub mod faults;
pub mod gate;
pub mod ghost;
pub mod history;
pub mod host;
pub mod invariants;
mod ports;
pub mod recovery;
pub mod run;
pub mod runtime;
pub mod swarm;
pub mod trace;
pub mod watch;
pub mod world;

pub use case::Case;
pub use config::Config;
pub use control::Control;
pub use executor::{Executor, Stop};
pub use faults::{Fault, FaultSource};
pub use gate::Port;
pub use ghost::Ghost;
pub use host::Host;
pub use run::{Run, Started};
pub use trace::Trace;
pub use world::{Seat, World};
