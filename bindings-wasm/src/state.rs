//! A plain JavaScript object as the port [`State`].

use crate::{
    convert::{Parsed, from_host, read, to_host, write},
    host::{Host, arguments},
};
use js_sys::{Array, JsString};
use kitestring::{ErrorKind, Result, State, StateRecord, apply, port};
use wasm_bindgen::prelude::JsValue;

pub(crate) struct JsState(Host);

impl JsState {
    /// Takes an object with `read`, `scan` and `write`.
    pub(crate) fn new(object: JsValue) -> Parsed<Self> {
        Host::new(object, "state", ErrorKind::State, &["read", "scan", "write"]).map(Self)
    }
}

/// Makes a list of keys. They are ASCII without control characters: one text that is taken apart over there costs less than many.
fn list_of(keys: &[String]) -> JsValue {
    if keys.is_empty() { Array::new().into() } else { JsString::from(keys.join("\n")).split("\n").into() }
}

#[apply(port!)]
impl State for JsState {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.0.ask_list("read", arguments(&[list_of(&keys)]), |value| read::if_given(value, read::bytes)).await
    }

    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        let after = after.map_or(JsValue::UNDEFINED, JsValue::from);
        self.0.ask_list("scan", arguments(&[prefix.into(), after, limit.into()]), from_host::record).await
    }

    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        self.0.ask("write", arguments(&[write::list(&batch, to_host::record)])).await.map(drop)
    }
}
