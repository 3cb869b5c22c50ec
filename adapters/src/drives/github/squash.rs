//! Letting go of the history: every write is a commit, and a repository keeps all of them.

use super::{GitHub, call, large::Made};
use crate::http::Repeat;
use kitestring::{ErrorKind, Result};
use serde_json::{Value, json};

/// So often somebody else may write meanwhile.
const TRIES: u32 = 8;

const COUNT: &str = "query($owner:String!,$name:String!,$ref:String!){repository(owner:$owner,name:$name){ref(qualifiedName:$ref){\
                     target{...on Commit{history{totalCount}}}}}}";

impl GitHub {
    /// Returns how many commits the branch has.
    ///
    /// # Errors
    /// `unavailable` if there is no such branch; what GitHub answers.
    pub async fn commits(&self) -> Result<u64> {
        let call = call("history", "", Repeat::Freely);
        let name = format!("refs/heads/{}", self.spot.branch);
        let variables = json!({"owner": self.spot.owner, "name": self.spot.repository, "ref": name});
        let data = match self.query(&call, COUNT, variables).await? {
            Ok(data) => data,
            Err(refusal) => return Err(self.refused_query(&call, &refusal)),
        };
        match data.pointer("/repository/ref/target/history/totalCount").and_then(Value::as_u64) {
            Some(count) => Ok(count),
            None => Err(self.gone(&call).await),
        }
    }

    /// Puts one commit that follows none in the place of all, with the same files. Whoever writes meanwhile loses nothing: the
    /// branch is moved only if nobody has, and a write that was under way is made anew on top of the new commit.
    ///
    /// GitHub deletes the old commits when it tidies up, which it does not promise. Until then they can be read by whoever knows
    /// their ids and may read the repository.
    ///
    /// # Errors
    /// `unauthorized` if a rule of the repository forbids it; `unavailable` if others write all the time.
    ///
    /// # Cancel safety
    /// A call that is dropped has taken effect as a whole or not at all.
    pub async fn squash(&self) -> Result<()> {
        let call = call("history", "", Repeat::Freely);
        let _turn = self.turn.lock().await;
        for tries in 0..TRIES {
            let since = self.moment();
            let view = self.view(&call, since, &[]).await?;
            let tree = self.tree_of(&call, &view.commit).await?;
            let what = json!({"message": "Begin again without a history", "tree": tree, "parents": []});
            let commit: Made = self.make(&call, "git/commits", &what).await?;
            let asked = self.moment();
            if self.move_branch(&view.commit, &commit.sha, true).await? {
                self.moved(&view.commit, &commit.sha, (*view.tree).clone(), asked).await;
                return Ok(());
            }
            self.reading.wait(tries).await?;
        }
        Err(self.reading.error(
            &call,
            &self.service,
            ErrorKind::Unavailable,
            "has others who write to the branch all the time; try again later",
        ))
    }
}
