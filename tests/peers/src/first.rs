//! Where a peer is better than ours at the same kind of place.

use crate::{
    results::{Cell, Results},
    step::{Cost, Step},
};
use bench::table::{bytes, time};
use std::time::Duration;

/// A time that differs by less may be chance.
const TIME_MARGIN: f64 = 0.9;

/// What is compared.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Requests,
    Bytes,
    Wall,
    Cpu,
}

impl Measure {
    const ALL: [(Self, &'static str); 4] = [(Self::Requests, "requests"), (Self::Bytes, "bytes"), (Self::Wall, "time"), (Self::Cpu, "CPU")];

    fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::Requests => cost.requests as f64,
            Self::Bytes => (cost.up + cost.down) as f64,
            Self::Wall => cost.wall_ms,
            Self::Cpu => cost.cpu_ms,
        }
    }

    fn is_better(self, peer: f64, ours: f64) -> bool {
        match self {
            Self::Requests | Self::Bytes => peer < ours,
            Self::Wall | Self::Cpu => peer < ours * TIME_MARGIN,
        }
    }

    fn write(self, number: f64) -> String {
        match self {
            Self::Requests => format!("{number}"),
            Self::Bytes => bytes(number as u64),
            Self::Wall | Self::Cpu => time(Duration::from_secs_f64(number / 1000.0)),
        }
    }
}

/// One place where ours is not first.
#[derive(Debug)]
pub struct Behind {
    /// How many documents, and what each request waited.
    pub table: (u64, u64),
    /// The step and the measure.
    pub what: String,
    /// Ours, with its number.
    pub ours: String,
    /// The best peer, with its number.
    pub peer: String,
    /// How many times as much ours needs.
    pub times: f64,
}

/// Lists all of them.
pub fn behind(results: &Results) -> Vec<Behind> {
    let mut all = Vec::new();
    for table in results.tables() {
        for ours in results.table(table.0, table.1).filter(|cell| cell.is_ours()) {
            for step in Step::ALL {
                all.extend(Measure::ALL.into_iter().filter_map(|measure| compare(results, table, ours, step, measure)));
            }
        }
    }
    all
}

fn compare(results: &Results, table: (u64, u64), ours: &Cell, step: Step, (measure, name): (Measure, &str)) -> Option<Behind> {
    let place = ours.side?.place;
    let own = measure.of(ours.run.steps.get(&step)?);
    let peers = results.table(table.0, table.1).filter(|cell| !cell.is_ours() && cell.side.is_some_and(|side| side.place == place));
    // What costs a peer nothing is nothing that it did: `rclone` is told of no save.
    let best = peers
        .filter_map(|cell| Some((cell, measure.of(cell.run.steps.get(&step)?))))
        .filter(|(_, number)| *number > 0.0)
        .min_by(|(_, a), (_, b)| a.total_cmp(b));
    let (peer, number) = best.filter(|(_, number)| measure.is_better(*number, own))?;
    Some(Behind {
        table,
        what: format!("{}: {name}", step.title()),
        ours: format!("{}: {}", ours.name(), measure.write(own)),
        peer: format!("{}: {}", peer.name(), measure.write(number)),
        times: own / number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        side::{Peer, Place, Side},
        step::Run,
    };

    fn cell(peer: Peer, place: Place, requests: u64, cpu_ms: f64) -> Cell {
        let run = Run { steps: [(Step::W1, Cost { requests, cpu_ms, ..Cost::default() })].into(), ..Run::default() };
        Cell { side: Some(Side { peer, place }), count: 1, wait_ms: 0, runs: 1, run }
    }

    #[test]
    fn ours_is_behind_at_the_same_place_only() {
        let ours = cell(Peer::Rust, Place::Memory, 3, 10.0);
        let near = cell(Peer::DbToCloud, Place::Memory, 2, 9.5);
        let elsewhere = cell(Peer::Bothy, Place::Folder, 1, 1.0);
        let found = behind(&Results { cells: vec![ours, near, elsewhere], ..Results::default() });
        assert_eq!(found.iter().map(|b| b.what.as_str()).collect::<Vec<_>>(), ["W1 push: requests"]);
    }
}
