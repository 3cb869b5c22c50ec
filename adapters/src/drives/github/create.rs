//! Making the branch, in a repository that is there.

use super::{
    GitHub, call,
    large::Made,
    place::{OWN_CONTENT, OWN_FILE},
    tip::Branch,
};
use crate::http::{Call, Method, Repeat};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kitestring::{ErrorKind, Result};
use serde_json::{Value, json};

const MESSAGE: &str = "Begin a drive of Kitestring";

impl GitHub {
    /// Makes the branch, if it is not there: one with a history of its own, beside whatever else the repository holds. The
    /// repository itself is not made: who sees it is for its owner to say.
    ///
    /// # Errors
    /// `not_found` if there is no such repository, or none that the token may see; `unauthorized`; `unavailable`.
    pub async fn make_root(&self) -> Result<()> {
        let call = call("open", "", Repeat::Freely);
        let mut branch = self.look_at_branch(&call).await?;
        if matches!(branch, Branch::Empty) {
            self.begin_repository(&call).await?;
            branch = self.look_at_branch(&call).await?;
        }
        match branch {
            Branch::At { .. } | Branch::Same => Ok(()),
            Branch::Missing if !self.is_repository_there(&call).await? => {
                let what = format!(
                    "has no repository {}, or the token does not see it: make it first, or give the token access to it",
                    self.spot.name()
                );
                Err(self.reading.error(&call, &self.service, ErrorKind::NotFound, &what))
            }
            Branch::Missing | Branch::Empty => self.begin_branch(&call).await,
        }
    }

    /// Whether the repository is there, as far as the token sees.
    ///
    /// # Errors
    /// What GitHub answers.
    pub async fn has_repository(&self) -> Result<bool> {
        self.is_repository_there(&call("open", "", Repeat::Freely)).await
    }

    /// Whether the branch is there.
    ///
    /// # Errors
    /// What GitHub answers.
    pub async fn has_root(&self) -> Result<bool> {
        let branch = self.look_at_branch(&call("open", "", Repeat::Freely)).await?;
        Ok(matches!(branch, Branch::At { .. } | Branch::Same))
    }

    /// Makes the first commit of all, without which GitHub takes no other. It goes to the branch that the repository names as
    /// its main one.
    async fn begin_repository(&self, call: &Call) -> Result<()> {
        let what = json!({"message": MESSAGE, "content": STANDARD.encode(OWN_CONTENT)});
        let request = self.rest(Method::Put, &format!("contents/{OWN_FILE}"))?;
        let request = request.with("Content-Type", "application/json").containing(what.to_string());
        let url = request.url.clone();
        let response = self.writing.send(call, request).await?;
        match response.status {
            // Somebody else was first.
            409 | 422 => Ok(()),
            _ => self.told::<Value>(call, &url, &response).map(|_| ()),
        }
    }

    /// Makes a commit that follows none, and a branch there.
    async fn begin_branch(&self, call: &Call) -> Result<()> {
        let entry = json!({"path": OWN_FILE, "mode": "100644", "type": "blob", "content": String::from_utf8_lossy(OWN_CONTENT)});
        let tree: Made = self.make(call, "git/trees", &json!({"tree": [entry]})).await?;
        let commit: Made = self.make(call, "git/commits", &json!({"message": MESSAGE, "tree": tree.sha, "parents": []})).await?;
        let name = format!("refs/heads/{}", self.spot.branch);
        let made = self.make::<Value>(call, "git/refs", &json!({"ref": name, "sha": commit.sha})).await;
        match made {
            Ok(_) => Ok(()),
            // Somebody else has made it meanwhile, or the first of two tries has.
            Err(_) if self.has_root().await? => Ok(()),
            Err(error) => Err(error),
        }
    }
}
