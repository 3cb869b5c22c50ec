//! Writers that a head leaves out because its checkpoint covers them: they are retired. The reference to the checkpoint
//! has a hash over them, and whoever knows the same of the writers that are not named need not read the checkpoint. A
//! client that finds itself retired goes on under another name, and so does one whose state was put back, once it sees
//! that it had written more.
//!
//! Checked: whoever has read a head knows all that it and its checkpoint say; and no record is announced under the name
//! of another.

use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// Only how many writers are left out is compared.
    CountsOnly,
    /// Nothing is compared: the checkpoint is read where a record is missing.
    NoHash,
    /// A retired client goes on under its name. That breaks nothing: everybody reads the checkpoint once more.
    KeepsName,
}

/// Clients that write, compact and return.
#[derive(Debug, Clone)]
pub struct Retired {
    /// How many clients there are.
    pub clients: usize,
    /// How many records each writes, in each life.
    pub records: u8,
    /// How many checkpoints are written.
    pub checkpoints: u8,
    /// Whether the state of a client is put back, once, to a copy of it.
    pub put_back: bool,
    /// What is left out.
    pub twin: Twin,
}

/// How many names there are: each is given out once.
const WRITERS: usize = 6;

type Vector = [u8; WRITERS];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Head {
    /// How often it was written.
    tag: u8,
    named: Vector,
    /// What the hash is over: the writers that are left out, and their last records. It is carried on as it is.
    omitted: Vector,
    /// The number of the checkpoint, and what it covers: those records are gone.
    checkpoint: u8,
    covers: Vector,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Client {
    known: Vector,
    /// The name under which it writes, if there is one left, and how many records it has written under it.
    writer: Option<u8>,
    last: u8,
    /// Whether the last of them is not announced yet.
    pending: bool,
    /// The head that was read last, and whether that names this client.
    read: u8,
    named: bool,
    /// The checkpoint that was read last.
    joined: u8,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    head: Head,
    clients: Vec<Client>,
    /// How many names are given out.
    names: u8,
    /// An older state of the first client, and whether one may still be made.
    copy: Option<Client>,
    copies_left: u8,
    /// A record was announced under the name of another.
    twice: bool,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Reads the head, and what it needs.
    Pull(usize),
    /// Writes a record.
    Put(usize),
    /// Announces it.
    Announce(usize),
    /// Writes a checkpoint and announces it, and leaves these writers out.
    Compact(usize, u8),
    /// A copy is made of the first client's state.
    Copy,
    /// It takes the place of the state.
    PutBack,
}

fn join(a: &mut Vector, b: &Vector) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a = (*a).max(*b));
}

impl Head {
    /// All that it says, with what its checkpoint covers.
    fn says(&self) -> Vector {
        let mut all = self.named;
        join(&mut all, &self.covers);
        all
    }

    /// Whether a client that knows so much knows what is left out.
    fn leaves_out(&self, known: &Vector, twin: Twin) -> bool {
        let mut unnamed = *known;
        unnamed.iter_mut().zip(&self.named).filter(|(_, named)| **named > 0).for_each(|(known, _)| *known = 0);
        let count = |vector: &Vector| vector.iter().filter(|last| **last > 0).count();
        match twin {
            Twin::NoHash => true,
            Twin::CountsOnly => count(&unnamed) == count(&self.omitted),
            Twin::None | Twin::KeepsName => unnamed == self.omitted,
        }
    }

    /// Whether a record is gone that this client needs.
    fn lacks(&self, known: &Vector) -> bool {
        (0..WRITERS).any(|w| known[w] < self.named[w] && known[w] < self.covers[w])
    }
}

impl State {
    /// Goes on under a new name, if there is one left.
    fn anew(&mut self, c: usize) {
        let writer = (usize::from(self.names) < WRITERS).then_some(self.names);
        self.names += u8::from(writer.is_some());
        self.clients[c] = Client { writer, last: 0, pending: false, named: true, ..self.clients[c] };
    }
}

impl Retired {
    fn pull(&self, state: &mut State, c: usize) {
        let (head, mut client) = (state.head, state.clients[c]);
        let joined = client.joined == head.checkpoint || head.leaves_out(&client.known, self.twin);
        if !joined || head.lacks(&client.known) {
            join(&mut client.known, &head.covers);
            client.joined = head.checkpoint;
        }
        join(&mut client.known, &head.named);
        client.read = head.tag;
        let announced = client.last - u8::from(client.pending);
        let writer = client.writer.map(usize::from);
        client.named = announced == 0 || writer.is_none_or(|writer| head.named[writer] > 0);
        state.clients[c] = client;
        if writer.is_some_and(|writer| client.known[writer] > announced) {
            // It had written more than it remembers.
            state.anew(c);
        }
    }

