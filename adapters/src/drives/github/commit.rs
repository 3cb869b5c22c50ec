//! Writing: one commit for all that waits, on top of the one by which the conditions were judged, and on no other.
//!
//! `createCommitOnBranch` refuses a commit if the branch is not where it was expected to be, also if the request was under way
//! for long. So a condition that held when it was judged holds at the commit.

use super::{
    GitHub, call,
    gather::{Action, Answer, BYTES, Change, FILES, Position, Taken},
    judge::{Verdict, judge},
    object::version,
    tip::View,
    tree::Tree,
};
use crate::http::Repeat;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kitestring::{
    Error, ErrorKind, Result,
    drive::{PutFile, Version},
};
use serde_json::{Value, json};

/// So often somebody else may come first.
const TRIES: u32 = 30;
/// After so many of those tries a wait grows no longer.
const STEEPEST: u32 = 4;
/// GitHub takes no larger file by its API: 40 MiB and more were refused.
const MAX_BYTES: usize = 39 << 20;

const COMMIT: &str = "mutation($input:CreateCommitOnBranchInput!){createCommitOnBranch(input:$input){commit{oid}}}";

/// How a commit fared.
pub(super) enum Ended {
    Committed(String),
    /// The branch is elsewhere, and nothing was written.
    Stale,
    /// One of the files cannot be written, and nothing was.
    Unfit(Error),
}

/// What of some jobs is to become a commit.
struct Plan<'a> {
    changes: Vec<(Position, &'a Change)>,
    /// What the branch holds then.
    tree: Tree,
    /// Some changes are not part of it, and that was judged by what was seen a while ago.
    is_doubtful: bool,
}

impl GitHub {
    pub(super) async fn write_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        let (mut answers, mut batch, mut places) = (Vec::new(), Vec::<Change>::new(), Vec::new());
        for (at, file) in files.into_iter().enumerate() {
            let change = match self.put_of(file) {
                Ok(change) => change,
                Err(error) => {
                    answers.push((at, Err(error)));
                    continue;
                }
            };
            let held: usize = batch.iter().map(Change::size).sum();
            if batch.len() == FILES || (!batch.is_empty() && held + change.size() > BYTES) {
                let done = self.carry_out(std::mem::take(&mut batch)).await;
                answers.extend(std::mem::take(&mut places).into_iter().zip(done.into_iter().map(written)));
            }
            batch.push(change);
            places.push(at);
        }
        if !batch.is_empty() {
            answers.extend(places.into_iter().zip(self.carry_out(batch).await.into_iter().map(written)));
        }
        answers.sort_unstable_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn put_of(&self, PutFile { path, bytes, condition }: PutFile) -> Result<Change> {
        let invalid = |detail: &str| Err(Error::new(ErrorKind::InvalidInput, "put", detail).about(path.as_str()));
        if path.as_str().is_empty() {
            return invalid("this is the drive's root, not a file");
        }
        if bytes.len() > MAX_BYTES {
            return invalid("the file is larger than the 39 MiB that GitHub takes");
        }
        let full = self.spot.full(&path)?;
        Ok(Change::put(path, full, bytes, condition))
    }

    /// Carries changes out, together with whatever else waits, and answers for each.
    pub(super) async fn carry_out(&self, changes: Vec<Change>) -> Vec<Answer> {
        let waiting = self.queue.join(changes);
        loop {
            let _turn = self.turn.lock().await;
            if let Some(answers) = waiting.answers() {
                return answers;
            }
            let taken = self.queue.take();
            if let Err(error) = self.commit(&taken, None).await {
                taken.fail(&error);
            }
        }
    }

