//! What ends a running call from outside: the package connects it with an `AbortSignal`.

use kitestring::CancelToken;
use wasm_bindgen::prelude::wasm_bindgen;

/// Ends the call that it was given to.
#[wasm_bindgen]
#[derive(Default)]
pub struct Cancel(pub(crate) CancelToken);

#[wasm_bindgen]
impl Cancel {
    /// Makes one that is not cancelled.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels; a second time is harmless.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}
