//! Plain JavaScript values and the core's types, both ways.
//!
//! An id or a revision keeps its spelling: a host that gave the number 7 sees the number 7.

#[cfg(feature = "http")]
pub(crate) mod answers;
#[cfg(feature = "care")]
pub(crate) mod care;
mod field;
#[cfg(feature = "client")]
pub(crate) mod files;
#[cfg(feature = "client")]
pub(crate) mod from_host;
#[cfg(feature = "journal")]
pub(crate) mod journal;
pub(crate) mod read;
#[cfg(feature = "sealed")]
pub(crate) mod sealing;
#[cfg(feature = "client")]
pub(crate) mod to_host;
pub(crate) mod write;

/// A value, or one sentence about what is wrong with it.
pub(crate) type Parsed<T> = Result<T, String>;

/// How JavaScript spells a number.
#[cfg(feature = "client")]
fn number_text(number: f64) -> String {
    // As nearly all are: that takes no call.
    let whole = number as i64;
    if whole as f64 == number && whole.unsigned_abs() < 1 << 53 {
        return whole.to_string();
    }
    js_sys::Number::from(number).to_string_with_radix(10).map(String::from).unwrap_or_default()
}
