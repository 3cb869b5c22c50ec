//! GitHub, as far as a drive uses it: what the REST API has for git's objects, and of the GraphQL API the mutations that
//! commit under a condition.
//!
//! A repository is there when a test has made it. Some words at the beginning of a token mean something: `expired`,
//! `readonly`, `blind` (sees no repository) and `sso` (the organization wants more).
//!
//! Faithful where a drive could be wrong: git's ids, conditions, forms of errors, an empty repository, tags of answers and
//! which answers count, trees that are not told as a whole, limits and the forms in which they are told, a branch that is told as
//! it was before. Not there: rights beyond those words, protected branches, pages, large files stored apart, signatures, and all
//! of GraphQL but three fields. By which words GitHub refuses a path or a move of a branch is not documented; here by words of
//! our own.

mod graphql;
mod objects;
mod reply;
mod repository;
mod rest;

use crate::server::{self, Asked, Reply};
use reply::{answered, not_found, refused};
use repository::Repository;
use rest::Call;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 403: the limit of the hour is used up, and begins anew in a second.
    UsedUp,
    /// 403 with `Retry-After`: too many at once.
    Secondary,
    /// The same without a word about how long.
    SecondaryUnsaid,
    /// 429.
    TooMany,
    /// 200, with an error that says so.
    QueryUsedUp,
    /// 503.
    Unavailable,
    /// The request is carried out, and answered by 502.
    CarriedOut,
    /// A branch is told as it was before.
    Behind,
    /// A web page, as a network sends it that wants a login.
    WebPage,
}

/// A running emulator. It ends with the process.
#[derive(Debug, Clone)]
pub struct GitHubEmulator {
    address: String,
    service: Arc<Service>,
}

#[derive(Debug)]
struct Service {
    repositories: Mutex<BTreeMap<String, Arc<Mutex<Repository>>>>,
    failures: Mutex<BTreeMap<String, VecDeque<Failure>>>,
    requests: Mutex<Vec<String>>,
    /// What counts for the limit of the hour.
    used: AtomicU32,
    /// All folders of a commit are told at once.
    is_whole: AtomicBool,
}

impl GitHubEmulator {
    /// Starts one on this machine.
    ///
    /// # Panics
    /// If there is no port left.
    pub fn start() -> Self {
        let service = Arc::new(Service {
            repositories: Mutex::default(),
            failures: Mutex::default(),
            requests: Mutex::default(),
            used: AtomicU32::new(0),
            is_whole: AtomicBool::new(true),
        });
        let own = service.clone();
        let address = server::start(move |asked| own.answer(&asked));
        Self { address, service }
    }

    /// Returns its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes an empty repository.
    pub fn create(&self, name: &str) {
        self.service.repositories.lock().unwrap().insert(name.to_owned(), Arc::default());
    }

    /// Deletes a repository.
    pub fn remove(&self, name: &str) {
        self.service.repositories.lock().unwrap().remove(name);
    }

    /// Archives a repository: it can be read.
    pub fn archive(&self, name: &str) {
        self.with(name, |repository| repository.is_archived = true);
    }

    /// Returns which requests were made since the last time, in order, as `GET git/ref` or `createCommitOnBranch`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.service.requests.lock().unwrap())
    }

    /// Returns how many requests have counted for the limit of the hour since the last time.
    pub fn used(&self) -> u32 {
        self.service.used.swap(0, Relaxed)
    }

    /// Lets the next requests of a kind fail.
    pub fn fail(&self, kind: &str, failures: &[Failure]) {
        self.service.failures.lock().unwrap().entry(kind.to_owned()).or_default().extend(failures);
    }

    /// Whether what a commit holds is told at once, or one folder at a time only.
    pub fn tell_whole(&self, whole: bool) {
        self.service.is_whole.store(whole, Relaxed);
    }

    /// Returns the files of a branch, with their sizes.
    pub fn files(&self, name: &str, branch: &str) -> Vec<(String, usize)> {
        self.with(name, |repository| repository.files(&format!("refs/heads/{branch}")))
    }

    /// Returns the bytes of a file of a branch.
    pub fn content(&self, name: &str, branch: &str, path: &str) -> Option<Vec<u8>> {
        self.with(name, |repository| {
            let tree = repository.objects.tree(repository.refs.get(&format!("refs/heads/{branch}"))?)?;
            let (_, id) = repository.objects.find(tree, path)?;
            repository.objects.blob(&id).map(|bytes| bytes.to_vec())
        })
    }

    /// Returns how many commits a branch has.
    pub fn commits(&self, name: &str, branch: &str) -> usize {
        self.with(name, |repository| {
            let head = repository.refs.get(&format!("refs/heads/{branch}"));
            head.map_or(0, |head| repository.objects.count(head))
        })
    }

    /// Returns the branches.
    pub fn branches(&self, name: &str) -> Vec<String> {
        self.with(name, |repository| repository.refs.keys().filter_map(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())).collect())
    }

    /// Writes a file, or deletes it, as another program would; in a repository that is empty too.
    pub fn write(&self, name: &str, branch: &str, path: &str, bytes: Option<&[u8]>, mode: &str) {
        self.with(name, |repository| {
            let branch = format!("refs/heads/{branch}");
            let head = repository.refs.get(&branch).cloned();
            let tree = head.as_ref().and_then(|head| repository.objects.tree(head)).cloned().unwrap_or_default();
            let node = bytes.map(|bytes| (mode.to_owned(), repository.objects.add_blob(bytes.to_vec())));
            let tree = repository.objects.changed(&tree, path, node);
            let commit = repository.commit(tree, head.into_iter().collect(), "by hand");
            repository.set(&branch, &commit);
        });
    }

    /// Deletes a branch.
    pub fn remove_branch(&self, name: &str, branch: &str) {
        self.with(name, |repository| repository.refs.remove(&format!("refs/heads/{branch}")));
    }

    /// Sets a branch back to the commit before.
    pub fn set_back(&self, name: &str, branch: &str) {
        self.with(name, |repository| {
            let branch = format!("refs/heads/{branch}");
            let parent = repository.objects.commit(&repository.refs[&branch]).and_then(|commit| commit.parents.first().cloned());
            repository.set(&branch, &parent.expect("there is a commit before"));
        });
    }

    fn with<T>(&self, name: &str, what: impl FnOnce(&mut Repository) -> T) -> T {
        let repository = self.service.repository(name).expect("the repository is there");
        what(&mut repository.lock().unwrap())
    }
}

