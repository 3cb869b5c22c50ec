//! Names of fields as JavaScript has them, each made once: making one costs more than what is done with it.

use std::cell::RefCell;
use wasm_bindgen::prelude::JsValue;

/// Where a name lies in the module, and its length.
type Place = (usize, usize);

thread_local! {
    /// In the order of their places.
    static NAMES: RefCell<Vec<(Place, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// Returns a name. It is no borrow: a host's getter may call back while it is used.
pub(super) fn field(name: &'static str) -> JsValue {
    let place = (name.as_ptr() as usize, name.len());
    NAMES.with_borrow_mut(|names| match names.binary_search_by_key(&place, |(known, _)| *known) {
        Ok(at) => names.get(at).map_or(JsValue::UNDEFINED, |(_, made)| made.clone()),
        Err(at) => {
            let made = JsValue::from(name);
            names.insert(at, (place, made.clone()));
            made
        }
    })
}
