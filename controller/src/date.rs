//! Dates in words: RFC 3339 in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second of the year 9999, beyond which RFC 3339 has no words.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// To the millisecond, for people. A clock may be wrong by any amount, and then the nearest time that can be written is.
pub(crate) fn to_the_millisecond(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(nearest(at)).to_string()
}

/// The nearest time that can be written.
pub(crate) fn nearest(at: SystemTime) -> SystemTime {
    UNIX_EPOCH + at.duration_since(UNIX_EPOCH).unwrap_or_default().min(LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_can_be_written() {
        for (at, text) in [
            (UNIX_EPOCH + Duration::from_millis(1_790_000_000_123), "2026-09-21T14:13:20.123Z"),
            (UNIX_EPOCH - Duration::from_secs(9), "1970-01-01T00:00:00.000Z"),
            (UNIX_EPOCH + 2 * LATEST, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(to_the_millisecond(at), text);
        }
    }
}
