#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use super::{LastWriter, LastWriterHost, Memory, Standing, Step};
use crate::{Drive, DrivePath, ErrorKind, MemoryDrive, Result, Runtime, drive::Condition};
use futures::{FutureExt as _, executor::block_on};
use macro_rules_attribute::apply;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that only a test moves.
#[derive(Default)]
struct Clock(Mutex<Duration>);

impl Clock {
    fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

#[apply(port!)]
impl Runtime for Clock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> Duration {
        Duration::from_secs(1_700_000_000) + self.now()
    }
    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
    }
    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        bytes.fill(7);
        Ok(())
    }
}

/// A program made for db-to-cloud: documents by id, each with a revision; the higher revision wins.
struct Program {
    documents: Mutex<BTreeMap<String, Value>>,
    queue: Mutex<Vec<Value>>,
    standing: Mutex<Standing>,
    told: Mutex<Vec<String>>,
    warnings: Mutex<Vec<String>>,
    /// How many more documents it takes before it fails.
    takes: Mutex<Option<usize>>,
    /// Whether it gives its documents.
    gives: Mutex<bool>,
    /// Called when a document is asked for.
    on_get: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            documents: Mutex::default(),
            queue: Mutex::default(),
            standing: Mutex::default(),
            told: Mutex::default(),
            warnings: Mutex::default(),
            takes: Mutex::default(),
            gives: Mutex::new(true),
            on_get: Mutex::default(),
        }
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text_of(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), ToOwned::to_owned)
}

impl Program {
    fn edit(&self, document: Value) {
        self.queue.lock().unwrap().push(json!({"_id": document["_id"], "_rev": document["_rev"], "action": "put"}));
        self.documents.lock().unwrap().insert(text_of(&document["_id"]), document);
    }

    fn remove(&self, id: Value, revision: u64) {
        self.documents.lock().unwrap().remove(&text_of(&id));
        self.queue.lock().unwrap().push(json!({"_id": id, "_rev": revision, "action": "delete"}));
    }

