//! Keeps a vault at its size: writes checkpoints, and deletes what they make superfluous.
//!
//! A checkpoint is made from this client's own state, which is the fold of all that was read; only contents that move are
//! read from the drive. It goes step by step, and may be left at any of them: until the head names it, nothing has changed.
//! Others sync meanwhile as ever. What it no longer needs is deleted at once, or by the next one (`sweep.rs`): so whoever
//! writes one at the same moment, or has stood still since long ago, refers to nothing that is gone.
//!
//! | file | what it does |
//! | --- | --- |
//! | `lease.rs` | who goes first; advice only |
//! | `survey.rs` | which files are worth keeping, and in which order documents are written |
//! | `documents.rs`, `history.rs`, `pieces.rs` | writes the files |
//! | `publish.rs` | puts the checkpoint into the head, and takes over its places |
//! | `sweep.rs` | deletes what it makes superfluous |

mod documents;
mod history;
mod lease;
mod pieces;
mod publish;
mod survey;
mod sweep;

use super::{
    Journal, Session, Strategy,
    checkpoint::{self, CHECKPOINTS, CheckpointId, FileName, Other, PieceName},
    covered::is_within,
    front::Much,
    heads::list,
    name::{Link, Writer},
    pace::Way,
    standing::{COMPACTING, PUT_OFF, SENT, Since, json, parse},
};
use crate::{
    Level, Result, StateRecord,
    drive::{Condition, DrivePath},
    gather::Gather as _,
    server::Tidied,
};
use pieces::Builder;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use survey::Survey;

/// It is worth it from this many small records on: the fewer, the less there is to be written again.
const SMALL_RECORDS: std::ops::RangeInclusive<u64> = 16..=64;
/// One more of them for this many bytes that are alive,
const BYTES_A_RECORD: u64 = 32 << 10;
/// or when this many bytes are dead,
const DEAD_BYTES: u64 = 256 << 10;
/// if that is also this part of what is alive.
const DEAD_PART: u64 = 4;

/// A checkpoint under way.
pub(super) struct Compacting {
    id: CheckpointId,
    /// The checkpoint on which this one is made.
    parent: Option<Parent>,
    /// The checkpoint that is announced now: mostly the parent.
    over: Option<PieceName>,
    /// What is folded in it.
    vector: BTreeMap<Writer, Link>,
    order: u64,
    /// When it was begun, in seconds since the Unix epoch.
    time: u64,
    survey: Survey,
    documents: Builder,
    history: Builder,
    /// History of the parent that is taken over as it is.
    kept_history: Vec<Other>,
    live_bytes: u64,
    /// What was replaced, by its key in the state, that is in the history now.
    done_with: Vec<String>,
    /// The files of records, and of checkpoints but their roots, in which bodies lie that are referred to.
    refers: BTreeSet<FileName>,
    /// Whether a body could not be had that must be in its own files.
    lacks: bool,
    /// Whether it was tried to announce it: whatever the drive has answered, it may have been.
    tried: bool,
    step: Step,
    total: u64,
    done: u64,
}

impl Compacting {
    /// Now, for what is dated: no clock that is behind makes anything look old.
    fn now(&self) -> u64 {
        self.time.max(self.parent.as_ref().map_or(0, |parent| parent.time))
    }

    /// Now, for what is dropped because of its age: no single clock that is ahead drops it.
    fn surely(&self) -> u64 {
        self.parent.as_ref().map_or(self.time, |parent| parent.surely(self.time))
    }
}

impl Parent {
    /// The earlier of two times: when this checkpoint was made, and now.
    fn surely(&self, now: u64) -> u64 {
        self.time.min(now)
    }
}

/// The checkpoint before.
struct Parent {
    name: PieceName,
    vector: BTreeMap<Writer, Link>,
    time: u64,
    /// The files that it refers to, itself included.
    needs: BTreeSet<FileName>,
}

/// What is done next.
enum Step {
    Documents,
    History(history::Queue),
    Publish,
    Sweep(VecDeque<DrivePath>),
}

