//! Commit and healing: several clients edit one document, push records, and announce them in a head that may lose
//! announcements. A user who is shown a conflict merges both sides.
//!
//! Checked: no version replaces one that its author's user had not seen; a user is asked about nothing that is in what
//! they have; and once everybody is done, all have the same, and every edit is part of it.

use crate::dots::{Dots, SEQS, Vector, WRITERS, at_least, dot, max};
use stateright::{Model, Property};

/// What is left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Nothing: the rules as they are.
    None,
    /// Whoever finds that the head lacks what it knows leaves it so.
    NeverHealed,
    /// A push whose head was refused, or whose answer was lost, is forgotten, and made anew.
    RecordMadeAnew,
    /// A version replaces all that its client has folded.
    ReplacesAllSeen,
    /// The author of a version that lost goes on with the one that won.
    AuthorNotTold,
}

/// Clients that push through one head.
#[derive(Debug, Clone)]
pub struct Commit {
    /// How many clients there are.
    pub clients: usize,
    /// How often each user edits on their own.
    pub edits: u8,
    /// Whether the head's condition is checked and acted upon in two steps, so that announcements can be lost.
    pub racy: bool,
    /// How many answers may be lost.
    pub lost_answers: u8,
    /// What is left out.
    pub twin: Twin,
}

/// A version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Version {
    order: u8,
    replaces: Dots,
    /// What the user had seen who made it, itself included. Nobody knows it but the checker.
    saw: Dots,
}

/// A client and its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Client {
    /// What is folded.
    vector: Vector,
    /// What the content is based on, as far as it was ever announced.
    basis: Dots,
    /// What the user has seen in what they have now.
    seen: Dots,
    /// Whether there is an edit that is no record yet.
    dirty: bool,
    /// Whether a record was put whose announcement is not known to have taken place.
    pending: bool,
    edits_left: u8,
    /// The head that was read last, and its tag.
    read: Option<(Vector, u8)>,
    /// A head that is about to be written: its condition was checked.
    writes: Option<Vector>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    versions: [Version; WRITERS * SEQS],
    head: Vector,
    tag: u8,
    clients: Vec<Client>,
    lost_answers: u8,
    /// A version replaced one that its author's user had not seen.
    lost: bool,
    /// A user was asked about what is part of what they have.
    false_conflict: bool,
}

/// A step of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The user edits.
    Edit(usize),
    /// Reads the head and what it names, and settles it: the user is asked if need be, and merges.
    Pull(usize),
    /// Puts a record for the edit.
    Put(usize),
    /// Writes the head; where it is racy, only looks whether it may.
    Announce(usize),
    /// Writes the head that it looked at before.
    Write(usize),
    /// Writes the head, and the answer is lost.
    AnnounceUnheard(usize),
}

impl Commit {
    fn next_order(state: &State, vector: &Vector) -> u8 {
        Dots::up_to(vector).iter().map(|dot| state.versions[dot].order).max().unwrap_or_default() + 1
    }

    /// The versions that nothing has replaced.
    fn heads(state: &State, vector: &Vector) -> Dots {
        let all = Dots::up_to(vector);
        all.iter().fold(all, |heads, dot| heads.without(state.versions[dot].replaces))
    }

    fn winner(state: &State, heads: Dots) -> Option<usize> {
        heads.iter().max_by_key(|dot| (state.versions[*dot].order, *dot))
    }

    fn pull(&self, state: &mut State, c: usize) {
        let (head, tag) = (state.head, state.tag);
        let client = state.clients[c];
        let vector = max(&client.vector, &head);
        let heads = Self::heads(state, &vector);
        let mut now = Client { vector, read: Some((head, tag)), writes: None, ..client };
        if client.pending && head[c] >= vector[c] {
            now.pending = false;
        }
        if let Some(winner) = Self::winner(state, heads).filter(|winner| !client.basis.has(*winner)) {
            let own = heads.both(client.basis);
            let lost = own.iter().any(|dot| dot / SEQS == c) && self.twin != Twin::AuthorNotTold;
            let saw = state.versions[winner].saw;
            if client.dirty || lost {
                // Both sides differ, unless the one is part of the other.
                state.false_conflict |= client.seen.has(winner) || !client.dirty && saw.covers(own);
                now = Client { basis: client.basis.and(Dots::of(winner)), seen: client.seen.and(saw), dirty: true, ..now };
            } else {
                now = Client { basis: Dots::of(winner), seen: saw, ..now };
            }
        }
        state.clients[c] = now;
    }

    fn put(&self, state: &mut State, c: usize) {
        let client = state.clients[c];
        let heads = Self::heads(state, &client.vector);
        let replaces = if self.twin == Twin::ReplacesAllSeen { heads } else { client.basis };
        state.lost |= !client.seen.covers(replaces);
        let (seq, order) = (client.vector[c] + 1, Self::next_order(state, &client.vector));
        let new = Dots::of(dot(c, seq));
        let saw = client.seen.and(new);
        state.versions[dot(c, seq)] = Version { order, replaces, saw };
        let mut vector = client.vector;
        vector[c] = seq;
        state.clients[c] = Client { vector, basis: new, seen: saw, dirty: false, pending: true, ..client };
    }