    fn text(&self, id: &str) -> Option<String> {
        Some(self.documents.lock().unwrap().get(id)?["text"].as_str().unwrap_or_default().to_owned())
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

#[apply(port!)]
impl LastWriterHost for Program {
    async fn get(&self, change: &str) -> Result<Option<String>> {
        if let Some(action) = self.on_get.lock().unwrap().take() {
            action();
        }
        if !*self.gives.lock().unwrap() {
            return Err(crate::Error::new(ErrorKind::Application, "get", "not now"));
        }
        Ok(self.documents.lock().unwrap().get(&text_of(&value(change)["_id"])).map(ToString::to_string))
    }
    async fn put(&self, document: &str) -> Result<()> {
        if let Some(takes) = &mut *self.takes.lock().unwrap() {
            *takes = takes.checked_sub(1).ok_or_else(|| crate::Error::new(ErrorKind::Application, "put", "no more"))?;
        }
        let (document, mut documents) = (value(document), self.documents.lock().unwrap());
        let id = text_of(&document["_id"]);
        if documents.get(&id).is_none_or(|mine| mine["_rev"].as_u64() < document["_rev"].as_u64()) {
            documents.insert(id, document);
        }
        Ok(())
    }
    async fn delete(&self, change: &str) -> Result<()> {
        let (change, mut documents) = (value(change), self.documents.lock().unwrap());
        let id = text_of(&change["_id"]);
        if documents.get(&id).is_some_and(|mine| mine["_rev"].as_u64() <= change["_rev"].as_u64()) {
            documents.remove(&id);
        }
        Ok(())
    }
    async fn is_newer(&self, revision: Option<&str>, than: &str) -> Result<bool> {
        Ok(value(revision.unwrap()).as_u64() > value(than).as_u64())
    }
    async fn observe(&self, step: Step, change: &str, done: usize, total: usize) -> Result<()> {
        self.told.lock().unwrap().push(format!("{step:?} {done}/{total} {change}"));
        Ok(())
    }
    async fn warn(&self, line: &str) -> Result<()> {
        self.warnings.lock().unwrap().push(line.to_owned());
        Ok(())
    }
    async fn queue(&self) -> Result<Vec<String>> {
        Ok(self.queue.lock().unwrap().iter().map(ToString::to_string).collect())
    }
    async fn remember(&self, standing: &Standing, done: usize, keep: Vec<String>) -> Result<()> {
        *self.standing.lock().unwrap() = standing.clone();
        self.queue.lock().unwrap().splice(..done, keep.iter().map(|change| value(change)));
        Ok(())
    }
}

/// One device.
struct Device {
    program: Arc<Program>,
    client: LastWriter,
}

impl Device {
    fn new(drive: &Arc<MemoryDrive>, clock: &Arc<Clock>) -> Self {
        Self::with(Arc::default(), drive, clock)
    }

    fn with(program: Arc<Program>, drive: &Arc<MemoryDrive>, clock: &Arc<Clock>) -> Self {
        let client = LastWriter::new(program.clone(), drive.clone(), clock.clone());
        Self { program, client }
    }

    /// The program has been started again: what was only in memory is gone.
    fn restarted(self, drive: &Arc<MemoryDrive>, clock: &Arc<Clock>) -> Self {
        let standing = self.program.standing.lock().unwrap().clone();
        let memory: Memory = serde_json::from_str(&serde_json::to_string(&standing.memory).unwrap()).unwrap();
        *self.program.standing.lock().unwrap() = Standing { memory, ..standing };
        Self::with(self.program, drive, clock)
    }

    fn sync(&self) -> Result<()> {
        let standing = self.program.standing.lock().unwrap().clone();
        block_on(self.client.sync(standing))
    }

    fn acquire(&self, hold: &str, left: Option<&str>) -> Result<()> {
        block_on(self.client.acquire(HOUR, hold.to_owned(), left.map(ToOwned::to_owned)))
    }
}

fn place() -> (Arc<MemoryDrive>, Arc<Clock>) {
    (Arc::new(MemoryDrive::new()), Arc::default())
}

fn note(id: u64, revision: u64, text: &str) -> Value {
    json!({"_id": id, "_rev": revision, "text": text})
}

fn file(drive: &MemoryDrive, path: &str) -> Value {
    serde_json::from_slice(&drive.contents()[path]).unwrap()
}

fn write(drive: &MemoryDrive, path: &str, text: &str) {
    block_on(drive.put(DrivePath::new(path).unwrap(), text.as_bytes().to_vec(), Condition::Any)).unwrap();
}

#[test]
fn a_push_writes_what_db_to_cloud_writes_in_the_order_of_the_queue() {
    let (drive, clock) = place();
    let device = Device::new(&drive, &clock);
    device.program.remove(json!(3), 1);
    device.program.edit(note(1, 1, "one"));
    device.program.edit(note(2, 1, "two"));
    device.program.edit(note(1, 2, "ONE"));
    device.sync().unwrap();
    let log = [(3, 1, "delete"), (1, 2, "put"), (2, 1, "put")].map(|(id, rev, action)| json!({"_id": id, "_rev": rev, "action": action}));
    assert_eq!(file(&drive, "changes/0.json"), json!(log));
    assert_eq!(drive.contents()["meta.json"], br#"{"lastChange":3}"#);
    assert_eq!(drive.contents()["docs/1.json"], br#"{"doc":{"_id":1,"_rev":2,"text":"ONE"},"_rev":2}"#);
    assert_eq!(drive.contents().len(), 4, "nothing else is written");
    let told = device.program.told();
    assert_eq!(told.iter().map(|line| &line[..8]).collect::<Vec<_>>(), ["Push 0/3", "Push 1/3", "Push 2/3"]);
    assert!(device.program.queue.lock().unwrap().is_empty());
}

#[test]
fn members_that_others_wrote_are_carried_along() {
    let (drive, clock) = place();
    write(&drive, "meta.json", r#"{"lastChange":1,"vault":"v"}"#);
    write(&drive, "changes/0.json", r#"[{"_id":1,"_rev":1,"action":"put","push":"p"}]"#);
    write(&drive, "docs/1.json", r#"{"doc":{"_id":1,"_rev":1,"text":"one"},"_rev":1}"#);
    let device = Device::new(&drive, &clock);
    device.program.edit(note(2, 1, "two"));
    device.sync().unwrap();
    assert_eq!(file(&drive, "meta.json"), json!({"lastChange": 2, "vault": "v"}));
    assert_eq!(file(&drive, "changes/0.json")[0]["push"], "p");
    assert_eq!(device.program.told()[0], r#"Pull 0/1 {"action":"put","_id":"1"}"#);
}

#[test]
fn the_log_grows_over_several_files_and_arrives() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.program.edit(note(0, 1, "zero"));
    here.sync().unwrap();
    there.sync().unwrap();
    for id in 1..250 {
        here.program.edit(note(id, 1, "more"));
    }
    here.sync().unwrap();
    assert_eq!(["0", "1", "2"].map(|n| file(&drive, &format!("changes/{n}.json")).as_array().unwrap().len()), [100, 100, 50]);
    there.sync().unwrap();
    assert_eq!(*there.program.documents.lock().unwrap(), *here.program.documents.lock().unwrap());
}

#[test]
fn the_newer_revision_wins_also_when_the_program_was_started_again_before_the_push() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.program.edit(note(1, 5, "newer"));
    here.sync().unwrap();
    there.program.edit(note(1, 3, "older"));
    there.program.edit(note(2, 1, "other"));
    // The pull is done, and the program ends before the push.
    *there.program.gives.lock().unwrap() = false;
    assert_eq!(there.sync().unwrap_err().kind, ErrorKind::Application);
    *there.program.gives.lock().unwrap() = true;
    let there = there.restarted(&drive, &clock);
    there.sync().unwrap();
    assert_eq!(file(&drive, "docs/1.json"), json!({"doc": note(1, 5, "newer"), "_rev": 5}));
    assert_eq!(file(&drive, "docs/2.json")["doc"]["text"], "other");
    assert_eq!(there.program.text("1").unwrap(), "newer");
}

#[test]
fn a_log_that_a_stalled_client_wrote_over_is_noticed_and_mended() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.program.edit(note(1, 1, "x"));
    here.sync().unwrap();
    there.sync().unwrap();
    there.program.edit(note(2, 1, "y"));
    there.sync().unwrap();
    // A db-to-cloud that read before `there` wrote goes on with what it knew.
    write(&drive, "docs/3.json", r#"{"doc":{"_id":3,"_rev":1,"text":"z"},"_rev":1}"#);
    let entry = |id| json!({"_id": id, "_rev": 1, "action": "put"});
    write(&drive, "changes/0.json", &json!([entry(1), entry(3)]).to_string());
    there.program.edit(note(4, 1, "w"));
    there.sync().unwrap();
    assert_eq!(there.program.text("3").unwrap(), "z", "what was written over is listed");
    assert_eq!(file(&drive, "changes/0.json"), json!([entry(1), entry(3), entry(4), entry(2)]), "what was lost is logged again");
    here.sync().unwrap();
    assert_eq!(here.program.documents.lock().unwrap().len(), 4);
}

#[test]
fn a_pull_that_was_interrupted_goes_on() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    for id in 0..250 {
        here.program.edit(note(id, 1, "first"));
    }
    here.sync().unwrap();
    *there.program.takes.lock().unwrap() = Some(220);
    assert_eq!(there.sync().unwrap_err().kind, ErrorKind::Application);
    *there.program.takes.lock().unwrap() = None;
    here.program.edit(note(0, 2, "second"));
    here.sync().unwrap();
    let there = there.restarted(&drive, &clock);
    there.program.told();
    // A program queues all that it has until a first sync has succeeded.
    let all: Vec<Value> = there.program.documents.lock().unwrap().values().cloned().collect();
    all.into_iter().for_each(|document| there.program.edit(document));
    there.sync().unwrap();
    assert_eq!(there.program.told().len(), 51, "those of the last stride, and the news; none is pushed");
    assert_eq!(file(&drive, "meta.json"), json!({"lastChange": 251}));
    assert_eq!(*there.program.documents.lock().unwrap(), *here.program.documents.lock().unwrap());
}

#[test]
fn a_memory_of_another_place_is_not_believed() {
    let (drive, clock) = place();
    let device = Device::new(&drive, &clock);
    device.program.edit(note(1, 1, "one"));
    device.sync().unwrap();
    // db-to-cloud has run in between, and knows nothing of the rest.
    write(&drive, "docs/2.json", r#"{"doc":{"_id":2,"_rev":1,"text":"two"},"_rev":1}"#);
    let entry = |id| json!({"_id": id, "_rev": 1, "action": "put"});
    write(&drive, "changes/0.json", &json!([entry(1), entry(2)]).to_string());
    write(&drive, "meta.json", r#"{"lastChange":2}"#);
    device.program.standing.lock().unwrap().last_change = Some(2);
    device.program.edit(note(3, 1, "three"));
    device.sync().unwrap();
    assert_eq!(device.program.text("2"), None, "it is behind the known place");
    assert_eq!(file(&drive, "changes/0.json"), json!([entry(1), entry(2), entry(3)]));
}

#[test]
fn a_document_that_makes_no_sense_is_told_of_and_stops_nothing() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.program.edit(note(1, 1, "one"));
    here.program.edit(note(2, 1, "two"));
    here.sync().unwrap();
    write(&drive, "docs/1.json", r#"{"_rev":1}"#);
    there.sync().unwrap();
    assert_eq!(there.program.text("2").unwrap(), "two");
    assert_eq!(there.program.warnings.lock().unwrap().len(), 1);
    write(&drive, "docs/1.json", r#"{"doc":{"_id":1,"_rev":1,"text":"healed"},"_rev":1}"#);
    here.program.edit(note(3, 1, "three"));
    here.sync().unwrap();
    there.sync().unwrap();
    assert_eq!(there.program.text("1").unwrap(), "healed");
}

#[test]
fn a_document_that_is_gone_is_not_stored_without_content() {
    let (drive, clock) = place();
    let device = Device::new(&drive, &clock);
    device.program.edit(note(1, 1, "one"));
    device.program.documents.lock().unwrap().clear();
    device.sync().unwrap();
    assert!(drive.contents().is_empty());
    assert!(device.program.warnings.lock().unwrap()[0].contains("gone"));
}

#[test]
fn a_lock_keeps_others_out_until_it_ends_or_its_own_client_comes_back() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.acquire("h1", None).unwrap();
    assert!(file(&drive, "lock.json")["expire"].as_u64().unwrap() == 1_700_003_600_000);
    let refused = there.acquire("t1", Some("t0")).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Locked { owner: None, until_ms: 1_700_003_600_000 });
    let here = here.restarted(&drive, &clock);
    here.acquire("h2", Some("h1")).unwrap();
    clock.pass(HOUR + Duration::from_secs(1));
    there.acquire("t2", None).unwrap();
    block_on(here.client.release()).unwrap();
    assert_eq!(file(&drive, "lock.json")["hold"], "t2", "it is another's by now");
    block_on(there.client.release()).unwrap();
    assert!(drive.contents().is_empty());
}

#[test]
fn a_lock_is_renewed_and_a_client_that_lost_it_logs_nothing() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Arc::new(Device::new(&drive, &clock)));
    here.program.edit(note(1, 1, "one"));
    here.acquire("h1", None).unwrap();
    let passing = clock.clone();
    here.program.on_get.lock().unwrap().replace(Box::new(move || passing.pass(HOUR * 3 / 4)));
    here.sync().unwrap();
    assert_eq!(file(&drive, "lock.json")["expire"], 1_700_003_600_000_u64 + 2_700_000);
    here.program.edit(note(2, 1, "two"));
    let (passing, other) = (clock.clone(), there.clone());
    here.program.on_get.lock().unwrap().replace(Box::new(move || {
        passing.pass(HOUR * 2);
        let acquired = other.client.acquire(HOUR, "t1".to_owned(), None).now_or_never();
        acquired.expect("a drive in memory answers at once").unwrap();
    }));
    assert!(matches!(here.sync().unwrap_err().kind, ErrorKind::Locked { .. }));
    assert_eq!(file(&drive, "meta.json"), json!({"lastChange": 1}));
    assert_eq!(here.program.queue.lock().unwrap().len(), 1, "it is still to be pushed");
}

#[test]
fn what_was_written_and_could_not_be_logged_is_pushed_again() {
    let (drive, clock) = place();
    let (here, there) = (Device::new(&drive, &clock), Device::new(&drive, &clock));
    here.program.edit(note(1, 1, "one"));
    here.acquire("h1", None).unwrap();
    let (passing, taken) = (clock.clone(), drive.clone());
    here.program.on_get.lock().unwrap().replace(Box::new(move || {
        passing.pass(HOUR * 2);
        let lock = taken.put(DrivePath::new("lock.json").unwrap(), b"{}".to_vec(), Condition::Any).now_or_never();
        lock.expect("a drive in memory answers at once").unwrap();
    }));
    assert!(matches!(here.sync().unwrap_err().kind, ErrorKind::Locked { .. }));
    assert!(drive.contents().contains_key("docs/1.json"), "it is written, and nobody knows");
    here.sync().unwrap();
    there.sync().unwrap();
    assert_eq!(file(&drive, "changes/0.json"), json!([{"_id": 1, "_rev": 1, "action": "put"}]));
    assert_eq!(there.program.text("1").unwrap(), "one");
}