impl Since {
    /// Whether a checkpoint is worth its while.
    fn is_much(&self) -> bool {
        let alive = self.live_bytes.saturating_sub(self.dead_bytes);
        let small = (SMALL_RECORDS.start() + alive / BYTES_A_RECORD).min(*SMALL_RECORDS.end());
        self.small_records >= small || self.dead_bytes >= DEAD_BYTES.max(alive / DEAD_PART)
    }
}

impl Journal {
    /// Does the next piece of work, if there is any. `now` says that the user has asked for it.
    pub(super) async fn tidy_some(&self, session: &mut Session, now: bool) -> Result<Tidied> {
        let Some(compacting) = session.compacting.take() else {
            self.end_pieces().await?;
            return self.begin_tidying(session, now).await;
        };
        self.continue_tidying(session, compacting).await
    }

    /// Everything was pulled and pushed: what was kept of it is of no use any longer.
    async fn end_pieces(&self) -> Result<()> {
        self.patient.forget_pieces().await?;
        self.pace.ended_well();
        match self.pace.news()? {
            Some(news) => self.state.write(vec![news]).await,
            None => Ok(()),
        }
    }

    async fn begin_tidying(&self, session: &mut Session, now: bool) -> Result<Tidied> {
        if !self.may_tidy(session).await? {
            return Ok(Tidied::Nothing);
        }
        // Whoever was stopped in the middle of pieces may be stopped again, and would write it all in vain.
        let much = self.standing(session)?.since.is_much() && self.options.compacts && !self.pace.is_wary();
        if !now && much && self.was_cut_off().await? {
            self.wait_for_more(session).await?;
            return Ok(Tidied::Nothing);
        }
        if !now && !much || !self.take_lease(now).await? {
            return Ok(Tidied::Nothing);
        }
        if let Some(sealing) = &self.sealing {
            sealing.put_back(&*self.raw).await?;
        }
        let Some(compacting) = self.begin_checkpoint(session).await? else {
            self.put_off(session).await?;
            return Ok(Tidied::Nothing);
        };
        self.log.line(Level::Info, || format!("writing checkpoint {}", compacting.id.generation));
        let total = compacting.total;
        session.compacting = Some(compacting);
        Ok(Tidied::Some { done: 0, total })
    }

    /// Whether all that is announced is known here, and nothing of this client's is half done.
    async fn may_tidy(&self, session: &mut Session) -> Result<bool> {
        let pull = &session.pull;
        let complete = pull.asked && !pull.incomplete && !pull.has_work() && pull.joining.is_none() && pull.waiting.is_empty();
        if session.standing.is_none() || !complete || session.absent || session.gone || self.lacks_keys() {
            return Ok(false);
        }
        if !self.state.scan(SENT.to_owned(), None, 1).await?.is_empty() || self.seen(session).await?.vector.is_empty() {
            return Ok(false);
        }
        if self.has_head(session)? {
            let seen = self.seen(session).await?.clone();
            let Some((head, _)) = &session.pull.head else { return Ok(false) };
            return Ok(!head.closed && super::pull::beyond(&head.vector, &seen).next().is_none());
        }
        Ok(true)
    }

    async fn begin_checkpoint(&self, session: &mut Session) -> Result<Option<Compacting>> {
        let over = session.pull.head.as_ref().and_then(|(head, _)| head.checkpoint).map(|found| found.root);
        let Some(parent) = self.parent(session, over).await? else { return Ok(None) };
        self.clear_abandoned(parent.as_ref()).await?;
        let generation = self.greatest_generation(session, over, parent.as_ref()).await? + 1;
        let mut random = [0; 8];
        self.runtime.random(&mut random)?;
        let id = CheckpointId { generation, random };
        self.state.write(vec![StateRecord::set(COMPACTING, json(&id)?)]).await?;
        let seen = self.seen(session).await?.clone();
        let time = super::send::seconds(&*self.runtime);
        let survey = self.survey(session, parent.as_ref(), time).await?;
        let total = survey.documents.len() as u64;
        let (documents, history) = (Builder::documents(), Builder::history());
        let (vector, order) = (seen.vector, seen.order);
        Ok(Some(Compacting {
            id,
            parent,
            over,
            vector,
            order,
            time,
            survey,
            documents,
            history,
            kept_history: Vec::new(),
            live_bytes: 0,
            done_with: Vec::new(),
            refers: BTreeSet::new(),
            lacks: false,
            tried: false,
            step: Step::Documents,
            total,
            done: 0,
        }))
    }

