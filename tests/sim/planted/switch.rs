//! Which planted bug is on: one at a time in each thread. Exists in the copy of the core that `cargo xtask planted`
//! makes, and nowhere else.

use std::cell::Cell;

thread_local! {
    static CHOSEN: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Turns a bug on in this thread, or all off.
pub fn choose(name: Option<&'static str>) {
    CHOSEN.set(name);
}

/// Whether this bug is on in this thread.
pub fn is(name: &str) -> bool {
    CHOSEN.get() == Some(name)
}
