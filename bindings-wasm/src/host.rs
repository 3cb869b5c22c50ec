//! A plain JavaScript object as a port: its methods may be plain or async, and are called with the object as `this`.

use crate::{
    convert::Parsed,
    error::{mistyped, thrown},
};
use js_sys::{Array, Function, Promise, Reflect, futures::JsFuture};
use kitestring::{Error, ErrorKind, Result};
use wasm_bindgen::prelude::{JsCast, JsValue};

/// An object of the host, and what a failure of it is.
pub(crate) struct Host {
    object: JsValue,
    port: &'static str,
    failure: ErrorKind,
}

impl Host {
    /// Takes an object that has these methods. `port` is what people call it.
    pub(crate) fn new(object: JsValue, port: &'static str, failure: ErrorKind, methods: &[&str]) -> Parsed<Self> {
        let this = Self { object, port, failure };
        match methods.iter().find(|name| !this.has(name)) {
            Some(name) => Err(format!("the {port} has no method `{name}`")),
            None => Ok(this),
        }
    }

    /// Whether the object has this method.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.method(name).is_some()
    }

    fn method(&self, name: &str) -> Option<Function> {
        Reflect::get(&self.object, &name.into()).ok()?.dyn_into().ok()
    }

    /// Makes the error of what a method threw.
    pub(crate) fn thrown(&self, name: &'static str, what: JsValue) -> Error {
        thrown(&self.failure, name, what)
    }

    /// Makes the error of an answer that is not what the method promises.
    pub(crate) fn mistyped(&self, name: &'static str, detail: &str) -> Error {
        mistyped(&self.failure, self.port, name, detail)
    }

    /// Calls a method and awaits its answer.
    pub(crate) async fn ask(&self, name: &'static str, arguments: Array) -> Result<JsValue> {
        let Some(method) = self.method(name) else {
            return Err(self.mistyped(name, "it has no such method"));
        };
        let answer = method.apply(&self.object, &arguments).map_err(|e| self.thrown(name, e))?;
        JsFuture::from(Promise::resolve(&answer)).await.map_err(|e| self.thrown(name, e))
    }

    /// Calls a method, and reads its answer.
    pub(crate) async fn ask_for<T>(&self, name: &'static str, arguments: Array, read: fn(&JsValue) -> Parsed<T>) -> Result<T> {
        let answer = self.ask(name, arguments).await?;
        read(&answer).map_err(|detail| self.mistyped(name, &detail))
    }

    /// Calls a method, and reads its answer as a list.
    #[cfg(any(feature = "client", feature = "compat"))]
    pub(crate) async fn ask_list<T>(&self, name: &'static str, arguments: Array, one: fn(&JsValue) -> Parsed<T>) -> Result<Vec<T>> {
        let answer = self.ask(name, arguments).await?;
        crate::convert::read::list(&answer, one).map_err(|detail| self.mistyped(name, &detail))
    }
}

/// Makes the arguments of a call.
pub(crate) fn arguments(values: &[JsValue]) -> Array {
    values.iter().collect()
}
