//! Random traces of the model of checkpoints, replayed by real clients: both must agree on what each user sees and is asked.
//!
//! A sync of a client is what the model calls a pull and, if there is an edit, a push; putting the vault in order is all
//! steps of a checkpoint. Each user's document lists the pushed edits that it includes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use futures::executor::block_on;
use kitestring::{
    Body, Client, JournalOptions, Layout, MemoryApplication, MemoryDrive, MemoryState, Options, Resolution, Revision, Strategy,
    SyncOptions, drive::Capabilities,
};
use kitestring_adapters::runtime::NativeRuntime;
use model::{
    checkpoint::{Action, Checkpoints, State, Twin, View},
    dots::{Dots, dot},
};
use stateright::Model;
use std::sync::Arc;

const CLIENTS: usize = 3;
const TRACES: u64 = 2_000;
const STEPS: u32 = 30;
const DOCUMENT: &str = "document";

/// Numbers that look random, the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from(mixed >> 33).unwrap() % n
    }
}

struct User {
    host: Arc<MemoryApplication>,
    client: Client,
}

struct Replay {
    model: Checkpoints,
    state: State,
    users: Vec<User>,
    /// Whether the model can go no further.
    ended: bool,
    /// How often both agreed that a user is asked, and that a checkpoint is written.
    asked: usize,
    compacted: usize,
}

/// The document that includes these edits.
fn text(edits: Dots) -> Vec<u8> {
    edits.iter().map(|edit| format!("{edit} ")).collect::<String>().into_bytes()
}

impl Replay {
    async fn new(drive: &Arc<MemoryDrive>, strategy: Strategy) -> Self {
        let listing = strategy == Strategy::Listing;
        let model = Checkpoints { clients: CLIENTS, edits: 4, checkpoints: 8, expiry: false, listing, twin: Twin::None };
        let mut users = Vec::new();
        for _ in 0..CLIENTS {
            let layout = Layout::Journal(JournalOptions { strategy: Some(strategy), compacts: false, ..JournalOptions::default() });
            let options = Options { layout, ..Options::new(Arc::new(NativeRuntime::new())) };
            let host = Arc::new(MemoryApplication::new());
            let client = Client::open(host.clone(), Arc::new(MemoryState::default()), drive.clone(), options).await.unwrap();
            client.sync(SyncOptions::default()).await.unwrap();
            users.push(User { host, client });
        }
        let state = model.init_states().into_iter().next().unwrap();
        Self { model, state, users, ended: false, asked: 0, compacted: 0 }
    }

    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.model.actions(&self.state, &mut actions);
        actions
    }

    /// Makes a step of the model if it can be made.
    fn step(&mut self, action: Action) -> bool {
        let possible = self.actions().contains(&action);
        if possible {
            self.state = self.model.next_state(&self.state, action).unwrap();
        }
        possible
    }

    /// What the document of a user says who pushes next.
    fn with_own(&self, c: usize) -> Vec<u8> {
        let View { seen, next, .. } = self.state.view(c);
        text(seen.and(Dots::of(dot(c, next))))
    }

    async fn edit(&mut self, c: usize) {
        if self.step(Action::Edit(c)) {
            let change = self.users[c].host.put(DOCUMENT, self.with_own(c)).unwrap();
            self.users[c].client.queue_change(change).await.unwrap();
        }
    }

    async fn delete(&mut self, c: usize) {
        if self.step(Action::Delete(c)) {
            let change = self.users[c].host.delete(DOCUMENT).unwrap();
            self.users[c].client.queue_change(change).await.unwrap();
        }
    }

    async fn sync(&mut self, c: usize) {
        let before = self.state.view(c);
        let pulled = self.step(Action::Pull(c));
        let after = self.state.view(c);
        if after.dirty && !self.actions().contains(&Action::Push(c)) {
            // The model has no numbers left.
            self.ended = true;
            return;
        }
        // Who has an edit and meets another version is asked. About the deletion of what was never here real clients ask
        // only whoever had it before the first pull.
        let asked = before.dirty && after.dirty && pulled;
        let maybe = asked && after.deleted && !before.had_content;
        if maybe && after.present {
            // What the model takes for known the document is to include all the same.
            let change = self.users[c].host.put(DOCUMENT, self.with_own(c)).unwrap();
            self.users[c].client.queue_change(change).await.unwrap();
        }
        let report = self.users[c].client.sync(SyncOptions::default()).await.unwrap();
        assert_eq!(report.skipped, []);
        assert!(maybe || report.conflicts.len() == usize::from(asked), "{before:?} and then {after:?}");
        for conflict in report.conflicts {
            self.asked += 1;
            let body = self.with_own(c);
            let merged = Resolution::Merged { revision: Revision::of(&body), body: Body::Whole(body) };
            self.users[c].client.resolve(conflict, merged).await.unwrap();
            self.users[c].client.sync(SyncOptions::default()).await.unwrap();
        }
        self.step(Action::Push(c));
    }

    async fn compact(&mut self, c: usize) {
        self.sync(c).await;
        if self.ended || !self.step(Action::Checkpoint(c)) {
            return;
        }
        self.step(Action::Announce(c));
        while let Some(action) = self
            .actions()
            .into_iter()
            .find(|action| matches!(action, Action::DeleteRecord(of, _) | Action::DeleteCheckpoint(of, _) if *of == c))
        {
            self.step(action);
        }
        self.step(Action::Leave(c));
        assert!(self.users[c].client.compact(SyncOptions::default()).await.unwrap());
        self.compacted += 1;
    }

    /// Both must say the same of a user.
    fn check(&self, c: usize) {
        let view = self.state.view(c);
        let found = self.users[c].host.body(DOCUMENT);
        assert_eq!(found.is_some(), view.present, "user {c} of {view:?}");
        if let Some(found) = found.filter(|_| !view.dirty) {
            assert_eq!(String::from_utf8(found).unwrap(), String::from_utf8(text(view.seen)).unwrap(), "user {c} of {view:?}");
        }
    }

    async fn run(&mut self, random: &mut Random) {
        for _ in 0..STEPS {
            let c = random.below(CLIENTS);
            match random.below(8) {
                0..=2 => self.edit(c).await,
                3 => self.delete(c).await,
                4..=6 => self.sync(c).await,
                _ => self.compact(c).await,
            }
            if self.ended {
                return;
            }
            (0..CLIENTS).for_each(|c| self.check(c));
        }
        for _ in 0..2 {
            for c in 0..CLIENTS {
                self.sync(c).await;
                if self.ended {
                    return;
                }
                self.check(c);
            }
        }
    }
}

#[test]
fn real_clients_do_what_the_model_says() {
    let (mut asked, mut compacted) = (0, 0);
    for seed in 0..TRACES {
        let strategy = Strategy::ALL[usize::try_from(seed % 3).unwrap()];
        let capabilities = Capabilities { exact: seed % 2 == 0, ..Capabilities::FULL };
        let drive = Arc::new(MemoryDrive::with(capabilities));
        println!("trace {seed}");
        block_on(async {
            let mut replay = Replay::new(&drive, strategy).await;
            replay.run(&mut Random(seed)).await;
            (asked, compacted) = (asked + replay.asked, compacted + replay.compacted);
        });
    }
    println!("{TRACES} traces, {asked} conflicts, {compacted} checkpoints");
    assert!(asked > 100 && compacted > 500, "{asked} conflicts and {compacted} checkpoints");
}
