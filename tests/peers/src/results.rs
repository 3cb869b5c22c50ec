//! Everything that a run has measured.

use crate::{
    least,
    round::Task,
    side::{Peer, Side},
    step::{Cut, Run},
};
use bench::Result;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One row of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// Who and where; none for the least that it can cost.
    pub side: Option<Side>,
    /// How many documents.
    pub count: u64,
    /// How long each request waited.
    pub wait_ms: u64,
    /// Of how many runs these are the medians.
    pub runs: usize,
    /// What was measured.
    pub run: Run,
}

/// All rows, and on what they were measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Results {
    /// Names and what they stand for.
    pub facts: Vec<(String, String)>,
    /// All rows.
    pub cells: Vec<Cell>,
}

impl Cell {
    /// A row of these runs.
    pub fn new(task: Task, runs: usize, run: Run) -> Self {
        let wait_ms = u64::try_from(task.wait.as_millis()).unwrap_or(u64::MAX);
        Self { side: Some(task.side), count: task.count, wait_ms, runs, run }
    }

    /// Returns the name for tables.
    pub fn name(&self) -> String {
        self.side.map_or_else(|| "*the least*".to_owned(), Side::name)
    }

    /// Whether it is ours.
    pub fn is_ours(&self) -> bool {
        self.peer().is_some_and(Peer::is_ours)
    }

    /// Who, if it is no limit.
    pub fn peer(&self) -> Option<Peer> {
        self.side.map(|side| side.peer)
    }
}

impl Results {
    /// Adds the least that so many documents cost, and returns whether that could be measured.
    ///
    /// # Errors
    /// Those of the libraries.
    pub fn add_least(&mut self, count: u64, wait: Duration) -> Result<()> {
        let wait_ms = u64::try_from(wait.as_millis())?;
        self.cells.push(Cell { side: None, count, wait_ms, runs: 1, run: least::run(count, wait)? });
        Ok(())
    }

    /// Returns the rows of one table.
    pub fn table(&self, count: u64, wait_ms: u64) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.count == count && cell.wait_ms == wait_ms)
    }

    /// Returns one row.
    pub fn cell(&self, side: Side, count: u64, wait_ms: u64) -> Option<&Cell> {
        self.table(count, wait_ms).find(|cell| cell.side == Some(side))
    }

    /// Returns the numbers of documents, and the waits, that there are.
    pub fn tables(&self) -> Vec<(u64, u64)> {
        let mut tables: Vec<(u64, u64)> = self.cells.iter().map(|cell| (cell.count, cell.wait_ms)).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// Returns why a task would take too long, if it would: as many times as long as a smaller one.
    pub fn too_long(&self, task: Task, limit: Duration) -> Option<Cut> {
        let wait_ms = u64::try_from(task.wait.as_millis()).ok()?;
        let smaller = self.cells.iter().find(|cell| cell.side == Some(task.side) && cell.wait_ms == wait_ms && cell.count < task.count)?;
        let times = task.count as f64 / smaller.count as f64;
        if let Some(cut) = &smaller.run.cut {
            return Some(cut.clone());
        }
        let (at, cost) = smaller.run.steps.iter().take(2).find(|(_, cost)| cost.wall_ms * times > limit.as_secs_f64() * 1000.0)?;
        let why = format!("left out: {} documents took {:.0} s", smaller.count, cost.wall_ms / 1000.0);
        Some(Cut { at: *at, why })
    }
}
