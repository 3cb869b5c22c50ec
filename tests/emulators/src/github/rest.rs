//! The REST API, below a repository.

use super::{
    objects::Tree,
    reply::{answered, empty, not_found, raw, refused},
    repository::{MAIN, Repository},
};
use crate::server::{Asked, Reply};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A larger content is refused.
const MAX_BLOB: usize = 40 << 20;

/// A call whose repository is known.
pub(super) struct Call<'a> {
    pub(super) asked: &'a Asked,
    /// What stands behind the repository.
    pub(super) route: &'a str,
    /// The name of the repository.
    pub(super) name: &'a str,
    /// All folders of a commit are told at once.
    pub(super) is_whole: bool,
    /// Branches are told as they were before.
    pub(super) is_behind: bool,
}

type Answer = Result<Reply, Reply>;

impl Call<'_> {
    pub(super) fn answer(&self, repository: &mut Repository) -> Answer {
        let (first, rest) = self.route.split_once('/').unwrap_or((self.route, ""));
        let (second, rest) = rest.split_once('/').unwrap_or((rest, ""));
        match (self.asked.method.as_str(), first, second) {
            ("GET", "", _) => Ok(self.described()),
            ("PUT", "contents", _) => self.put_contents(repository),
            ("GET", "git", "ref") => self.reference(repository, rest),
            (_, "git", _) if repository.refs.is_empty() => Err(empty()),
            ("POST", "git", "refs") => self.create_reference(repository),
            ("PATCH", "git", "refs") => self.update_reference(repository, rest),
            ("GET", "git", "trees") => self.tree(repository, rest),
            ("POST", "git", "trees") => self.create_tree(repository),
            ("GET", "git", "blobs") => self.blob(repository, rest),
            ("POST", "git", "blobs") => self.create_blob(repository),
            ("GET", "git", "commits") => self.commit(repository, rest),
            ("POST", "git", "commits") => self.create_commit(repository),
            _ => Err(not_found()),
        }
    }

    fn described(&self) -> Reply {
        let (owner, name) = self.name.split_once('/').unwrap_or_default();
        let what = json!({
            "id": 1, "node_id": node_id(self.name), "name": name, "full_name": self.name, "private": true,
            "owner": {"login": owner}, "default_branch": "main", "archived": false,
        });
        answered(200, &what)
    }

    fn arg(&self) -> Result<Value, Reply> {
        serde_json::from_slice(&self.asked.body).map_err(|_| refused(400, "Problems parsing JSON"))
    }

    fn text<'a>(&self, arg: &'a Value, name: &str) -> Result<&'a str, Reply> {
        arg[name].as_str().ok_or_else(|| refused(422, &format!("Invalid request.\n\n\"{name}\" wasn't supplied.")))
    }

    fn reference(&self, repository: &Repository, rest: &str) -> Answer {
        if repository.refs.is_empty() {
            return Err(empty());
        }
        let name = format!("refs/{}", decoded(rest));
        let before = repository.before.get(&name).filter(|_| self.is_behind);
        let commit = before.or_else(|| repository.refs.get(&name)).ok_or_else(not_found)?;
        let etag = format!("W/\"{}\"", &commit[..32]);
        if self.asked.header("if-none-match") == Some(etag.as_str()) {
            return Ok(Reply::new(304, "application/json; charset=utf-8", "").with("ETag", etag));
        }
        Ok(answered(200, &told_reference(&name, commit)).with("ETag", etag))
    }

    fn create_reference(&self, repository: &mut Repository) -> Answer {
        let arg = self.arg()?;
        let (name, commit) = (self.text(&arg, "ref")?, self.text(&arg, "sha")?);
        if repository.refs.contains_key(name) {
            return Err(refused(422, "Reference already exists"));
        }
        repository.objects.commit(commit).ok_or_else(|| refused(422, "Object does not exist"))?;
        repository.set(name, commit);
        Ok(answered(201, &told_reference(name, commit)))
    }

    fn update_reference(&self, repository: &mut Repository, rest: &str) -> Answer {
        let (arg, name) = (self.arg()?, format!("refs/{}", decoded(rest)));
        let commit = self.text(&arg, "sha")?;
        let before = repository.refs.get(&name).cloned().ok_or_else(|| refused(422, "Reference does not exist"))?;
        repository.objects.commit(commit).ok_or_else(|| refused(422, "Object does not exist"))?;
        if arg["force"] != json!(true) && !repository.objects.follows(commit, &before) {
            return Err(refused(422, "Update is not a fast forward"));
        }
        repository.set(&name, commit);
        Ok(answered(200, &told_reference(&name, commit)))
    }

    fn tree(&self, repository: &Repository, id: &str) -> Answer {
        let tree = repository.objects.tree(id).ok_or_else(not_found)?;
        let mut entries = Vec::new();
        self.entries(repository, tree, "", &mut entries);
        // Of a commit that is too large for one answer, some is told.
        let truncated = !self.is_whole && self.asked.query.contains_key("recursive");
        if truncated {
            entries.truncate(entries.len() / 2);
        }
        Ok(answered(200, &json!({"sha": id, "url": "", "tree": entries, "truncated": truncated})))
    }

    fn entries(&self, repository: &Repository, tree: &Tree, above: &str, entries: &mut Vec<Value>) {
        for (name, (mode, id)) in tree {
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            if mode == "040000" {
                entries.push(json!({"path": path, "mode": mode, "type": "tree", "sha": id, "url": ""}));
                if self.asked.query.contains_key("recursive")
                    && let Some(below) = repository.objects.tree(id)
                {
                    self.entries(repository, below, &path, entries);
                }
            } else {
                let size = repository.objects.blob(id).map_or(0, |bytes| bytes.len());
                entries.push(json!({"path": path, "mode": mode, "type": "blob", "sha": id, "size": size, "url": ""}));
            }
        }
    }

    fn create_tree(&self, repository: &mut Repository) -> Answer {
        let arg = self.arg()?;
        let mut tree = match arg["base_tree"].as_str() {
            Some(id) => repository.objects.tree(id).cloned().ok_or_else(|| refused(422, "base_tree is not a valid tree oid"))?,
            None => Tree::new(),
        };
        for entry in arg["tree"].as_array().ok_or_else(|| refused(422, "Invalid tree info"))? {
            let (path, mode) = (self.text(entry, "path")?, self.text(entry, "mode")?);
            let node = match (&entry["sha"], entry["content"].as_str()) {
                (Value::Null, Some(content)) => Some(repository.objects.add_blob(content.as_bytes().to_vec())),
                (Value::Null, None) => None,
                (sha, _) => Some(sha.as_str().unwrap_or_default().to_owned()),
            };
            if node.as_ref().is_some_and(|id| repository.objects.blob(id).is_none()) {
                return Err(refused(422, "tree.sha is not a valid blob oid"));
            }
            tree = repository.objects.changed(&tree, path, node.map(|id| (mode.to_owned(), id)));
        }
        let id = repository.objects.add_tree(tree);
        Ok(answered(201, &json!({"sha": id, "url": "", "tree": [], "truncated": false})))
    }

    fn blob(&self, repository: &Repository, id: &str) -> Answer {
        let bytes = repository.objects.blob(id).ok_or_else(not_found)?;
        if self.asked.header("accept").is_some_and(|accept| accept.contains(".raw")) {
            return Ok(raw(bytes));
        }
        let what =
            json!({"sha": id, "node_id": "", "size": bytes.len(), "url": "", "content": STANDARD.encode(&**bytes), "encoding": "base64"});
        Ok(answered(200, &what))
    }

    fn create_blob(&self, repository: &mut Repository) -> Answer {
        let arg = self.arg()?;
        let content = self.text(&arg, "content")?;
        let bytes = match arg["encoding"].as_str() {
            Some("base64") => STANDARD.decode(content).map_err(|_| refused(422, "content is not valid Base64"))?,
            _ => content.as_bytes().to_vec(),
        };
        if bytes.len() >= MAX_BLOB {
            return Err(refused(422, "Sorry, your input was too large to process."));
        }
        let id = repository.objects.add_blob(bytes);
        Ok(answered(201, &json!({"sha": id, "url": ""})))
    }

    fn commit(&self, repository: &Repository, id: &str) -> Answer {
        let commit = repository.objects.commit(id).ok_or_else(not_found)?;
        let parents: Vec<Value> = commit.parents.iter().map(|parent| json!({"sha": parent, "url": ""})).collect();
        Ok(answered(
            200,
            &json!({"sha": id, "url": "", "message": commit.message, "tree": {"sha": commit.tree, "url": ""}, "parents": parents}),
        ))
    }

    fn create_commit(&self, repository: &mut Repository) -> Answer {
        let arg = self.arg()?;
        let (message, tree) = (self.text(&arg, "message")?.to_owned(), self.text(&arg, "tree")?.to_owned());
        let is_tree = repository.objects.tree(&tree).is_some() && repository.objects.commit(&tree).is_none();
        let parents: Vec<String> = arg["parents"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        if !is_tree || parents.iter().any(|parent| repository.objects.commit(parent).is_none()) {
            return Err(refused(422, "Tree SHA does not exist"));
        }
        let id = repository.commit_tree(tree.clone(), parents, &message);
        Ok(answered(201, &json!({"sha": id, "url": "", "message": message, "tree": {"sha": tree, "url": ""}, "parents": arg["parents"]})))
    }

    /// Of all that this route does, only to make a file.
    fn put_contents(&self, repository: &mut Repository) -> Answer {
        let arg = self.arg()?;
        let path = decoded(self.route.strip_prefix("contents/").unwrap_or_default());
        let bytes = STANDARD.decode(self.text(&arg, "content")?).map_err(|_| refused(422, "content is not valid Base64"))?;
        let name = arg["branch"].as_str().map_or_else(|| MAIN.to_owned(), |branch| format!("refs/heads/{branch}"));
        let parent = repository.refs.get(&name).cloned();
        if parent.is_none() && (name != MAIN || !repository.refs.is_empty()) {
            return Err(refused(404, &format!("Branch {name} not found")));
        }
        let tree = parent.as_ref().and_then(|commit| repository.objects.tree(commit)).cloned().unwrap_or_default();
        if repository.objects.find(&tree, &path).is_some() {
            return Err(refused(422, "Invalid request.\n\n\"sha\" wasn't supplied."));
        }
        let blob = repository.objects.add_blob(bytes);
        let tree = repository.objects.changed(&tree, &path, Some(("100644".to_owned(), blob.clone())));
        let commit = repository.commit(tree, parent.into_iter().collect(), self.text(&arg, "message")?);
        repository.set(&name, &commit);
        Ok(answered(201, &json!({"content": {"path": path, "sha": blob}, "commit": {"sha": commit}})))
    }
}

pub(super) fn node_id(name: &str) -> String {
    format!("R_{}", STANDARD.encode(name))
}

fn told_reference(name: &str, commit: &str) -> Value {
    json!({"ref": name, "node_id": "", "url": "", "object": {"sha": commit, "type": "commit", "url": ""}})
}

fn decoded(text: &str) -> String {
    // A query decodes percent signs, and a plus sign as a space.
    let query = text.replace('+', "%2B");
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
