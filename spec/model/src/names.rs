//! How records are found: by the number that their writer gave them, or, in the twin, by the time at which its clock
//! stood. Clocks of different devices say different things.
//!
//! Checked: who has read all that it can find has read all that there is.

use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// Records are named after clocks, and a reader goes on from the latest that it has read.
    NamesFromClocks,
}

/// Writers and one reader.
#[derive(Debug, Clone)]
pub struct Names {
    /// How many writers there are.
    pub writers: usize,
    /// How many records each writes.
    pub records: u8,
    /// The latest time that a clock shows.
    pub time: u8,
    /// What is left out.
    pub twin: Twin,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The records of each writer: the times that its clock showed, which never goes back.
    written: Vec<Vec<u8>>,
    /// The last that was read: of each writer its number, or the time.
    read: Vec<usize>,
    latest: u8,
    count: usize,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A writer writes, while its clock shows this time.
    Write(usize, u8),
    /// The reader lists, and reads what it has not.
    Read,
}

impl Names {
    /// The records that the reader takes for new, of each writer.
    fn found(&self, state: &State) -> Vec<Vec<u8>> {
        let new = |(writer, times): (usize, &Vec<u8>)| match self.twin {
            Twin::None => times.iter().skip(state.read[writer]).copied().collect(),
            Twin::NamesFromClocks => times.iter().filter(|time| **time > state.latest).copied().collect(),
        };
        state.written.iter().enumerate().map(new).collect()
    }
}

impl Model for Names {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { written: vec![Vec::new(); self.writers], read: vec![0; self.writers], latest: 0, count: 0 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (writer, times) in state.written.iter().enumerate().filter(|(_, times)| times.len() < usize::from(self.records)) {
            let first = times.last().map_or(1, |last| last + 1);
            actions.extend((first..=self.time).map(|time| Action::Write(writer, time)));
        }
        if self.found(state).iter().any(|new| !new.is_empty()) {
            actions.push(Action::Read);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Write(writer, time) => state.written[writer].push(time),
            Action::Read => {
                let found = self.found(last);
                for (writer, new) in found.iter().enumerate() {
                    state.read[writer] += new.len();
                    state.count += new.len();
                    state.latest = new.iter().copied().chain([state.latest]).max()?;
                }
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what there is is found", |model: &Self, state: &State| {
                let nothing_new = model.found(state).iter().all(Vec::is_empty);
                !nothing_new || state.count == state.written.iter().map(Vec::len).sum::<usize>()
            }),
            Property::sometimes("everything is read", |model: &Self, state: &State| {
                state.count == model.writers * usize::from(model.records)
            }),
        ]
    }
}