    /// The checkpoint before, with its places taken over; `None` outside if that cannot be done now.
    async fn parent(&self, session: &mut Session, over: Option<PieceName>) -> Result<Option<Option<Parent>>> {
        let name = if self.has_head(session)? { over } else { self.greatest_root(session).await? };
        let Some(name) = name else { return Ok(Some(None)) };
        if let Some(parent) = self.adopted(session, name).await? {
            return Ok(Some(Some(parent)));
        }
        if self.is_whole(&name).await? {
            return Ok(None);
        }
        // The one that is announced is gone in part: the next one is made on the greatest that is not.
        let mut others: Vec<PieceName> = self.names().await?.roots.into_iter().filter(|other| *other != name).collect();
        others.sort_by_key(|root| (std::cmp::Reverse(root.of.generation), *root));
        for other in others {
            if let Some(parent) = self.adopted(session, other).await? {
                return Ok(Some(Some(parent)));
            }
        }
        Ok(Some(None))
    }

    /// Takes the places of a checkpoint over; none if that cannot be done.
    async fn adopted(&self, session: &mut Session, name: PieceName) -> Result<Option<Parent>> {
        if self.standing(session)?.adopted != Some(name) && !self.adopt(session, name).await? {
            return Ok(None);
        }
        let Some(root) = self.root(session, &name).await? else { return Ok(None) };
        Ok(Some(Parent { name, vector: root.vector, time: root.time, needs: self.needs().await? }))
    }

    /// Whether the files of a checkpoint are all there.
    async fn is_whole(&self, name: &PieceName) -> Result<bool> {
        let Some(root) = checkpoint::read(&*self.drive, name, Much::Head).await?.root() else { return Ok(false) };
        let listed = self.listed().await?;
        Ok(listed.has_all(&root.pieces.iter().map(|other| FileName::Piece(other.name)).gather()))
    }

    /// The greatest generation of any checkpoint that may still be used.
    async fn greatest_generation(&self, session: &mut Session, over: Option<PieceName>, parent: Option<&Parent>) -> Result<u64> {
        let known = over.into_iter().chain(parent.map(|parent| parent.name)).map(|name| name.of.generation);
        if self.has_head(session)? {
            return Ok(known.max().unwrap_or_default());
        }
        // Whoever has not heard that there is no head any longer takes what is not greater for garbage.
        Ok(known.chain(self.names().await?.roots.into_iter().map(|root| root.of.generation)).max().unwrap_or_default())
    }

    /// Where there is no head: the checkpoint that knows most. Of two that know the same, the one with the greater name.
    async fn greatest_root(&self, session: &mut Session) -> Result<Option<PieceName>> {
        let (mut best, seen) = (None, self.seen(session).await?.vector.clone());
        // One may be covered only by what was read in this very sync.
        let mut names: BTreeSet<PieceName> = self.names().await?.roots.into_iter().gather();
        names.extend(&self.standing(session)?.joined);
        for name in names {
            let Some(root) = self.root(session, &name).await?.filter(|root| is_within(&root.vector, &seen)) else { continue };
            // Records that were made at once have one order: who covers more of them knows more.
            let records: u64 = root.vector.values().map(|link| link.seq).sum();
            best = best.max(Some((root.order, records, name)));
        }
        Ok(best.map(|(.., name)| name))
    }

    /// Deletes what an interrupted checkpoint of this client has left, unless somebody has announced it: its root is there
    /// then, or the checkpoint that came in its place, and later ones, refer to what is needed of it.
    async fn clear_abandoned(&self, newest: Option<&Parent>) -> Result<()> {
        let stored = self.state.read(vec![COMPACTING.to_owned()]).await?.into_iter().next().flatten();
        let Some(id) = stored.map(|bytes| parse::<CheckpointId>(COMPACTING, &bytes)).transpose()? else { return Ok(()) };
        let is_needed = |name: &PieceName| newest.is_some_and(|newest| newest.needs.contains(&FileName::Piece(*name)));
        if self.names().await?.roots.iter().any(|root| root.of == id) {
            return Ok(());
        }
        let names = list(&*self.drive, &DrivePath::new(CHECKPOINTS)?).await?;
        for name in names.iter().filter_map(|name| PieceName::parse(name)).filter(|name| name.of == id && !is_needed(name)) {
            self.drive.delete(name.path(), Condition::Any).await?;
        }
        self.state.write(vec![StateRecord::remove(COMPACTING)]).await
    }

