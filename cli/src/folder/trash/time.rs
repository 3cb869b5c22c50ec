//! Times in UTC: in the names of the trash, and for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes a time as `2026-11-20T16-53-23Z`: sortable, and a file name everywhere.
pub(crate) fn utc_stamp(time: SystemTime) -> String {
    let ((year, month, day), (hour, minute, second)) = utc(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}Z")
}

/// Writes a time as `2026-11-20 16:53:23 UTC`, for people.
pub(crate) fn utc_text(time: SystemTime) -> String {
    let ((year, month, day), (hour, minute, second)) = utc(time);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

type Triple = (u64, u64, u64);

/// Takes a time apart: year, month, day; hour, minute, second.
fn utc(time: SystemTime) -> (Triple, Triple) {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    (civil(seconds / 86_400), (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60))
}

/// Turns days since the Unix epoch into year, month and day, counting years from March so that the leap day
/// is the last (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> Triple {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Reads a time back from the beginning of a name. Returns the rest of the name, too; none if there is no time.
pub(super) fn read_stamp(name: &str) -> Option<(SystemTime, &str)> {
    let (stamp, rest) = (name.get(..20)?, name.get(20..)?);
    let number = |range: std::ops::Range<usize>| stamp.get(range)?.parse::<u64>().ok();
    let days = days(number(0..4)?, number(5..7)?, number(8..10)?)?;
    let seconds = ((days * 24 + number(11..13)?) * 60 + number(14..16)?) * 60 + number(17..19)?;
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    // What is written otherwise, or no time at all, is not ours.
    (utc_stamp(time) == stamp).then_some((time, rest))
}

/// Turns a date into days since the Unix epoch: the way back from [`civil`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (era, year_of_era) = (year / 400, year % 400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * from_march + 2) / 5 + day.checked_sub(1)?;
    (era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_utc_and_come_back() {
        for (seconds, stamp) in [
            (0, "1970-01-01T00-00-00Z"),
            (951_782_400, "2000-02-29T00-00-00Z"),
            (1_767_225_599, "2025-12-31T23-59-59Z"),
            (4_102_444_800, "2100-01-01T00-00-00Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(utc_stamp(time), stamp);
            assert_eq!(read_stamp(&format!("{stamp}-deleted-2")), Some((time, "-deleted-2")));
            assert_eq!(utc_text(time).replace(' ', "T").replace("TUTC", "Z").replace(':', "-"), stamp);
        }
        for day in 0..60_000 {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
    }

    #[test]
    fn what_is_no_time_is_left_alone() {
        for name in [
            "",
            "x",
            "2026-02-30T00-00-00Z",
            "2026-01-01T24-00-00Z",
            "2026-01-01 00-00-00Z",
            "2026-00-01T00-00-00Z",
            "+026-01-01T00-00-00Z",
            "1969-12-31T00-00-00Z",
            "2026-01-01T00-00-0\u{e9}",
        ] {
            assert_eq!(read_stamp(name), None, "{name}");
        }
    }
}
