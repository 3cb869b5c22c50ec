//! Kitestring for JavaScript: a plain object is the host.
//!
//! Every call returns a promise over a clone of the handle. An exported `async fn(&self)` would borrow the
//! handle until it ends, so that `free()` inside a callback would fail.
#![cfg(target_arch = "wasm32")]

mod application;
mod convert;
mod error;
mod face;
mod runtime;

use application::JsApplication;
use convert::{Parsed, read, write};
use js_sys::{Promise, futures::future_to_promise};
use kitestring::{BoxFuture, Error, ErrorKind, MemoryDrive, MemoryState, Options, Result, SyncOptions};
use runtime::JsRuntime;
use std::{future::Future, sync::Arc};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Storage that several clients share.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Drive(Arc<dyn kitestring::Drive>);

#[wasm_bindgen]
impl Drive {
    /// Makes an empty drive that is gone with the module.
    pub fn memory() -> Self {
        Self(Arc::new(MemoryDrive::new()))
    }
}

/// The client's own memory.
#[wasm_bindgen]
#[derive(Clone)]
pub struct State(Arc<dyn kitestring::State>);

#[wasm_bindgen]
impl State {
    /// Makes an empty state that is gone with the module.
    pub fn memory() -> Self {
        Self(Arc::new(MemoryState::new()))
    }
}

/// One device's instance.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Client(kitestring::Client);

#[wasm_bindgen]
impl Client {
    /// Opens a client. `application` is any object with the methods of the interface `Application`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Client>")]
    pub fn open(
        #[wasm_bindgen(unchecked_param_type = "Application | PartsApplication")] application: JsValue,
        state: &State,
        drive: &Drive,
    ) -> Promise {
        let (state, drive) = (state.0.clone(), drive.0.clone());
        promise(async move {
            let application = Arc::new(input("open", JsApplication::new(application))?);
            let options = Options::new(Arc::new(JsRuntime));
            let client = kitestring::Client::open(application, state, drive, options).await?;
            Ok(JsValue::from(Self(client)))
        })
    }

    /// Queues one change: `{ id, revision, action: "put" | "delete" }`. Durable when the promise is fulfilled.
    #[wasm_bindgen(js_name = queueChange, unchecked_return_type = "Promise<void>")]
    pub fn queue_change(&self, #[wasm_bindgen(unchecked_param_type = "Change")] change: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            client.queue_change(input("queue_change", read::change(&change))?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Syncs.
    #[wasm_bindgen(unchecked_return_type = "Promise<Report>")]
    pub fn sync(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::report(&client.sync(SyncOptions::default()).await?)) })
    }

    /// Lists the conflicts that wait.
    #[wasm_bindgen(unchecked_return_type = "Promise<Conflict[]>")]
    pub fn conflicts(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.conflicts().await?, write::conflict)) })
    }

    /// Settles a conflict as it was shown.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn resolve(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Conflict")] seen: JsValue,
        #[wasm_bindgen(unchecked_param_type = "Resolution")] resolution: JsValue,
    ) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let seen = input("resolve", read::conflict(&seen))?;
            let resolution = input("resolve", read::resolution(&resolution))?;
            client.resolve(seen, resolution).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Closes the client; a running sync ends with `cancelled`.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Boxed, so that the many moves of a large future on its way into a promise do not fill the small stack.
fn promise(work: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    let work: BoxFuture<'static, Result<JsValue>> = Box::pin(work);
    future_to_promise(async move { work.await.map_err(|e| error::to_js(&e)) })
}

fn input<T>(operation: &'static str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|detail| Error::new(ErrorKind::InvalidInput, operation, detail))
}
