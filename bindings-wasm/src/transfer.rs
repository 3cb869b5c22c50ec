//! Where the files of an export go, and where those of an import come from: plain JavaScript objects, which `care.js` makes.

use crate::{
    convert::{Parsed, care, read},
    host::{Host, arguments},
};
use kitestring::{
    ErrorKind, Result, apply, port,
    transfer::{VaultFile, VaultSink, VaultSource},
};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct JsSink(Host);

impl JsSink {
    /// Takes an object with `take`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "sink", ErrorKind::Application, &["take"]).map(Self)
    }
}

#[apply(port!)]
impl VaultSink for JsSink {
    async fn take(&self, file: VaultFile) -> Result<()> {
        let asked = arguments(&[care::file(&file)]);
        drop(file);
        self.0.ask("take", asked).await.map(drop)
    }
}

pub(crate) struct JsSource(Host);

impl JsSource {
    /// Takes an object with `rewind` and `next`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "source", ErrorKind::Application, &["rewind", "next"]).map(Self)
    }
}

#[apply(port!)]
impl VaultSource for JsSource {
    async fn rewind(&self) -> Result<()> {
        self.0.ask("rewind", arguments(&[])).await.map(drop)
    }

    async fn next(&self) -> Result<Option<VaultFile>> {
        self.0.ask_for("next", arguments(&[]), |file| read::if_given(file, care::read_file)).await
    }
}
