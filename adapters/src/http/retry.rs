//! When a request is sent again, and after how long.

use super::{Repeat, Response};
use httpdate::parse_http_date;
use kitestring::{Result, Runtime};
use std::time::{Duration, SystemTime};

/// The longest wait before the first repetition; it doubles with each.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait of all.
const LONGEST: Duration = Duration::from_secs(32);

/// Whether a request whose answer had this status may be sent again; none stands for no answer.
pub(super) fn may_repeat(repeat: Repeat, status: Option<u16>) -> bool {
    match status {
        // Neither carried out: too many requests; or another request holds the file (Nextcloud, of overlapping writes).
        Some(429 | 423) => true,
        // Not 500: whatever the server's fault is, it is seldom over a second later.
        Some(408 | 425 | 502 | 503 | 504) | None => repeat == Repeat::Freely,
        Some(_) => false,
    }
}

/// How long to wait before the request is sent for the (`repetition` + 1)th time again: anything from zero to a bound that
/// doubles. This "full jitter" keeps many clients apart that failed at the same moment (AWS architecture blog, "Exponential
/// Backoff And Jitter"); `backon` adds its jitter on top of a delay instead, and takes it from elsewhere than the runtime.
pub(super) fn delay(runtime: &dyn Runtime, repetition: u32) -> Result<Duration> {
    let bound = FIRST.saturating_mul(1 << repetition.min(16)).min(LONGEST);
    let mut random = [0; 4];
    runtime.random(&mut random)?;
    Ok(bound.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)))
}

/// How long the service asks to wait: seconds or a date (RFC 9110, 10.2.3), by the clock of the service if it says what time
/// it is there.
pub(super) fn retry_after(response: &Response, runtime: &dyn Runtime) -> Option<Duration> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_http_date(value).ok()?;
    let now = response.header("date").and_then(|date| parse_http_date(date.trim()).ok());
    let now = now.unwrap_or_else(|| SystemTime::UNIX_EPOCH + runtime.wall());
    Some(until.duration_since(now).unwrap_or_default())
}
