//! A drive of the npm package, in a process of Node.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::channel::oneshot;
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, apply,
    drive::{Capabilities, Condition, DirEntry, GetOptions, Got, Listing, Version},
    port,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

/// Who waits for which answer.
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

pub struct NodeDrive {
    node: Child,
    questions: Mutex<(ChildStdin, u64)>,
    waiting: Waiting,
    capabilities: Capabilities,
}

impl NodeDrive {
    /// Opens the folder by the drive of this module.
    pub fn open(module: &Path, folder: &str) -> Result<Self> {
        let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge/drive.mjs");
        let mut command = Command::new("node");
        command.arg(bridge).arg(module).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut node = command.spawn().map_err(|e| broken(format!("node cannot be started: {e}")))?;
        let (Some(stdin), Some(stdout)) = (node.stdin.take(), node.stdout.take()) else { return Err(broken("node has no pipes")) };
        let mut lines = BufReader::new(stdout).lines().map_while(|line| line.ok());
        let first: Value = lines.next().and_then(|line| serde_json::from_str(&line).ok()).ok_or_else(|| broken("node says nothing"))?;
        if let Some(error) = first.get("error") {
            return Err(error_of(error, "open"));
        }
        let waiting = Waiting::default();
        let waiters = waiting.clone();
        thread::spawn(move || {
            for answer in lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()) {
                let waiter = answer["id"].as_u64().and_then(|id| waiters.lock().unwrap().remove(&id));
                // Nobody may be waiting any longer.
                let _ = waiter.map(|waiter| waiter.send(answer));
            }
            waiters.lock().unwrap().clear();
        });
        Ok(Self { node, questions: Mutex::new((stdin, 0)), waiting, capabilities: capabilities(&first) })
    }

    async fn ask(&self, call: &'static str, given: Value) -> Result<Value> {
        let (tell, told) = oneshot::channel();
        {
            let (stdin, last) = &mut *self.questions.lock().unwrap();
            *last += 1;
            self.waiting.lock().unwrap().insert(*last, tell);
            writeln!(stdin, "{}", json!({ "id": last, "call": call, "given": given })).map_err(|e| broken(e.to_string()))?;
        }
        let mut answer = told.await.map_err(|_| broken("node has ended"))?;
        match answer.get("error") {
            Some(error) => Err(error_of(error, call)),
            None => Ok(answer["answer"].take()),
        }
    }
}

impl Drop for NodeDrive {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

fn broken(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, "bridge", detail.into())
}

fn error_of(error: &Value, operation: &'static str) -> Error {
    let kinds = [ErrorKind::Condition, ErrorKind::InvalidInput, ErrorKind::Unavailable, ErrorKind::QuotaExceeded, ErrorKind::NotFound];
    let kind = kinds.into_iter().find(|kind| error["code"] == kind.code()).unwrap_or(ErrorKind::Internal);
    Error::new(kind, operation, error["detail"].as_str().unwrap_or_default())
}

fn capabilities(said: &Value) -> Capabilities {
    let claims = |name: &str| said[name].as_bool().unwrap_or_default();
    let parallel = said["parallel"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    Capabilities {
        create: claims("create"),
        replace: claims("replace"),
        versions: claims("versions"),
        parallel,
        exact: claims("exact"),
        consistent: claims("consistent"),
        unproven: claims("unproven"),
    }
}

fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::Any => json!("any"),
        Condition::Absent => json!("absent"),
        Condition::Matches(version) => json!({ "matches": version.as_str() }),
    }
}

fn version(value: &Value) -> Version {
    Version::new(value.as_str().unwrap_or_default())
}

#[apply(port!)]
impl Drive for NodeDrive {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        // JSON has numbers of 53 bits, and no file has more bytes.
        let range = options.range.map(|range| json!({ "start": range.start.min(1 << 52), "end": range.end.min(1 << 52) }));
        let unless = options.unless.as_ref().map(Version::as_str);
        let answer = self.ask("get", json!({ "path": path.as_str(), "range": range, "unless": unless })).await?;
        Ok(match &answer {
            Value::Null => Got::Missing,
            Value::String(_) => Got::Unchanged,
            found => {
                let bytes = STANDARD.decode(found["bytes"].as_str().unwrap_or_default()).map_err(|e| broken(e.to_string()))?;
                Got::File { bytes, version: version(&found["version"]) }
            }
        })
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, when: Condition) -> Result<Version> {
        let given = json!({ "path": path.as_str(), "bytes": STANDARD.encode(bytes), "condition": condition(&when) });
        Ok(version(&self.ask("put", given).await?))
    }

    async fn delete(&self, path: DrivePath, when: Condition) -> Result<()> {
        self.ask("delete", json!({ "path": path.as_str(), "condition": condition(&when) })).await.map(drop)
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let answer = self.ask("list", json!({ "path": dir.as_str(), "cursor": cursor })).await?;
        let entry = |entry: &Value| DirEntry {
            name: entry["name"].as_str().unwrap_or_default().to_owned(),
            is_dir: entry["isDir"].as_bool().unwrap_or_default(),
            size: entry["size"].as_u64(),
        };
        let entries = answer["entries"].as_array().map(|entries| entries.iter().map(entry).collect());
        Ok(Listing { entries: entries.unwrap_or_default(), next: answer["next"].as_str().map(str::to_owned) })
    }
}
