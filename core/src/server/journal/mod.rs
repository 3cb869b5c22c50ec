//! The journal layout: immutable records, found by a head or by listing, and never by a clock.
//!
//! A push is one or more *records*: files that are written once, by one writer, and hold changes with their contents.
//! A *head* says which record of each writer is the last. It is an index, never the only copy of anything: what a lost
//! write takes out of it is put back by whoever knows it. `spec/journal.md` has the rules by number.
//!
//! | file | what it does |
//! | --- | --- |
//! | `contact.rs` | meets the vault: marker, strategy, identity |
//! | `heads.rs` | finds records: three strategies behind one port |
//! | `pull.rs`, `fetch.rs` | compares the head with what is known, and reads records |
//! | `gone.rs` | where there is no head: what is known and no longer listed |
//! | `fold.rs`, `doc.rs` | what records say, taken together |
//! | `front.rs` | how much of a file is read |
//! | `pace.rs`, `patient.rs` | how much travels in one piece, and files that are read piece by piece over a slow line |
//! | `content.rs` | contents of documents, from what was just read or by ranges |
//! | `lost.rs` | versions that lost, and what settling them leaves |
//! | `closing.rs`, `revoke.rs` | obeys that a device was revoked, and revokes one |
//! | `stage.rs`, `send.rs`, `announce.rs` | makes records, writes them, and puts them into the head |
//! | `lower.rs` | lowers the strategy |
//! | `moving.rs`, `leftovers.rs` | closes a vault that moves to another place, and follows it |
//! | `checkpoint/` | what the files of checkpoints say |
//! | `covered.rs`, `join.rs` | which checkpoint is announced, and taking over what it knows |
//! | `past.rs` | what was replaced |
//! | `device.rs`, `pairing.rs` | which devices there are, and what one tells another |
//! | `doctor/` | looks at a whole vault, and repairs what can be |
//! | `compact/` | writes checkpoints, and deletes what they make superfluous |

mod announce;
mod checkpoint;
mod closing;
mod codec;
mod compact;
mod contact;
mod content;
mod covered;
mod device;
mod doc;
mod doctor;
mod fetch;
mod fold;
mod frames;
mod front;
mod gone;
mod head;
mod head_part;
mod heads;
mod history;
mod inspect;
mod join;
mod leftovers;
mod lost;
mod lower;
mod marker;
mod moving;
mod name;
mod options;
mod pace;
mod pairing;
mod past;
mod patient;
mod pull;
mod record;
#[cfg(feature = "sealed")]
mod revoke;
mod send;
mod stage;
mod standing;
#[cfg(test)]
mod vectors_tests;
mod wire;

pub use device::KnownDevice;
pub use inspect::{Inspected, InspectedChange, InspectedRoot, inspect};
#[doc(hidden)]
pub use options::Scale;
pub use options::{JournalOptions, Strategy};
pub use pairing::PairingCode;

pub(crate) use checkpoint::PieceName;
pub(crate) use device::{device_from, known_devices};
pub(crate) use doctor::{KeyringLook, Lost};
pub(crate) use heads::{list, list_with_sizes};
pub(crate) use marker::Marker;
pub(crate) use moving::Here;
pub(crate) use name::VaultId;
pub(crate) use pairing::pairing_code;
pub(crate) use wire::{Flaw, Malformed, Reader, opening, put_number, put_prefixed, text};

use super::{
    Acknowledged, Announced, Changes, Fetched, LeftVersion, Loaded, Metadata, OldVersion, Outgoing, Placed, Server, Settled, Tag, Tidied,
    Unsettled, Wanted, Written,
};
use crate::{
    Allow, Digest, DocId, Drive, Log, Result, Runtime, State, StateRecord,
    document::Short,
    gather::Gather as _,
    seal::{SealedDrive, Sealing},
};
use futures::lock::Mutex;
use macro_rules_attribute::apply;
use name::{Dot, Writer};
use pace::{Pace, Way};
use patient::Patient;
use std::{collections::BTreeSet, fmt::Write as _, sync::Arc, time::Duration};

/// Who the client is, for the journal.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The client's random id: hexadecimal digits.
    pub(crate) client: String,
    /// The random id of this opening of the client.
    pub(crate) opening: String,
    /// The device's name for people.
    pub(crate) device: Option<String>,
}

