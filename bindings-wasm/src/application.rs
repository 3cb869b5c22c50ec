//! A plain JavaScript object as the port [`Application`].

use crate::{
    convert::{Parsed, read, write},
    error::{mistyped, thrown},
};
use js_sys::{Array, Function, Promise, Reflect, futures::JsFuture};
use kitestring::{Application, Change, DocId, Document, Entry, Error, Incoming, Outcome, PartRequest, Result, StagedPart, apply, port};
use wasm_bindgen::prelude::{JsCast, JsValue};

/// The host's object. Its methods may be plain or async, and are called with the object as `this`.
pub(crate) struct JsApplication {
    host: JsValue,
    whole_body_bytes: Option<u64>,
}

impl JsApplication {
    /// Takes an object with `get`, `apply` and `entries`; with `wholeBodyBytes`, also `readPart` and `stagePart`.
    pub(crate) fn new(host: JsValue) -> Parsed<Self> {
        let whole_body_bytes = read::optional(&host, "wholeBodyBytes", read::count)?;
        let this = Self { host, whole_body_bytes };
        let parts = whole_body_bytes.iter().flat_map(|_| ["readPart", "stagePart"]);
        match ["get", "apply", "entries"].into_iter().chain(parts).find(|name| this.method(name).is_none()) {
            Some(name) => Err(format!("the application has no method `{name}`")),
            None => Ok(this),
        }
    }

    fn method(&self, name: &str) -> Option<Function> {
        Reflect::get(&self.host, &name.into()).ok()?.dyn_into().ok()
    }

    /// Calls a method and awaits its answer; none if the object has no such method.
    async fn ask(&self, name: &'static str, arguments: &[JsValue]) -> Result<Option<JsValue>> {
        let Some(method) = self.method(name) else { return Ok(None) };
        let arguments: Array = arguments.iter().collect();
        let answer = method.apply(&self.host, &arguments).map_err(|e| thrown(name, e))?;
        JsFuture::from(Promise::resolve(&answer)).await.map(Some).map_err(|e| thrown(name, e))
    }

    async fn ask_list<T>(&self, name: &'static str, arguments: &[JsValue], one: fn(&JsValue) -> Parsed<T>) -> Result<Vec<T>> {
        let Some(answer) = self.ask(name, arguments).await? else { return Ok(Vec::new()) };
        read::list(&answer, one).map_err(|detail| mistyped(name, detail))
    }
}

#[apply(port!)]
impl Application for JsApplication {
    async fn get(&self, ids: Vec<DocId>) -> Result<Vec<Document>> {
        self.ask_list("get", &[write::list(&ids, write::id)], read::document).await
    }

    async fn apply(&self, changes: Vec<Incoming>) -> Result<Vec<Outcome>> {
        self.ask_list("apply", &[write::list(&changes, write::incoming)], read::outcome).await
    }

    async fn entries(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Entry>> {
        self.ask_list("entries", &[write::optional(after.as_ref(), write::id), limit.into()], read::entry).await
    }

    async fn missing(&self, ids: Vec<DocId>) -> Result<Vec<DocId>> {
        if self.method("missing").is_some() {
            return self.ask_list("missing", &[write::list(&ids, write::id)], read::id).await;
        }
        // The port's own default, which an implementation cannot call.
        let found = self.get(ids.clone()).await?;
        Ok(ids.into_iter().filter(|id| !found.iter().any(|d| d.id == *id)).collect())
    }

    async fn uncommitted(&self, after: Option<DocId>, limit: u32) -> Result<Vec<Change>> {
        self.ask_list("uncommitted", &[write::optional(after.as_ref(), write::id), limit.into()], read::change).await
    }

    async fn committed(&self, changes: Vec<Change>) -> Result<()> {
        self.ask("committed", &[write::list(&changes, write::change)]).await.map(drop)
    }

    fn whole_body_bytes(&self) -> Option<u64> {
        self.whole_body_bytes
    }

    async fn read_part(&self, part: PartRequest) -> Result<Option<Vec<u8>>> {
        let request = write::object(&[
            ("id", write::id(&part.id)),
            ("revision", write::revision(&part.revision)),
            ("offset", (part.offset as f64).into()),
            ("length", (part.length as f64).into()),
        ]);
        let answer = self.ask("readPart", &[request]).await?.ok_or_else(|| no_parts("readPart"))?;
        read::if_given(&answer, read::bytes).map_err(|detail| mistyped("readPart", detail))
    }

    async fn stage_part(&self, part: StagedPart) -> Result<()> {
        let staged = write::object(&[
            ("id", write::id(&part.id)),
            ("revision", write::revision(&part.revision)),
            ("offset", (part.offset as f64).into()),
            ("bytes", write::bytes(&part.bytes)),
        ]);
        self.ask("stagePart", &[staged]).await?.map(drop).ok_or_else(|| no_parts("stagePart"))
    }
}

fn no_parts(operation: &'static str) -> Error {
    mistyped(operation, "a body in parts needs `wholeBodyBytes` and the methods for parts".into())
}
