//! The log hook: what the client does, for a developer. Names of documents and files may appear; content,
//! tokens and keys never do.

use crate::maybe_send::{MaybeSend, MaybeSync};
use std::{borrow::Cow, sync::Arc};

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

    /// Logs a line, made only if somebody listens. Names are whatever somebody chose, so that what would end the line or move
    /// a cursor is escaped.
    pub(crate) fn line(&self, level: Level, line: impl FnOnce() -> String) {
        if let Some(hook) = &self.0 {
            hook(level, &in_one_line(&line()));
        }
    }
}

fn in_one_line(text: &str) -> Cow<'_, str> {
    // The second group ends lines or turns the direction of what follows.
    let is_order = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_order) {
        return text.into();
    }
    text.chars()
        .fold(String::new(), |mut line, c| {
            if is_order(c) {
                line.extend(c.escape_default())
            } else {
                line.push(c)
            }
            line
        })
        .into()
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn whatever_something_is_called_a_line_is_one_line() {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let to = lines.clone();
        let log = Log::new(move |_, line| to.lock().unwrap().push(line.to_owned()));
        log.line(Level::Info, || "é\u{1b}[2J\n\u{202e}x".to_owned());
        log.line(Level::Info, || "日本語, as it is".to_owned());
        assert_eq!(*lines.lock().unwrap(), ["é\\u{1b}[2J\\n\\u{202e}x", "日本語, as it is"]);
    }
}