    /// The head is refused, or nobody knows.
    fn unclear(&self, state: &mut State, c: usize) {
        let client = &mut state.clients[c];
        client.read = None;
        client.writes = None;
        if self.twin == Twin::RecordMadeAnew && client.pending {
            // The record stays where it is; what it carried is an edit again, on what it replaced.
            let forgotten = state.versions[dot(c, client.vector[c])];
            *client = Client { basis: forgotten.replaces, dirty: true, pending: false, ..*client };
        }
    }

    fn write(state: &mut State, c: usize, head: Vector) {
        state.head = head;
        state.tag += 1;
        state.clients[c].read = Some((head, state.tag));
        state.clients[c].writes = None;
        state.clients[c].pending = false;
    }

    fn needs_head(&self, client: &Client) -> bool {
        let lacks = client.read.is_some_and(|(head, _)| !at_least(&head, &client.vector));
        lacks && (client.pending || self.twin != Twin::NeverHealed)
    }

    /// Whether everybody is done: nothing is left to say, to hear or to heal.
    fn is_quiet(&self, state: &State) -> bool {
        state.clients.iter().all(|client| {
            let heard = client.read.is_some_and(|(head, tag)| tag == state.tag && head == state.head);
            heard && !client.dirty && !client.pending && client.writes.is_none() && !self.needs_head(client) && client.edits_left == 0
        })
    }

    fn all_is_well(&self, state: &State) -> bool {
        let first = state.clients[0].vector;
        let heads = Self::heads(state, &first);
        let written =
            (0..WRITERS * SEQS).filter(|dot| state.versions[*dot].order > 0).fold(Dots::default(), |all, dot| all.and(Dots::of(dot)));
        let everything = Self::winner(state, heads).map_or(Dots::default(), |winner| state.versions[winner].saw);
        state.clients.iter().all(|client| client.vector == first && client.seen == everything)
            && everything.covers(written)
            && heads.len() <= 1
    }
}

impl Model for Commit {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let client = Client {
            vector: Vector::default(),
            basis: Dots::default(),
            seen: Dots::default(),
            dirty: false,
            pending: false,
            edits_left: self.edits,
            read: None,
            writes: None,
        };
        vec![State {
            versions: [Version::default(); WRITERS * SEQS],
            head: Vector::default(),
            tag: 0,
            clients: vec![client; self.clients],
            lost_answers: self.lost_answers,
            lost: false,
            false_conflict: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (c, client) in state.clients.iter().enumerate() {
            if client.edits_left > 0 && !client.dirty {
                actions.push(Action::Edit(c));
            }
            if client.read.is_none_or(|(_, tag)| tag != state.tag) {
                actions.push(Action::Pull(c));
            }
            let up_to_date = Self::winner(state, Self::heads(state, &client.vector)).is_none_or(|winner| client.basis.has(winner));
            if client.dirty && up_to_date && client.read.is_some() && usize::from(client.vector[c]) < SEQS {
                actions.push(Action::Put(c));
            }
            if self.needs_head(client) && client.writes.is_none() {
                actions.push(Action::Announce(c));
                if state.lost_answers > 0 {
                    actions.push(Action::AnnounceUnheard(c));
                }
            }
            if client.writes.is_some() {
                actions.push(Action::Write(c));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Edit(c) => {
                state.clients[c].dirty = true;
                state.clients[c].edits_left -= 1;
            }
            Action::Pull(c) => self.pull(&mut state, c),
            Action::Put(c) => self.put(&mut state, c),
            Action::Announce(c) | Action::AnnounceUnheard(c) => {
                let client = state.clients[c];
                let (head, tag) = client.read?;
                let next = max(&head, &client.vector);
                if tag != state.tag {
                    self.unclear(&mut state, c);
                } else if action == Action::AnnounceUnheard(c) {
                    state.lost_answers -= 1;
                    state.head = next;
                    state.tag += 1;
                    self.unclear(&mut state, c);
                } else if self.racy {
                    state.clients[c].writes = Some(next);
                } else {
                    Self::write(&mut state, c, next);
                }
            }
            Action::Write(c) => {
                let head = state.clients[c].writes?;
                Self::write(&mut state, c, head);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is replaced unseen", |_, state: &State| !state.lost),
            Property::always("nobody is asked about what they have", |_, state: &State| !state.false_conflict),
            Property::always("in the end all have everything", |model: &Self, state: &State| {
                !model.is_quiet(state) || model.all_is_well(state)
            }),
            Property::sometimes("it ends", |model: &Self, state: &State| model.is_quiet(state)),
        ]
    }
}
