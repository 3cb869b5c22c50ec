//! What people and programs get to see.

pub(crate) mod aside;
pub(crate) mod diff;
pub(crate) mod error;
pub(crate) mod json;
pub(crate) mod progress;
pub(crate) mod quote;
pub(crate) mod summary;

use anstyle::{AnsiColor, Style};
use std::{fmt, io::Write as _};

/// Good news.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Something waits for the user.
pub(crate) const NOTICE: Style = AnsiColor::Yellow.on_default().bold();
/// Something failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// A command to type.
pub(crate) const COMMAND: Style = AnsiColor::Cyan.on_default();
/// What need not be read.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Prints a line to stdout. A reader that went away is no error: it has what it wanted.
pub(crate) fn line(text: impl fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints a line to stderr.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Puts a text in a style.
pub(crate) fn styled(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
