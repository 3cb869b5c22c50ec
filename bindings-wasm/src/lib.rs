//! Kitestring for JavaScript, below the package's own `.js` files: plain objects are the ports.
//!
//! Each of these features is a module of its own: `journal`, `sealed`, `care` and `classic`, which are clients, `compat`, and one for
//! each drive. What they export is for those files only. Every call returns a promise over a clone of the handle: an exported `async fn(&self)` would borrow the
//! handle until it ends, so that `free()` inside a callback would fail.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::arc_with_non_send_sync, reason = "one thread here; the core shares its ports by `Arc` on every target")]

#[cfg(feature = "client")]
mod application;
#[cfg(feature = "client")]
mod cancel;
#[cfg(feature = "care")]
mod care;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "compat")]
mod compat;
mod convert;
#[cfg(feature = "client")]
mod drive;
mod error;
mod host;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "journal")]
mod journal;
#[cfg(feature = "sealed")]
mod keys;
mod runtime;
#[cfg(feature = "http")]
mod served;
#[cfg(feature = "client")]
mod setup;
#[cfg(feature = "client")]
mod state;
#[cfg(feature = "care")]
mod transfer;

use convert::Parsed;
use js_sys::{Promise, futures::future_to_promise};
use kitestring::{BoxFuture, Error, ErrorKind, Result};
use std::future::Future;
use wasm_bindgen::prelude::JsValue;

/// Boxed, so that the many moves of a large future on its way into a promise do not fill the small stack.
fn promise(work: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    let work: BoxFuture<'static, Result<JsValue>> = Box::pin(work);
    start(work)
}

fn start(work: BoxFuture<'static, Result<JsValue>>) -> Promise {
    future_to_promise(async move { work.await.map_err(|e| error::to_js(&e)) })
}

fn input<T>(operation: &'static str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|detail| Error::new(ErrorKind::InvalidInput, operation, detail))
}
