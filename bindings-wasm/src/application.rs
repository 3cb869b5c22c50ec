//! A plain JavaScript object as the port [`Application`].

use crate::{
    convert::{Parsed, from_host, read, to_host, write},
    host::{Host, arguments},
};
use kitestring::{Application, Change, DocId, Document, Entry, ErrorKind, Incoming, Outcome, PartRequest, Result, StagedPart, apply, port};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct JsApplication {
    host: Host,
    whole_body_bytes: Option<u64>,
}

impl JsApplication {
    /// Takes an object with `get`, `apply` and `entries`; with `wholeBodyBytes`, also `readPart` and `stagePart`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        let whole_body_bytes = read::optional(&object, "wholeBodyBytes", read::count)?;
        let methods: &[&str] = match whole_body_bytes {
            Some(_) => &["get", "apply", "entries", "readPart", "stagePart"],
            None => &["get", "apply", "entries"],
        };
        Ok(Self { host: Host::new(object, "application", ErrorKind::Application, methods)?, whole_body_bytes })
    }
}

#[apply(port!)]
impl Application for JsApplication {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.host.ask_list("get", arguments(&[write::list(&ids, to_host::id)]), from_host::document).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.host.ask_list("apply", arguments(&[write::list(&changes, to_host::incoming)]), from_host::outcome).await
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.host.ask_list("entries", arguments(&[write::optional(after.as_ref(), to_host::id), limit.into()]), from_host::entry).await
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        if self.host.has("missing") {
            return self.host.ask_list("missing", arguments(&[write::list(&ids, to_host::id)]), from_host::id).await;
        }
        // The port's own default, which an implementation cannot call.
        let found = self.get(ids.clone()).await?;
        Ok(ids.into_iter().filter(|id| !found.iter().any(|d| d.id == *id)).collect())
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        if !self.host.has("uncommitted") {
            return Ok(Vec::new());
        }
        self.host.ask_list("uncommitted", arguments(&[write::optional(after.as_ref(), to_host::id), limit.into()]), from_host::change).await
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        if !self.host.has("committed") {
            return Ok(());
        }
        self.host.ask("committed", arguments(&[write::list(&changes, to_host::change)])).await.map(drop)
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.whole_body_bytes
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let request = write::object(&[
            ("id", to_host::id(&part.id)),
            ("revision", to_host::revision(&part.revision)),
            ("offset", (part.offset as f64).into()),
            ("length", (part.length as f64).into()),
        ]);
        self.host.ask_for("readPart", arguments(&[request]), |answer| read::if_given(answer, read::bytes)).await
    }

    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let staged = write::object(&[
            ("id", to_host::id(&part.id)),
            ("revision", to_host::revision(&part.revision)),
            ("offset", (part.offset as f64).into()),
            ("bytes", write::bytes(&part.bytes)),
        ]);
        self.host.ask("stagePart", arguments(&[staged])).await.map(drop)
    }
}
