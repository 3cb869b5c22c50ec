//! The client of db-to-cloud: its protocol is the core's, its face is the package's own `compat` files.

mod drive;
mod program;

use crate::{
    convert::{read, write},
    input, promise,
    runtime::JsRuntime,
};
use drive::Verbs;
use js_sys::Promise;
use kitestring::last_writer::{LastWriter, Memory, Standing};
use program::Program;
use std::{sync::Arc, time::Duration};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// One device's instance over one drive.
#[wasm_bindgen]
pub struct Compat(Arc<LastWriter>);

#[wasm_bindgen]
impl Compat {
    /// Takes what the package makes of the host's callbacks, and of its drive.
    pub fn open(program: JsValue, drive: JsValue) -> Promise {
        promise(async move {
            let program = Arc::new(input("open", Program::new(program))?);
            let drive = Arc::new(input("open", Verbs::new(drive))?);
            Ok(Self(Arc::new(LastWriter::new(program, drive, Arc::new(JsRuntime)))).into())
        })
    }

    /// Makes a name for a hold of the lock.
    #[wasm_bindgen(js_name = newHold)]
    pub fn new_hold(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { client.new_hold().map(JsValue::from) })
    }

    /// Takes the lock for so many milliseconds; `left` is the hold that an interrupted sync may have left.
    pub fn acquire(&self, lasts_ms: f64, hold: String, left: Option<String>) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let lasts = Duration::try_from_secs_f64(lasts_ms / 1000.0).unwrap_or_default();
            client.acquire(lasts, hold, left).await.map(|()| JsValue::UNDEFINED)
        })
    }

    /// Releases the lock.
    pub fn release(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { client.release().await.map(|()| JsValue::UNDEFINED) })
    }

    /// Syncs from where the client stands: `{ lastChange, memory }`. A memory that makes no sense is none.
    pub fn sync(&self, standing: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let last_change = input("sync", read::optional(&standing, "lastChange", read::count))?;
            let memory = input("sync", read::optional(&standing, "memory", read::text))?;
            let memory: Memory = memory.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            client.sync(Standing { last_change, memory }).await.map(|()| JsValue::UNDEFINED)
        })
    }
}

/// What the package makes durable.
fn standing_to_js(standing: &Standing, done: usize, keep: &[String]) -> JsValue {
    write::object(&[
        ("lastChange", standing.last_change.map_or(JsValue::UNDEFINED, |count| (count as f64).into())),
        // A memory is JSON all through: making its text cannot fail.
        ("memory", serde_json::to_string(&standing.memory).unwrap_or_default().into()),
        ("done", (done as f64).into()),
        ("keep", write::list(keep, |change| change.as_str().into())),
    ])
}
