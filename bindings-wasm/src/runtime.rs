//! Time and randomness of a JavaScript engine.

use js_sys::{Date, Function, Promise, futures::JsFuture};
use kitestring::{Error, ErrorKind, Result, Runtime, apply, port};
use std::time::Duration;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The longest time that `setTimeout` takes, in milliseconds; beyond it, it fires at once.
const MAX_TIMEOUT_MS: u128 = i32::MAX as u128;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

pub(crate) struct JsRuntime;

#[apply(port!)]
impl Runtime for JsRuntime {
    fn now(&self) -> Duration {
        since_ms(performance_now())
    }

    fn wall(&self) -> Duration {
        since_ms(Date::now())
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now() + duration;
        loop {
            let left = end.saturating_sub(self.now()).as_micros().div_ceil(1000).min(MAX_TIMEOUT_MS);
            if left == 0 {
                return;
            }
            let mut timer = Timer(JsValue::UNDEFINED);
            let fired = Promise::new(&mut |resolve, _reject| timer.0 = set_timeout(&resolve, left as f64));
            // A promise that only a timer settles is never rejected.
            let _ = JsFuture::from(fired).await;
        }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<()> {
        let detail = "this engine gives no random bytes; without them no id and no key can be made";
        getrandom::fill(bytes).map_err(|_| Error::new(ErrorKind::Unavailable, "random", detail))
    }
}

/// A timer that is cleared when its race is over: a live one keeps Node from exiting.
struct Timer(JsValue);

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

fn since_ms(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}