    /// Makes a commit of some jobs, or of one change in them, and answers those.
    async fn commit(&self, taken: &Taken<'_>, only: Option<Position>) -> Result<()> {
        let call = call("put", "", Repeat::OnlyIfRefused);
        let paths: Vec<&str> = taken.jobs.iter().flat_map(|job| &job.changes).map(|change| change.full.as_str()).collect();
        let began = self.moment();
        let mut since = 0;
        for tries in 0..TRIES {
            let view = self.view(&call, since, &paths).await?;
            let plan = plan(taken, only, &view, view.asked > began);
            if plan.is_doubtful {
                since = self.moment();
                continue;
            }
            if plan.changes.is_empty() {
                return Ok(());
            }
            let asked = self.moment();
            match self.try_commit(&view, &plan.changes).await? {
                Ended::Committed(commit) => {
                    plan.changes.iter().for_each(|(place, change)| taken.answer(*place, Ok(done(change))));
                    self.moved(&view.commit, &commit, plan.tree, asked).await;
                    return Ok(());
                }
                Ended::Stale => {
                    self.reading.wait(tries.min(STEEPEST)).await?;
                    since = self.moment();
                }
                Ended::Unfit(error) => match plan.changes.as_slice() {
                    [(place, change)] => {
                        taken.answer(*place, Err(error.about(change.path.as_str())));
                        return Ok(());
                    }
                    // The one that cannot be written keeps no other from it.
                    several => {
                        for (place, _) in several {
                            Box::pin(self.commit(taken, Some(*place))).await?;
                        }
                        return Ok(());
                    }
                },
            }
        }
        let what = "has others who write to the branch all the time; it goes on later";
        Err(self.reading.error(&call, &self.service, ErrorKind::Unavailable, what))
    }

    async fn try_commit(&self, view: &View, changes: &[(Position, &Change)]) -> Result<Ended> {
        if let [(_, change)] = changes
            && change.size() > BYTES
        {
            return self.commit_large(view, change).await;
        }
        let call = call("put", "", Repeat::OnlyIfRefused);
        let (mut additions, mut deletions) = (Vec::new(), Vec::new());
        for (_, change) in changes {
            match &change.action {
                Action::Put { bytes, .. } => additions.push(json!({"path": change.full, "contents": STANDARD.encode(bytes)})),
                Action::Delete => deletions.push(json!({"path": change.full})),
            }
        }
        let input = json!({
            "branch": {"repositoryNameWithOwner": self.spot.name(), "branchName": self.spot.branch},
            "message": {"headline": headline(changes.len())},
            "expectedHeadOid": view.commit,
            "fileChanges": {"additions": additions, "deletions": deletions},
        });
        match self.mutate(&call, COMMIT, input).await? {
            Ok(data) => {
                let oid = data.pointer("/createCommitOnBranch/commit/oid").and_then(Value::as_str);
                oid.map(|oid| Ended::Committed(oid.to_owned())).ok_or_else(|| self.senseless(&call, &self.service))
            }
            Err(refusal) if refusal.is_stale() => Ok(Ended::Stale),
            Err(refusal) if refusal.is_about_files() => {
                let what = "takes no file of that name, or none as large as that";
                Ok(Ended::Unfit(self.reading.error(&call, &self.service, ErrorKind::InvalidInput, what)))
            }
            Err(refusal) => Err(self.refused_query(&call, &refusal)),
        }
    }
}

/// Judges all changes that have no answer yet. What is refused is answered, if it was judged by what is there now.
fn plan<'a>(taken: &'a Taken<'_>, only: Option<Position>, view: &View, is_fresh: bool) -> Plan<'a> {
    let mut plan = Plan { changes: Vec::new(), tree: (*view.tree).clone(), is_doubtful: false };
    for (place, change) in taken.open().filter(|(place, _)| only.is_none_or(|only| only == *place)) {
        match judge(change, &plan.tree.find(&change.full)) {
            Verdict::Commit => {
                match &change.action {
                    Action::Put { bytes, sha } => plan.tree.put(&change.full, sha, bytes.len() as u64),
                    Action::Delete => plan.tree.delete(&change.full),
                }
                plan.changes.push((place, change));
            }
            _ if !is_fresh => plan.is_doubtful = true,
            Verdict::Done => taken.answer(place, Ok(done(change))),
            Verdict::Refused(error) => taken.answer(place, Err(error)),
        }
    }
    plan
}

/// What a change that is made answers.
fn done(change: &Change) -> Option<Version> {
    match &change.action {
        Action::Put { sha, .. } => Some(version(sha)),
        Action::Delete => None,
    }
}

fn headline(files: usize) -> String {
    format!("Sync {files} {}", if files == 1 { "file" } else { "files" })
}

/// The answer to a put.
pub(super) fn written(answer: Answer) -> Result<Version> {
    let none = || Error::new(ErrorKind::Internal, "put", "a file was written, and has no version");
    answer.and_then(|version| version.ok_or_else(none))
}
