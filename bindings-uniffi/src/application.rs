//! An object of the host's language as the port [`kitestring::Application`].

use crate::{
    error::{KiteError, Port, raised_by},
    record::{Change, Document, Entry, Incoming, Outcome, PartRequest, StagedPart, names},
};
use kitestring::{DocId, Error, ErrorKind, Result, apply, port};
use std::sync::Arc;

/// What the host implements. A foreign trait cannot have default methods, so each language has a base class
/// with the answers that most hosts give: everything after `entries`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait Application: Send + Sync {
    /// Gives these documents, in any order; a missing one is left out.
    async fn get(&self, ids: Vec<String>) -> Result<Vec<Document>, KiteError>;
    /// Applies changes, each only if the document's revision is still the expected one.
    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>, KiteError>;
    /// Lists the documents after `after`; an empty page is the end.
    async fn entries(&self, after: Option<String>, limit: u32) -> Result<Vec<Entry>, KiteError>;
    /// Says which of these do not exist; none to have it found out with `get`.
    async fn missing(&self, ids: Vec<String>) -> Result<Option<Vec<String>>, KiteError>;
    /// Lists the changes whose `changeCommitted` flag is not set.
    async fn uncommitted(&self, after: Option<String>, limit: u32) -> Result<Vec<Change>, KiteError>;
    /// Sets the `changeCommitted` flag of each document whose revision is still the one named.
    async fn committed(&self, changes: Vec<Change>) -> Result<(), KiteError>;
    /// The largest body, in bytes, that is passed whole; none is any size. Asked once, by `open`.
    fn whole_body_bytes(&self) -> Result<Option<u64>, KiteError>;
    /// Reads a part of a body; none if the document's revision is no longer this one.
    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>, KiteError>;
    /// Takes a part of a body that a later `apply` names.
    async fn stage_part(&self, part: StagedPart) -> Result<(), KiteError>;
}

/// The adapter. What the host raises becomes `application`, what it answers is checked.
pub(crate) struct Host {
    host: Arc<dyn Application>,
    whole_body_bytes: Option<u64>,
    has_no_flag: bool,
}

impl Host {
    pub(crate) fn new(host: Arc<dyn Application>, has_no_flag: bool) -> Result<Self> {
        let whole_body_bytes = host.whole_body_bytes().map_err(raised("whole_body_bytes"))?;
        Ok(Self { host, whole_body_bytes, has_no_flag })
    }
}

#[apply(port!)]
impl kitestring::Application for Host {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<kitestring::Document>> {
        answer("get", self.host.get(names(ids)).await.map_err(raised("get"))?)
    }

    async fn apply(&self, changes: Vec<kitestring::Incoming>) -> Result<Vec<kitestring::Outcome>> {
        let changes = changes.into_iter().map(Incoming::from).collect();
        let outcomes = self.host.apply(changes).await.map_err(raised("apply"))?;
        Ok(outcomes.into_iter().map(Outcome::into).collect())
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<kitestring::Entry>> {
        let after = after.map(|id| id.as_str().to_owned());
        answer("entries", self.host.entries(after, limit).await.map_err(raised("entries"))?)
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        if let Some(missing) = self.host.missing(names(ids.clone())).await.map_err(raised("missing"))? {
            return missing.into_iter().map(DocId::new).collect::<Result<_>>().map_err(|e| mistyped("missing", &e));
        }
        // The port's own default, which an implementation cannot call.
        let found = self.get(ids.clone()).await?;
        Ok(ids.into_iter().filter(|id| !found.iter().any(|d| d.id == *id)).collect())
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<kitestring::Change>> {
        if self.has_no_flag {
            return Ok(Vec::new());
        }
        let after = after.map(|id| id.as_str().to_owned());
        answer("uncommitted", self.host.uncommitted(after, limit).await.map_err(raised("uncommitted"))?)
    }

    async fn committed(&self, changes: Vec<kitestring::Change>) -> Result<()> {
        if self.has_no_flag {
            return Ok(());
        }
        let changes = changes.into_iter().map(Change::from).collect();
        self.host.committed(changes).await.map_err(raised("committed"))
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.whole_body_bytes
    }

    async fn read_part(&self, part: kitestring::PartRequest) -> Result<Option<Vec<u8>>> {
        self.host.read_part(part.into()).await.map_err(raised("read_part"))
    }

    async fn stage_part(&self, part: kitestring::StagedPart) -> Result<()> {
        self.host.stage_part(part.into()).await.map_err(raised("stage_part"))
    }
}

fn raised(operation: &'static str) -> impl Fn(KiteError) -> Error {
    raised_by(Port::Application, operation)
}

/// Checks what the host answered: a wrong id in an answer is the host's fault, not the caller's.
fn answer<F, T: TryFrom<F, Error = Error>>(operation: &'static str, items: Vec<F>) -> Result<Vec<T>> {
    items.into_iter().map(T::try_from).collect::<Result<_>>().map_err(|e| mistyped(operation, &e))
}

fn mistyped(operation: &'static str, error: &Error) -> Error {
    Error::new(ErrorKind::Application, operation, format!("the host's answer: {}", error.detail()))
}
