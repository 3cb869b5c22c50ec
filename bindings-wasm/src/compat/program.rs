//! What the package makes of the callbacks of a program that was written for db-to-cloud, as the port [`LastWriterHost`].

use crate::{
    convert::{Parsed, read},
    host::{Host, arguments},
};
use kitestring::{
    ErrorKind, Result, apply,
    last_writer::{LastWriterHost, Standing, Step},
    port,
};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct Program(Host);

impl Program {
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        let methods = ["get", "put", "delete", "isNewer", "observe", "warn", "queue", "remember"];
        Host::new(object, "program", ErrorKind::Application, &methods).map(Self)
    }
}

#[apply(port!)]
impl LastWriterHost for Program {
    async fn get(&self, change: &str) -> Result<Option<String>> {
        self.0.ask_for("get", arguments(&[change.into()]), |answer| read::if_given(answer, read::text)).await
    }

    async fn put(&self, document: &str) -> Result<()> {
        self.0.ask("put", arguments(&[document.into()])).await.map(drop)
    }

    async fn delete(&self, change: &str) -> Result<()> {
        self.0.ask("delete", arguments(&[change.into()])).await.map(drop)
    }

    async fn is_newer(&self, revision: Option<&str>, than: &str) -> Result<bool> {
        let revision = revision.map_or(JsValue::UNDEFINED, JsValue::from);
        self.0.ask_for("isNewer", arguments(&[revision, than.into()]), read::flag).await
    }

    async fn observe(&self, step: Step, change: &str, done: usize, total: usize) -> Result<()> {
        let phase = match step {
            Step::Pull => "pull",
            Step::Push => "push",
        };
        let told = arguments(&[phase.into(), change.into(), (done as f64).into(), (total as f64).into()]);
        self.0.ask("observe", told).await.map(drop)
    }

    async fn warn(&self, line: &str) -> Result<()> {
        self.0.ask("warn", arguments(&[line.into()])).await.map(drop)
    }

    async fn queue(&self) -> Result<Vec<String>> {
        self.0.ask_list("queue", arguments(&[]), read::text).await
    }

    async fn remember(&self, standing: &Standing, done: usize, keep: Vec<String>) -> Result<()> {
        self.0.ask("remember", arguments(&[super::standing_to_js(standing, done, &keep)])).await.map(drop)
    }
}
