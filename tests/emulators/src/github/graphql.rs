//! The GraphQL API: two mutations and a query, told by the names of their fields.

use super::{
    Service,
    reply::{answered, refused, refused_query},
    repository::Repository,
    rest::node_id,
};
use crate::server::{Asked, Reply};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// All that one commit may hold.
const MAX_COMMIT: usize = 40 << 20;
const NOTHING: &str = "0000000000000000000000000000000000000000";

type Answer = Result<Reply, Reply>;

impl Service {
    pub(super) fn query(&self, asked: &Asked, is_readonly: bool) -> Answer {
        let arg: Value = serde_json::from_slice(&asked.body).map_err(|_| refused(400, "Problems parsing JSON"))?;
        let query = arg["query"].as_str().unwrap_or_default();
        let field = ["createCommitOnBranch", "updateRefs", "totalCount"].into_iter().find(|field| query.contains(field));
        let (input, variables) = (&arg["variables"]["input"], &arg["variables"]);
        let name = match field {
            Some("createCommitOnBranch") => input["branch"]["repositoryNameWithOwner"].as_str().unwrap_or_default().to_owned(),
            Some("updateRefs") => self.name_of(input["repositoryId"].as_str().unwrap_or_default()),
            Some(_) => format!("{}/{}", variables["owner"].as_str().unwrap_or_default(), variables["name"].as_str().unwrap_or_default()),
            None => return Err(answered(200, &json!({"errors": [{"message": "Parse error"}]}))),
        };
        let field = field.unwrap_or_default();
        let unknown = || refused_query(field, "NOT_FOUND", &format!("Could not resolve to a Repository with the name '{name}'."));
        let repository = self.repository(&name).ok_or_else(unknown)?;
        let mut repository = repository.lock().unwrap();
        if is_readonly && field != "totalCount" {
            return Err(refused_query(field, "FORBIDDEN", "Resource not accessible by personal access token"));
        }
        match field {
            "createCommitOnBranch" => create_commit(&mut repository, input),
            "updateRefs" => update_refs(&mut repository, input),
            _ => Ok(count(&repository, variables)),
        }
    }

    fn name_of(&self, id: &str) -> String {
        let repositories = self.repositories.lock().unwrap();
        repositories.keys().find(|name| node_id(name) == id).cloned().unwrap_or_default()
    }
}

fn create_commit(repository: &mut Repository, input: &Value) -> Answer {
    let refused = |kind: &str, message: &str| refused_query("createCommitOnBranch", kind, message);
    let branch = input["branch"]["branchName"].as_str().unwrap_or_default();
    let name = format!("refs/heads/{branch}");
    let expected = input["expectedHeadOid"].as_str().unwrap_or_default();
    let head = repository.refs.get(&name).cloned().ok_or_else(|| refused("NOT_FOUND", &format!("Branch {branch} not found")))?;
    if head != expected {
        let message = format!("Expected branch to point to \"{expected}\" but it did not.  Pull and try again.");
        return Err(refused("STALE_DATA", &message));
    }
    let mut tree = repository.objects.tree(&head).cloned().unwrap_or_default();
    let changes = &input["fileChanges"];
    let mut size = 0;
    for addition in changes["additions"].as_array().into_iter().flatten() {
        let path = checked(addition)?;
        let bytes = STANDARD.decode(addition["contents"].as_str().unwrap_or_default());
        let bytes = bytes.map_err(|_| refused("UNPROCESSABLE", "contents is not valid Base64"))?;
        size += bytes.len();
        let blob = repository.objects.add_blob(bytes);
        tree = repository.objects.changed(&tree, path, Some(("100644".to_owned(), blob)));
    }
    if size >= MAX_COMMIT {
        return Err(super::reply::refused(413, "Payload too large"));
    }
    for deletion in changes["deletions"].as_array().into_iter().flatten() {
        let path = checked(deletion)?;
        if repository.objects.find(&tree, path).is_none() {
            let message = format!("A path was requested for deletion which does not exist as of commit oid `{head}`");
            return Err(refused("UNPROCESSABLE", &message));
        }
        tree = repository.objects.changed(&tree, path, None);
    }
    let headline = input["message"]["headline"].as_str().ok_or_else(|| refused("UNPROCESSABLE", "headline is missing"))?;
    let commit = repository.commit(tree, vec![head], headline);
    repository.set(&name, &commit);
    Ok(answered(200, &json!({"data": {"createCommitOnBranch": {"commit": {"oid": commit}}}})))
}

/// Git takes no such path.
fn checked(change: &Value) -> Result<&str, Reply> {
    let path = change["path"].as_str().unwrap_or_default();
    let is_bad = |part: &str| matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git") || part == "refused-by-the-emulator";
    if path.split('/').any(is_bad) {
        return Err(refused_query("createCommitOnBranch", "UNPROCESSABLE", "A path contains a malformed component"));
    }
    Ok(path)
}

fn update_refs(repository: &mut Repository, input: &Value) -> Answer {
    let refused = |message: &str| refused_query("updateRefs", "UNPROCESSABLE", message);
    let updates = input["refUpdates"].as_array().cloned().unwrap_or_default();
    for update in &updates {
        let (name, after) = (update["name"].as_str().unwrap_or_default(), update["afterOid"].as_str().unwrap_or_default());
        let now = repository.refs.get(name).cloned().unwrap_or_else(|| NOTHING.to_owned());
        if update["beforeOid"].as_str().is_some_and(|before| before != now) {
            return Err(refused("Reference update failed: the reference is not where it was expected"));
        }
        if update["force"] != json!(true) && now != NOTHING && !repository.objects.follows(after, &now) {
            return Err(refused("Reference update failed: not a fast forward"));
        }
        repository.objects.commit(after).ok_or_else(|| refused("No such object"))?;
    }
    for update in &updates {
        repository.set(update["name"].as_str().unwrap_or_default(), update["afterOid"].as_str().unwrap_or_default());
    }
    Ok(answered(200, &json!({"data": {"updateRefs": {"clientMutationId": null}}})))
}

fn count(repository: &Repository, variables: &Value) -> Reply {
    let head = repository.refs.get(variables["ref"].as_str().unwrap_or_default());
    let found = head.map(|head| json!({"target": {"history": {"totalCount": repository.objects.count(head)}}}));
    answered(200, &json!({"data": {"repository": {"ref": found}}}))
}
