//! The three ports behind their gates.

use crate::{
    drive::{Request, SimDrive, refused},
    excuses::classic as excuses,
    faults::Fault,
    gate::Port,
    ghost::Ghost,
    watch::{Watch, Write},
};
use kitestring::{
    Application, Change, DocId, Document, Drive, DrivePath, Entry, Error, ErrorKind, Incoming, Outcome, PartRequest, Result, StagedPart,
    State, StateRecord, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use std::{future::Future, sync::Arc};

pub(crate) struct GatedDrive {
    pub inner: Arc<dyn Drive>,
    pub port: Port,
    pub seat: usize,
    pub drive: Arc<SimDrive>,
    pub ghost: Arc<Ghost>,
    pub watch: Option<Arc<Watch>>,
    /// Whether what overwrites the classic files unseen is excused.
    pub lenient: bool,
}

impl GatedDrive {
    /// Writes, in the way that the fault says.
    async fn write(&self, path: DrivePath, bytes: Option<Vec<u8>>, condition: Condition, fault: Option<Fault>) -> Result<Version> {
        let request = || Request {
            seat: self.seat,
            path: path.clone(),
            bytes: bytes.clone(),
            condition: condition.clone(),
            sent: self.drive.writes(),
        };
        let conditional = condition != Condition::Any;
        let late = || Error::new(ErrorKind::Unavailable, "put", "injected by the simulator");
        match fault {
            Some(Fault::Late) => {
                self.drive.send(request());
                return Err(late());
            }
            Some(Fault::Twice) => self.drive.send(request()),
            // What it holds already it can hold.
            Some(Fault::Refused) if self.drive.file(path.as_str()).is_none() => {
                return Err(Error::new(ErrorKind::InvalidInput, "put", "injected by the simulator"));
            }
            _ => {}
        }
        let asked = condition.clone();
        let held = match fault {
            Some(Fault::Unconditional) => Condition::Any,
            // What was granted before the call stood still is done, whatever has come since.
            Some(Fault::Racy) if self.drive.would(&request()) => {
                self.port.stand_still().await;
                Condition::Any
            }
            _ => condition,
        };
        if self.lenient && held == Condition::Any {
            excuses::overwriting(&self.ghost, &self.drive, self.seat, path.as_str(), conditional);
        }
        let written = match bytes {
            Some(bytes) => self.inner.put(path.clone(), bytes, held).await,
            None => self.inner.delete(path.clone(), held).await.map(|()| Version::new("")),
        };
        if self.lenient && written.is_ok() {
            excuses::doubled(&self.ghost, &self.drive, path.as_str());
        }
        if let (Ok(_), Some(watch)) = (&written, &self.watch) {
            let honest = !matches!(fault, Some(Fault::Unconditional | Fault::Racy));
            watch.written(&Write { seat: self.seat, path: path.as_str(), condition: &asked, honest });
        }
        match (fault, written) {
            (Some(Fault::Echo), Ok(_)) => Err(if conditional { refused("put") } else { late() }),
            (_, written) => written,
        }
    }
}

#[apply(port!)]
impl Drive for GatedDrive {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        let get = async |fault| match self.inner.get(path.clone(), options.clone()).await? {
            Got::File { mut bytes, version } if fault == Some(Fault::Torn) => {
                bytes.truncate(bytes.len() / 2);
                Ok(Got::File { bytes, version })
            }
            got => Ok(got),
        };
        self.port.pass_as("get", self.drive.called(path.as_str()), get).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.port.pass_as("put", self.drive.called(path.as_str()), |fault| self.write(path, Some(bytes), condition, fault)).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.port.pass_as("delete", self.drive.called(path.as_str()), |fault| self.write(path, None, condition, fault)).await.map(drop)
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        let words = cursor.as_ref().map_or_else(|| dir.to_string(), |after| format!("{dir} after {after}"));
        self.port.pass("list", words, self.inner.list_dir(dir, cursor)).await
    }
}

pub(crate) struct GatedState {
    pub inner: Arc<dyn State>,
    pub port: Port,
    pub seat: usize,
    pub watch: Option<Arc<Watch>>,
}

#[apply(port!)]
impl State for GatedState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.port.pass("read", self.port.subject(|| keys.join(" ")), self.inner.read(keys)).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.port.pass("scan", self.port.subject(|| prefix.clone()), self.inner.scan(prefix, after, limit)).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        let word = |r: &StateRecord| format!("{}{}", if r.value.is_some() { "+" } else { "-" }, r.key);
        let keys = self.port.subject(|| batch.iter().map(word).collect::<Vec<_>>().join(" "));
        let write = async {
            if let Some(watch) = &self.watch {
                watch.concluding(self.seat, &batch);
            }
            self.inner.write(batch).await
        };
        self.port.pass("write", keys, write).await
    }
}

pub(crate) struct GatedApplication {
    pub inner: Arc<dyn Application>,
    pub port: Port,
}

impl GatedApplication {
    async fn pass<T>(&self, call: &'static str, ids: impl FnOnce() -> String, effect: impl Future<Output = Result<T>>) -> Result<T> {
        self.port.pass(call, self.port.subject(ids), effect).await
    }
}

#[apply(port!)]
impl Application for GatedApplication {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        let words = self.port.subject(|| join(&ids));
        self.pass("get", || words, self.inner.get(ids)).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        let word = |c: &Incoming| format!("{}@{}{}", c.id, c.revision, if c.body.is_some() { "" } else { "-" });
        let words = self.port.subject(|| changes.iter().map(word).collect::<Vec<_>>().join(" "));
        self.pass("apply", || words, self.inner.apply(changes)).await
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        let words = after.as_ref().map(DocId::to_string).unwrap_or_default();
        self.pass("entries", || words, self.inner.entries(after, limit)).await
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        let words = after.as_ref().map(DocId::to_string).unwrap_or_default();
        self.pass("uncommitted", || words, self.inner.uncommitted(after, limit)).await
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        let words = self.port.subject(|| changes.iter().map(|c| format!("{}@{}", c.id, c.revision)).collect::<Vec<_>>().join(" "));
        self.pass("committed", || words, self.inner.committed(changes)).await
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.inner.whole_body_bytes()
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let words = self.port.subject(|| format!("{}@{}+{}", part.id, part.revision, part.offset));
        self.pass("read_part", || words, self.inner.read_part(part)).await
    }

    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let words = self.port.subject(|| format!("{}@{}+{}", part.id, part.revision, part.offset));
        self.pass("stage_part", || words, self.inner.stage_part(part)).await
    }
}

fn join(ids: &[DocId]) -> String {
    ids.iter().map(DocId::as_str).collect::<Vec<_>>().join(" ")
}
