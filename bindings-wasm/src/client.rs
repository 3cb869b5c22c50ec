//! The client: each method reads its arguments, calls the core's, and writes the answer.

use crate::{
    application::JsApplication,
    cancel::Cancel,
    convert::{Parsed, from_host, read, to_host, write},
    drive::JsDrive,
    input, promise, setup,
    state::JsState,
};
use js_sys::Promise;
use kitestring::{Result, SyncOptions};
use std::sync::Arc;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// One device's instance.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Client(pub(crate) kitestring::Client);

#[wasm_bindgen]
impl Client {
    /// Opens a client: `{ application, state, drive, ... }`.
    pub fn open(setup: JsValue) -> Promise {
        promise(async move {
            let port = |name| input("open", read::required(&setup, name, |value| Ok(value.clone())));
            let application = Arc::new(input("open", JsApplication::new(port("application")?))?);
            let state = Arc::new(input("open", JsState::new(port("state")?))?);
            let drive = Arc::new(input("open", JsDrive::new(port("drive")?))?);
            let options = input("open", setup::options(&setup))?;
            let client = kitestring::Client::open(application, state, drive, options).await?;
            Ok(JsValue::from(Self(client)))
        })
    }

    /// Queues changes in one durable step.
    #[wasm_bindgen(js_name = queueChanges)]
    pub fn queue_changes(&self, changes: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            client.queue_changes(input("queue_change", read::list(&changes, from_host::change))?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Syncs.
    pub fn sync(&self, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, options) = (self.0.clone(), with_cancel("sync", setup::sync_options(&options), cancel));
        promise(async move { Ok(to_host::report(&client.sync(options?).await?)) })
    }

    /// Compares the host with what was last agreed.
    pub fn reconcile(&self, options: JsValue, cancel: &Cancel) -> Promise {
        let (client, options) = (self.0.clone(), with_cancel("reconcile", setup::sync_options(&options), cancel));
        promise(async move { Ok(to_host::reconciled(&client.reconcile(options?).await?)) })
    }

    /// Lists the conflicts that wait.
    pub fn conflicts(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(write::list(&client.conflicts().await?, to_host::conflict)) })
    }

    /// Gives the contents of a conflict.
    pub fn versions(&self, id: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(to_host::versions(&client.versions(input("versions", from_host::id(&id))?).await?)) })
    }

    /// Settles a conflict as it was shown.
    pub fn resolve(&self, seen: JsValue, resolution: JsValue) -> Promise {
        let client = self.0.clone();
        promise(async move {
            let seen = input("resolve", from_host::conflict(&seen))?;
            client.resolve(seen, input("resolve", from_host::resolution(&resolution))?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Says what the client knows, without a request.
    pub fn status(&self) -> Promise {
        let client = self.0.clone();
        promise(async move { Ok(to_host::status(&client.status().await?)) })
    }

    /// Closes the client; a running sync ends with `cancelled`.
    pub fn close(&self) {
        self.0.close();
    }
}

pub(crate) fn with_cancel(operation: &'static str, options: Parsed<SyncOptions>, cancel: &Cancel) -> Result<SyncOptions> {
    Ok(SyncOptions { cancel: Some(cancel.0.clone()), ..input(operation, options)? })
}
