//! Commits that are put together by hand: of a file that is too large for one request with all else, and without a history.
//!
//! Contents, trees and commits are made first, and nobody sees them. Then the branch is moved from where it was expected to
//! be, and from nowhere else (`updateRefs`).

use super::{
    GitHub, call,
    commit::Ended,
    gather::{Action, Change},
    tip::{Branch, View},
};
use crate::http::{Call, Method, Repeat};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kitestring::{ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;

const MOVE: &str = "mutation($input:UpdateRefsInput!){updateRefs(input:$input){clientMutationId}}";

/// Something that was made, or found.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) sha: String,
}

#[derive(Deserialize)]
struct Commit {
    tree: Made,
}

#[derive(Deserialize)]
struct Repository {
    node_id: String,
}

impl GitHub {
    /// Makes a commit of one large file.
    pub(super) async fn commit_large(&self, view: &View, change: &Change) -> Result<Ended> {
        let call = call(change.operation(), change.path.as_str(), Repeat::Freely);
        let Action::Put { bytes, sha } = &change.action else { return Ok(Ended::Stale) };
        let made: Made = self.make(&call, "git/blobs", &json!({"content": STANDARD.encode(bytes), "encoding": "base64"})).await?;
        if made.sha != *sha {
            let what = "has taken another content than was sent";
            return Err(self.reading.error(&call, &self.service, ErrorKind::Unavailable, what));
        }
        let base = self.tree_of(&call, &view.commit).await?;
        let entry = json!({"path": change.full, "mode": "100644", "type": "blob", "sha": sha});
        let tree: Made = self.make(&call, "git/trees", &json!({"base_tree": base, "tree": [entry]})).await?;
        let what = json!({"message": "Sync 1 large file", "tree": tree.sha, "parents": [view.commit]});
        let commit: Made = self.make(&call, "git/commits", &what).await?;
        Ok(match self.move_branch(&view.commit, &commit.sha, false).await? {
            true => Ended::Committed(commit.sha),
            false => Ended::Stale,
        })
    }

    /// Returns the id of what a commit holds.
    pub(super) async fn tree_of(&self, call: &Call, commit: &str) -> Result<String> {
        let found: Commit = self.ask(call, self.rest(Method::Get, &format!("git/commits/{commit}"))?).await?;
        Ok(found.tree.sha)
    }

    /// Moves the branch, if it is where it is expected to be, and says whether it was. `force` allows a commit that does not
    /// follow that one.
    pub(super) async fn move_branch(&self, before: &str, after: &str, force: bool) -> Result<bool> {
        let call = call("put", "", Repeat::OnlyIfRefused);
        let repository: Repository = self.ask(&call, self.rest(Method::Get, "")?).await?;
        let name = format!("refs/heads/{}", self.spot.branch);
        let update = json!({"name": name, "beforeOid": before, "afterOid": after, "force": force});
        let input = json!({"repositoryId": repository.node_id, "refUpdates": [update]});
        let Err(refusal) = self.mutate(&call, MOVE, input).await? else { return Ok(true) };
        // What this answers of a branch that is elsewhere is not documented. So the branch is looked at.
        match self.look_at_branch(&call).await? {
            Branch::At { commit, .. } if commit == before => Err(self.refused_query(&call, &refusal)),
            _ => Ok(false),
        }
    }
}