    fn put(&self, state: &mut State, c: usize) {
        if !state.clients[c].named && self.twin != Twin::KeepsName {
            state.anew(c);
        }
        let client = &mut state.clients[c];
        *client = Client { last: client.last + 1, pending: true, ..*client };
    }

    fn announce(state: &mut State, c: usize) -> Option<()> {
        let client = state.clients[c];
        let writer = usize::from(client.writer?);
        state.twice |= state.head.says()[writer] >= client.last;
        state.head.named[writer] = client.last;
        state.head.tag += 1;
        state.clients[c] = Client { pending: false, named: true, read: state.head.tag, ..client };
        state.clients[c].known[writer] = client.last;
        Some(())
    }

    fn compact(state: &mut State, c: usize, left_out: u8) {
        let covers = state.clients[c].known;
        let (mut named, mut omitted) = (covers, Vector::default());
        for w in (0..WRITERS).filter(|w| left_out & (1 << w) != 0) {
            (named[w], omitted[w]) = (0, covers[w]);
        }
        let (tag, checkpoint) = (state.head.tag + 1, state.head.checkpoint + 1);
        state.head = Head { tag, named, omitted, checkpoint, covers };
        let client = state.clients[c];
        let named = client.last == 0 || client.writer.is_none_or(|writer| named[usize::from(writer)] > 0);
        state.clients[c] = Client { read: tag, joined: checkpoint, named, ..client };
    }
}

impl Model for Retired {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let none = Vector::default();
        let client = |c| Client { known: none, writer: Some(c), last: 0, pending: false, read: 0, named: true, joined: 0 };
        let clients: Vec<Client> = (0_u8..).take(self.clients).map(client).collect();
        vec![State {
            head: Head { tag: 0, named: none, omitted: none, checkpoint: 0, covers: none },
            names: u8::try_from(self.clients).unwrap_or(u8::MAX),
            clients,
            copy: None,
            copies_left: u8::from(self.put_back),
            twice: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (c, client) in state.clients.iter().enumerate() {
            let current = client.read == state.head.tag;
            if !current {
                actions.push(Action::Pull(c));
            }
            let has_name = client.writer.is_some() && (client.named || usize::from(state.names) < WRITERS);
            if has_name && !client.pending && client.last < self.records {
                actions.push(Action::Put(c));
            }
            if current && client.pending {
                actions.push(Action::Announce(c));
            }
            if current && !client.pending && state.head.checkpoint < self.checkpoints {
                let there = (0..WRITERS).filter(|w| client.known[*w] > 0).fold(0, |all, w| all | 1 << w);
                actions.extend((1..1 << WRITERS).filter(|left_out| left_out & !there == 0).map(|left_out| Action::Compact(c, left_out)));
            }
        }
        if state.copies_left > 0 {
            actions.push(Action::Copy);
        }
        if state.copy.is_some() {
            actions.push(Action::PutBack);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Pull(c) => self.pull(&mut state, c),
            Action::Put(c) => self.put(&mut state, c),
            Action::Announce(c) => Self::announce(&mut state, c)?,
            Action::Compact(c, left_out) => Self::compact(&mut state, c, left_out),
            Action::Copy => {
                state.copy = Some(state.clients[0]);
                state.copies_left -= 1;
            }
            Action::PutBack => state.clients[0] = state.copy.take()?,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("whoever has read the head knows what it says", |_, state: &State| {
                let current = state.clients.iter().filter(|client| client.read == state.head.tag);
                current.into_iter().all(|client| client.known == state.head.says())
            }),
            Property::always("no record has the name of another", |_, state: &State| !state.twice),
            Property::sometimes("a retired client returns", |_, state: &State| {
                let (clients, State { head, .. }) = (state.clients.len(), state);
                let retired = |w: &usize| head.omitted[*w] > 0;
                (0..clients).filter(retired).any(|w| head.named[w] > 0 || head.named.iter().skip(clients).any(|last| *last > 0))
            }),
        ]
    }
}
