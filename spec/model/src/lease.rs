//! The lease: who compacts. It saves work and is no condition of safety: its holder may stand still, be taken over, and
//! go on. What protects the head is its own condition.
//!
//! Checked: no two hold the same term of the lease, and no work on the head is lost.

use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// Whoever has waited long enough writes the lease without a condition.
    TakenWithoutCondition,
    /// The holder writes the head without a condition: it has the lease.
    LockOnly,
}

/// Clients that want to work on a head.
#[derive(Debug, Clone)]
pub struct Lease {
    /// How many clients there are.
    pub clients: usize,
    /// How often the lease is written.
    pub writes: u8,
    /// How often each works.
    pub works: u8,
    /// What is left out.
    pub twin: Twin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Client {
    /// The lease as it was seen at the beginning of a wait: its tag, and whether the whole wait is over.
    waits: Option<(u8, bool)>,
    /// The term it believes to hold, and the tag that it wrote last.
    holds: Option<(u8, u8)>,
    /// The head that it has read, to work on.
    works_on: Option<u8>,
    works_left: u8,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The lease: whether it is free, its term, its tag.
    free: bool,
    term: u8,
    tag: u8,
    /// How often the head was written, as the head says it, and as it was.
    head: u8,
    done: u8,
    clients: Vec<Client>,
}

/// A step of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Looks at the lease, and begins to wait.
    Look(usize),
    /// Has waited as long as a term lasts, by its own clock.
    Waited(usize),
    /// Takes the lease: it was free, or its holder has not renewed it during the whole wait.
    Take(usize),
    /// Renews it.
    Renew(usize),
    /// Gives it back.
    Release(usize),
    /// Reads the head.
    Read(usize),
    /// Writes the head.
    Write(usize),
    /// Dies, and forgets.
    Die(usize),
}

impl Model for Lease {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let client = Client { waits: None, holds: None, works_on: None, works_left: self.works };
        vec![State { free: true, term: 0, tag: 0, head: 0, done: 0, clients: vec![client; self.clients] }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let may_write = state.tag < self.writes;
        for (c, client) in state.clients.iter().enumerate() {
            match (client.holds, client.waits) {
                (None, None) => actions.push(Action::Look(c)),
                (None, Some((_, over))) => {
                    if !over {
                        actions.push(Action::Waited(c));
                    }
                    if may_write {
                        actions.push(Action::Take(c));
                    }
                    actions.push(Action::Look(c));
                }
                (Some(_), _) => {
                    if may_write {
                        actions.extend([Action::Renew(c), Action::Release(c)]);
                    }
                    if client.works_left > 0 {
                        actions.push(Action::Read(c));
                    }
                    if client.works_on.is_some() {
                        actions.push(Action::Write(c));
                    }
                    actions.push(Action::Die(c));
                }
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Look(c) => state.clients[c].waits = Some((state.tag, state.free)),
            Action::Waited(c) => state.clients[c].waits = state.clients[c].waits.map(|(tag, _)| (tag, true)),
            Action::Take(c) => {
                let (tag, over) = state.clients[c].waits?;
                if !over {
                    return None;
                }
                state.clients[c].waits = None;
                if tag == state.tag || self.twin == Twin::TakenWithoutCondition {
                    let term = if tag == state.tag { state.term + 1 } else { state.term };
                    (state.free, state.term, state.tag) = (false, term, state.tag + 1);
                    state.clients[c].holds = Some((term, state.tag));
                }
            }
            Action::Renew(c) => {
                let (term, tag) = state.clients[c].holds?;
                state.clients[c].holds = (tag == state.tag).then_some((term, tag + 1));
                state.tag += u8::from(tag == state.tag);
            }
            Action::Release(c) => {
                let (_, tag) = state.clients[c].holds?;
                if tag == state.tag {
                    (state.free, state.tag) = (true, tag + 1);
                }
                state.clients[c] = Client { holds: None, works_on: None, ..state.clients[c] };
            }
            Action::Read(c) => state.clients[c].works_on = Some(state.head),
            Action::Write(c) => {
                let read = state.clients[c].works_on?;
                let client = &mut state.clients[c];
                (client.works_on, client.works_left) = (None, client.works_left - 1);
                if read == state.head || self.twin == Twin::LockOnly {
                    (state.head, state.done) = (read + 1, state.done + 1);
                }
            }
            Action::Die(c) => state.clients[c] = Client { waits: None, holds: None, works_on: None, ..state.clients[c] },
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one holder of one term", |_, state: &State| {
                let terms: Vec<u8> = state.clients.iter().filter_map(|client| Some(client.holds?.0)).collect();
                (1..terms.len()).all(|at| !terms[..at].contains(&terms[at]))
            }),
            Property::always("no work is lost", |_, state: &State| state.head == state.done),
            Property::sometimes("it is taken over, and the old holder goes on", |_, state: &State| {
                state.clients.iter().filter(|client| client.holds.is_some()).count() > 1
            }),
        ]
    }
}
