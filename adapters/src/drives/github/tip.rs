//! Where the branch is, and what it holds there.
//!
//! To ask for the branch is one request, which costs nothing of GitHub's hourly limit if the answer is that nothing changed.
//! What a commit holds never changes, so it is read once.

use super::{
    GitHub,
    tree::{Found, Told, Tree},
};
use crate::http::{Call, Method, Response};
use kitestring::{ErrorKind, Result};
use serde::Deserialize;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// So many commits are remembered that we have put others on top of.
const REPLACED: usize = 16;
/// An answer that knows less than we do is asked for again so often.
const LAGS: u32 = 5;

/// What is known of the branch.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) seen: Option<Seen>,
    /// Where the branch was before commits of ours. Who answers one of these lags behind.
    replaced: VecDeque<String>,
    pub(super) tree: Option<(String, Arc<Tree>)>,
    /// The notes were read.
    pub(super) has_recalled: bool,
    /// What was seen when they were written.
    pub(super) noted: Option<Seen>,
}

/// Where the branch was.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) commit: String,
    pub(super) etag: Option<String>,
    /// When that was asked for.
    pub(super) asked: u64,
}

/// What the branch held at some moment.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) commit: String,
    pub(super) tree: Arc<Tree>,
    /// When that was asked for.
    pub(super) asked: u64,
}

/// What there is of a branch.
pub(super) enum Branch {
    At {
        commit: String,
        etag: Option<String>,
    },
    /// The one that was seen last is still there.
    Same,
    Missing,
    /// There is not even a commit in the repository.
    Empty,
}

#[derive(Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

impl GitHub {
    /// A moment by a clock that only tells before from after.
    pub(super) fn moment(&self) -> u64 {
        self.clock.fetch_add(1, Relaxed)
    }

    /// Returns what the branch held at a moment not before `since`, read as far as these paths lead.
    ///
    /// # Errors
    /// `unavailable` if there is no such branch.
    pub(super) async fn view(&self, call: &Call, since: u64, paths: &[&str]) -> Result<View> {
        let mut known = self.known.lock().await;
        self.recall(&mut known).await;
        let commit = self.tip(call, &mut known, since).await?;
        if known.tree.as_ref().is_none_or(|(of, _)| *of != commit) {
            known.tree = Some((commit.clone(), Arc::new(self.tree(call, &commit).await?)));
        }
        let mut tree = known.tree.as_ref().map(|(_, tree)| tree.clone()).unwrap_or_default();
        for path in paths {
            while let Found::Unread { folder, sha } = tree.find(path) {
                let told = self.told_tree(call, &sha, false).await?;
                if told.truncated {
                    let what = "does not tell all that one folder holds: there are too many files in it";
                    return Err(self.reading.error(call, &self.service, ErrorKind::Unsupported, what));
                }
                Arc::make_mut(&mut tree).read(&folder, told);
                known.tree = Some((commit.clone(), tree.clone()));
            }
        }
        self.note(&mut known).await;
        let asked = known.seen.as_ref().map(|seen| seen.asked).unwrap_or_default();
        Ok(View { commit, tree, asked })
    }

    /// Returns where the branch is now.
    pub(super) async fn view_tip(&self, call: &Call) -> Result<String> {
        let mut known = self.known.lock().await;
        self.tip(call, &mut known, self.moment()).await
    }

    /// Returns what was seen last, if this path was read in it, without asking.
    pub(super) async fn remembered(&self, path: &str) -> Option<Found> {
        let known = self.known.lock().await;
        known.tree.as_ref().map(|(_, tree)| tree.find(path))
    }

    /// Takes what a commit of ours has made of the branch.
    pub(super) async fn moved(&self, before: &str, after: &str, tree: Tree, asked: u64) {
        let mut known = self.known.lock().await;
        if known.replaced.len() == REPLACED {
            known.replaced.pop_front();
        }
        known.replaced.push_back(before.to_owned());
        if known.seen.as_ref().is_none_or(|seen| seen.commit == before) {
            known.seen = Some(Seen { commit: after.to_owned(), etag: None, asked });
        }
        if known.seen.as_ref().is_some_and(|seen| seen.commit == after) {
            known.tree = Some((after.to_owned(), Arc::new(tree)));
        }
        self.note(&mut known).await;
    }

    async fn tip(&self, call: &Call, known: &mut Known, since: u64) -> Result<String> {
        let mut lags = 0;
        loop {
            if let Some(seen) = known.seen.as_ref().filter(|seen| seen.asked >= since) {
                return Ok(seen.commit.clone());
            }
            let asked = self.moment();
            let (commit, etag) = match self.branch(call, known.seen.as_ref()).await? {
                Branch::At { commit, etag } => (commit, etag),
                Branch::Same => {
                    known.seen.iter_mut().for_each(|seen| seen.asked = asked);
                    continue;
                }
                Branch::Missing => return Err(self.gone(call).await),
                Branch::Empty => {
                    let what = format!("has nothing in the repository {}, not even a branch", self.spot.name());
                    return Err(self.reading.error(call, &self.service, ErrorKind::Unavailable, &what));
                }
            };
            if known.replaced.contains(&commit) {
                if lags < LAGS {
                    lags += 1;
                    self.reading.wait(lags).await?;
                    continue;
                }
                // Somebody has set the branch back.
                known.replaced.clear();
            }
            known.seen = Some(Seen { commit, etag, asked });
        }
    }

    /// Asks where the branch is.
    pub(super) async fn look_at_branch(&self, call: &Call) -> Result<Branch> {
        self.branch(call, None).await
    }

    async fn branch(&self, call: &Call, seen: Option<&Seen>) -> Result<Branch> {
        let mut request = self.rest(Method::Get, &format!("git/ref/heads/{}", self.spot.branch_in_url()))?;
        if let Some(etag) = seen.and_then(|seen| seen.etag.as_ref()) {
            request = request.with("If-None-Match", etag.clone());
        }
        let url = request.url.clone();
        let response: Response = self.reading.send(call, request).await?;
        Ok(match response.status {
            304 if seen.is_some() => Branch::Same,
            404 => Branch::Missing,
            409 => Branch::Empty,
            _ => {
                let Reference { object } = self.told(call, &url, &response)?;
                Branch::At { commit: object.sha, etag: response.header("etag").map(str::to_owned) }
            }
        })
    }

    /// Reads what a commit holds: all at once, if GitHub tells that much.
    async fn tree(&self, call: &Call, commit: &str) -> Result<Tree> {
        let told = self.told_tree(call, commit, true).await?;
        Ok(if told.truncated { Tree::unread(commit) } else { Tree::whole(commit, told) })
    }

    async fn told_tree(&self, call: &Call, sha: &str, is_recursive: bool) -> Result<Told> {
        let mut request = self.rest(Method::Get, &format!("git/trees/{sha}"))?;
        if is_recursive {
            request.url.set_query(Some("recursive=1"));
        }
        self.ask(call, request).await
    }
}
