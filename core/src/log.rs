//! The log hook: what the client does, for a developer. Names of documents and files may appear; content,
//! tokens and keys never do.

use crate::maybe_send::{MaybeSend, MaybeSync};
use std::sync::Arc;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Debug,
    /// What a sync did.
    Info,
    /// Something was healed or left out.
    Warn,
}

/// Receives log lines.
#[cfg(not(target_arch = "wasm32"))]
pub type LogFn = dyn Fn(Level, &str) + Send + Sync;
/// Receives log lines.
#[cfg(target_arch = "wasm32")]
pub type LogFn = dyn Fn(Level, &str);

/// A place to log to; silent by default.
#[derive(Clone, Default)]
pub struct Log(Option<Arc<LogFn>>);

impl Log {
    /// Logs to `hook`.
    pub fn new(hook: impl Fn(Level, &str) + MaybeSend + MaybeSync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Logs a line, made only if somebody listens.
    pub(crate) fn line(&self, level: Level, line: impl FnOnce() -> String) {
        if let Some(hook) = &self.0 {
            hook(level, &line());
        }
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}