/// The server that a drive in the journal layout provides to one client, for the time of one sync.
pub(crate) struct Journal {
    drive: Arc<dyn Drive>,
    /// The same, for bodies of documents: what they are is compared with what something else says.
    bodies: Arc<dyn Drive>,
    /// The same as sealed, if it is.
    sealed: Option<Arc<SealedDrive>>,
    /// The lowest layer of this journal: it reads where the line is slow, and tells how slow it is.
    patient: Arc<Patient>,
    pace: Arc<Pace>,
    /// The same below the seal, if there is one.
    raw: Arc<dyn Drive>,
    /// What opens the vault, if it is sealed.
    sealing: Option<Arc<Sealing>>,
    state: Arc<dyn State>,
    runtime: Arc<dyn Runtime>,
    options: JournalOptions,
    identity: Identity,
    allow: Allow,
    /// What another device has told of the vault.
    pairing: Option<PairingCode>,
    /// Whether what the drive has lost is being put back.
    restores: bool,
    log: Log,
    /// What one sync knows: gone with it. The client asks one thing at a time.
    session: Mutex<Session>,
}

/// What one sync knows.
#[derive(Default)]
struct Session {
    /// Where the client stands; none before it is loaded, or if there is no vault yet.
    standing: Option<standing::Standing>,
    /// What was folded; none before it is loaded.
    seen: Option<fold::Seen>,
    /// Which writers were retired when that was written down last.
    retired_before: Option<BTreeSet<Writer>>,
    /// Whether the vault was met for the first time: where the client stands is not remembered yet.
    joining: bool,
    /// Whether the drive was found to hold no vault.
    absent: bool,
    /// Whether the pairing code was taken.
    paired: bool,
    /// Whether the vault's marker was read or written in this sync.
    met: bool,
    /// Whether the vault was found to be gone, which the user has agreed to.
    gone: bool,
    /// The checkpoint that is being written.
    compacting: Option<compact::Compacting>,
    pull: pull::Pull,
    stage: stage::Stage,
    send: send::Sending,
}

/// What a journal works with.
pub(crate) struct Ports {
    pub(crate) drive: Arc<dyn Drive>,
    /// What opens the vault, if it is sealed.
    pub(crate) sealing: Option<Arc<Sealing>>,
    pub(crate) state: Arc<dyn State>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) log: Log,
}

/// What the user has said about the vault.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) allow: Allow,
    pub(crate) pairing: Option<PairingCode>,
    /// That what the drive has lost is to be put back: so it is no reason to ask.
    pub(crate) restores: bool,
}

impl Journal {
    pub(crate) fn new(ports: Ports, options: JournalOptions, identity: Identity, said: Said) -> Self {
        let Ports { drive, sealing, state, runtime, log } = ports;
        let Said { allow, pairing, restores } = said;
        let pace = Arc::new(Pace::new(runtime.clone(), options.scale.piece_bytes));
        let patient = Arc::new(Patient::new(drive, state.clone(), runtime.clone(), pace.clone(), log.clone()));
        let raw: Arc<dyn Drive> = patient.clone();
        let sealed = sealing.as_ref().map(|sealing| Arc::new(SealedDrive::new(raw.clone(), sealing.clone())));
        let (drive, bodies): (Arc<dyn Drive>, Arc<dyn Drive>) = match &sealed {
            Some(sealed) => (sealed.clone(), Arc::new(sealed.for_bodies())),
            None => (raw.clone(), raw.clone()),
        };
        Self {
            drive,
            bodies,
            sealed,
            patient,
            pace,
            raw,
            sealing,
            state,
            runtime,
            options,
            identity,
            allow,
            pairing,
            restores,
            log,
            session: Mutex::default(),
        }
    }

    fn parallel(&self) -> usize {
        self.drive.capabilities().parallel.max(1) as usize
    }

    /// The device part of this client's writers.
    fn device(&self) -> Vec<u8> {
        contact::device_of(&self.identity.client)
    }
}

#[apply(port!)]
impl Server for Journal {
    async fn lock(&self, _wait: Duration) -> Result<()> {
        Ok(())
    }

    async fn unlock(&self) -> Result<()> {
        Ok(())
    }

    async fn keep_lock(&self) -> Result<()> {
        futures::future::pending().await
    }

    fn finishes(&self) -> bool {
        true
    }

    async fn take_up(&self) -> Result<()> {
        let mut session = self.session.lock().await;
        self.finish_sent(&mut session).await
    }