impl Service {
    fn repository(&self, name: &str) -> Option<Arc<Mutex<Repository>>> {
        self.repositories.lock().unwrap().get(name).cloned()
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let kind = kind(asked);
        self.requests.lock().unwrap().push(kind.clone());
        let failure = self.failures.lock().unwrap().get_mut(&kind).and_then(VecDeque::pop_front);
        if let Some(reply) = failure.and_then(Failure::reply) {
            return reply;
        }
        let reply = self.checked(asked, failure).unwrap_or_else(|reply| reply);
        if reply.status != 304 {
            self.used.fetch_add(1, Relaxed);
        }
        if failure == Some(Failure::CarriedOut) { refused(502, "Server Error") } else { reply }
    }

    fn checked(&self, asked: &Asked, failure: Option<Failure>) -> Result<Reply, Reply> {
        let token = asked.header("authorization").and_then(|header| header.split_once(' ')).map(|(_, token)| token).unwrap_or_default();
        let is_readonly = token.starts_with("readonly");
        if token.is_empty() || token.starts_with("expired") {
            return Err(refused(401, "Bad credentials"));
        }
        if asked.header("user-agent").is_none() {
            return Err(refused(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"));
        }
        if asked.path == "/graphql" {
            return self.query(asked, is_readonly);
        }
        let route = asked.path.strip_prefix("/repos/").ok_or_else(not_found)?;
        let mut parts = route.splitn(3, '/');
        let name = format!("{}/{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let repository = self.repository(&name).filter(|_| !token.starts_with("blind")).ok_or_else(not_found)?;
        if token.starts_with("sso") {
            return Err(
                refused(403, "Resource protected by organization SAML enforcement.").with("X-GitHub-SSO", "required; url=https://x")
            );
        }
        let mut repository = repository.lock().unwrap();
        if asked.method != "GET" && is_readonly {
            return Err(refused(403, "Resource not accessible by personal access token"));
        }
        if asked.method != "GET" && repository.is_archived {
            return Err(refused(403, "Repository was archived so is read-only."));
        }
        let call = Call {
            asked,
            route: parts.next().unwrap_or_default(),
            name: &name,
            is_whole: self.is_whole.load(Relaxed),
            is_behind: failure == Some(Failure::Behind),
        };
        call.answer(&mut repository)
    }
}

/// What kind of request it is: the method and the route without what it is about, or the field of a query.
fn kind(asked: &Asked) -> String {
    if asked.path == "/graphql" {
        let body = String::from_utf8_lossy(&asked.body);
        let field = ["createCommitOnBranch", "updateRefs", "totalCount"].into_iter().find(|field| body.contains(field));
        return field.unwrap_or("graphql").to_owned();
    }
    let route = asked.path.trim_start_matches('/').splitn(4, '/').nth(3).unwrap_or_default();
    let parts: Vec<&str> = route.split('/').take(if route.starts_with("git/") { 2 } else { 1 }).collect();
    format!("{} {}", asked.method, parts.join("/"))
}

impl Failure {
    /// The answer, for failures that are one.
    fn reply(self) -> Option<Reply> {
        const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let reset = || (SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default() + Duration::from_secs(1)).as_secs().to_string();
        let used_up = |reply: Reply| reply.with("X-RateLimit-Remaining", "0").with("X-RateLimit-Reset", reset());
        Some(match self {
            Self::UsedUp => used_up(refused(403, "API rate limit exceeded for user ID 1.")),
            Self::Secondary => refused(403, SECONDARY).with("Retry-After", "1"),
            Self::SecondaryUnsaid => refused(403, SECONDARY),
            Self::TooMany => refused(429, "Too many requests").with("Retry-After", "1"),
            Self::QueryUsedUp => {
                let errors = serde_json::json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]});
                used_up(answered(200, &errors))
            }
            Self::Unavailable => refused(503, "Service unavailable"),
            Self::WebPage => Reply::new(200, "text/html", "<html>a hotel</html>"),
            Self::CarriedOut | Self::Behind => return None,
        })
    }
}
