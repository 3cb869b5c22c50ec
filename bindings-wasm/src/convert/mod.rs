//! Plain JavaScript values and the core's types, both ways.
//!
//! An id or a revision keeps its spelling: a host that gave the number 7 sees the number 7.

pub(crate) mod read;
pub(crate) mod write;

use js_sys::Number;

/// A value, or one sentence about what is wrong with it.
pub(crate) type Parsed<T> = Result<T, String>;

fn number_text(number: &Number) -> String {
    number.to_string_with_radix(10).map(String::from).unwrap_or_default()
}