    async fn metadata_read(&self) -> Result<Metadata> {
        let mut session = self.session.lock().await;
        self.read_head(&mut session).await
    }

    async fn changes_read(&self) -> Result<Changes> {
        let mut session = self.session.lock().await;
        self.read_records(&mut session).await
    }

    async fn get(&self, wanted: Vec<Wanted>) -> Result<Vec<Fetched>> {
        let session = self.session.lock().await;
        self.look_up(&session.pull.at_hand, wanted).await
    }

    async fn load(&self, wanted: Vec<(DocId, Tag)>) -> Result<Vec<Loaded>> {
        let mut session = self.session.lock().await;
        self.load_known(&mut session, wanted).await
    }

    async fn room(&self) -> Result<u64> {
        self.pace.recall(&*self.state).await?;
        Ok(self.pace.piece(Way::Up))
    }

    async fn put(&self, documents: Vec<Outgoing>) -> Result<Vec<Placed>> {
        let mut session = self.session.lock().await;
        self.stage_documents(&mut session, documents).await
    }

    async fn changes_write(&self, _changes: Vec<Announced>, push: String, intents: Option<StateRecord>) -> Result<Written> {
        let mut session = self.session.lock().await;
        self.stage_push(&mut session, push, intents).await
    }

    async fn metadata_write(&self) -> Result<Written> {
        let mut session = self.session.lock().await;
        self.send_staged(&mut session).await?;
        self.announce_sent(&mut session).await?;
        Ok(Written::Done(Vec::new()))
    }

    async fn acknowledged(&self) -> Result<Option<Acknowledged>> {
        let mut session = self.session.lock().await;
        self.next_acknowledged(&mut session).await
    }

    async fn unsettled(&self, documents: Vec<(DocId, Option<Tag>)>) -> Result<Vec<Unsettled>> {
        let mut session = self.session.lock().await;
        self.which_lost(&mut session, documents).await
    }

    async fn left(&self) -> Result<Vec<LeftVersion>> {
        self.left_versions().await
    }

    async fn history(&self, id: &DocId) -> Result<Vec<OldVersion>> {
        let mut session = self.session.lock().await;
        self.old_versions(&mut session, id).await
    }

    async fn load_old(&self, id: &DocId, tag: &Tag) -> Result<Loaded> {
        let mut session = self.session.lock().await;
        self.load_old_version(&mut session, id, tag).await
    }

    async fn load_by_digest(&self, id: &DocId, digest: Digest) -> Result<Option<Loaded>> {
        let mut session = self.session.lock().await;
        self.load_by_content(&mut session, id, Short::of(&digest)).await
    }

    async fn tidy(&self, now: bool) -> Result<Tidied> {
        let mut session = self.session.lock().await;
        self.tidy_some(&mut session, now).await
    }

    async fn settled(&self, documents: Vec<Settled>) -> Result<Vec<StateRecord>> {
        self.session.lock().await.pull.at_hand.forget(documents.iter().map(|document| &document.id));
        self.settle_lost(documents).await
    }

    fn on_top(&self, base: Option<&Tag>, seen: &Tag) -> Tag {
        tag_of(base.into_iter().chain([seen]).flat_map(dots_in).gather::<BTreeSet<Dot>>())
    }
}

/// Writes dots as the tag of a version: what content includes.
fn tag_of(dots: impl IntoIterator<Item = Dot>) -> Tag {
    let mut text = String::with_capacity(48);
    for dot in dots {
        if !text.is_empty() {
            text.push(' ');
        }
        crate::hex::push(&dot.writer.0, &mut text);
        let _ = write!(text, "-{:x}", dot.seq);
    }
    Tag(text.into())
}

/// Reads the dots in a tag.
fn dots_in(tag: &Tag) -> impl Iterator<Item = Dot> {
    let dot = |text: &str| {
        let (writer, seq) = text.split_once('-')?;
        Some(Dot { writer: Writer::from_hex(writer)?, seq: u64::from_str_radix(seq, 16).ok()? })
    };
    tag.0.split(' ').filter_map(dot)
}

/// Returns the vault that this client has joined, and its strategy, without asking the drive.
pub(crate) async fn known_vault(state: &dyn State) -> Result<Option<(String, Strategy)>> {
    Ok(standing::Standing::load(state).await?.map(|standing| (standing.vault.to_string(), standing.strategy)))
}