    /// Whether the line is slow, and this client was stopped in the middle of a checkpoint since it was asked last.
    async fn was_cut_off(&self) -> Result<bool> {
        if !self.pace.is_slow(Way::Up) {
            return Ok(false);
        }
        let stored = self.state.read(vec![COMPACTING.to_owned(), PUT_OFF.to_owned()]).await?;
        let [Some(begun), before] = stored.as_slice() else { return Ok(false) };
        if before.as_ref() == Some(begun) {
            return Ok(false);
        }
        self.state.write(vec![StateRecord::set(PUT_OFF, begun.clone())]).await?;
        Ok(true)
    }

    /// Leaves a checkpoint. If nobody can have heard of it, its files are deleted; otherwise somebody may have built on it
    /// already, and what is superfluous of it is deleted by a later one.
    async fn give_up(&self, session: &mut Session, compacting: &Compacting) -> Result<()> {
        if compacting.tried {
            self.state.write(vec![StateRecord::remove(COMPACTING)]).await?;
        } else {
            self.clear_abandoned(compacting.parent.as_ref()).await?;
        }
        self.put_off(session).await
    }

    /// Tries again when as much has gathered once more: not in every sync.
    async fn put_off(&self, session: &mut Session) -> Result<()> {
        self.release_lease().await;
        self.wait_for_more(session).await
    }

    async fn wait_for_more(&self, session: &mut Session) -> Result<()> {
        let standing = self.standing(session)?;
        standing.since = Since { live_bytes: standing.since.live_bytes.saturating_sub(standing.since.dead_bytes), ..Since::default() };
        let record = standing.record()?;
        self.state.write(vec![record]).await
    }

    async fn continue_tidying(&self, session: &mut Session, mut compacting: Compacting) -> Result<Tidied> {
        match std::mem::replace(&mut compacting.step, Step::Documents) {
            Step::Documents if compacting.survey.documents.is_empty() => {
                compacting.step = Step::History(self.survey_history(session, &mut compacting).await?);
            }
            Step::Documents => {
                let done = self.write_documents(session, &mut compacting).await?;
                compacting.done += done;
            }
            Step::History(mut queue) => {
                let more = self.write_history(session, &mut compacting, &mut queue).await?;
                compacting.step = if more { Step::History(queue) } else { Step::Publish };
            }
            // Others would take it for whole, and delete what is.
            Step::Publish if compacting.lacks || compacting.refers_to_nothing() || self.lacks_keys() => {
                self.log.line(Level::Warn, || "a body or a key could not be had: no checkpoint is written".to_owned());
                self.give_up(session, &compacting).await?;
                return Ok(Tidied::Nothing);
            }
            Step::Publish => {
                let Some(doomed) = self.publish(session, &mut compacting).await? else {
                    self.log.line(Level::Info, || "another checkpoint was announced meanwhile".to_owned());
                    self.give_up(session, &compacting).await?;
                    return Ok(Tidied::Done);
                };
                compacting.step = Step::Sweep(doomed);
            }
            Step::Sweep(mut doomed) => {
                self.sweep_some(&mut doomed).await?;
                if doomed.is_empty() {
                    self.release_lease().await;
                    return Ok(Tidied::Done);
                }
                compacting.step = Step::Sweep(doomed);
            }
        }
        let (done, total) = (compacting.done, compacting.total);
        session.compacting = Some(compacting);
        Ok(Tidied::Some { done, total })
    }

    /// Whether a checkpoint may refer to files that are not its own.
    fn shares(&self, session: &mut Session) -> Result<bool> {
        Ok(self.standing(session)?.strategy != Strategy::Listing)
    }
}
