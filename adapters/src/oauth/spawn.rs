//! Work that goes on although nobody waits for it any longer.

use kitestring::BoxFuture;
use std::sync::Arc;

/// Runs a future to its end, apart from whoever started it.
///
/// A refresh is such work: a service that gives each refresh token once has forgotten the old one before the answer comes, and
/// whoever gave up in between would lose the sign-in.
#[cfg(not(target_arch = "wasm32"))]
pub type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;
/// Runs a future to its end, apart from whoever started it.
#[cfg(target_arch = "wasm32")]
pub type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>)>;

/// The [`Spawn`] of a native program, under any executor: a thread for as long as the work lasts. Where the system gives none,
/// the work is dropped, and whoever waits for it is told.
#[cfg(not(target_arch = "wasm32"))]
pub fn detached() -> Spawn {
    Arc::new(|work| {
        let thread = std::thread::Builder::new().name("kitestring-tokens".to_owned());
        let _ = thread.spawn(move || async_io::block_on(work));
    })
}
