//! Dates in the file: RFC 3339 in UTC, as exact as a clock can be.

use std::time::SystemTime;

use super::failure::Fault;
use crate::date::nearest;

/// As exact as a clock can be.
pub(super) fn exact(at: SystemTime) -> String {
    humantime::format_rfc3339_nanos(nearest(at)).to_string()
}

/// What was written.
pub(super) fn parse(text: &str) -> Result<SystemTime, Fault> {
    humantime::parse_rfc3339(text).map_err(|error| Fault::Wrong(format!("`{text}` is no date: {error}")))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn an_exact_time_is_read_as_it_was_written() {
        let latest = nearest(UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 100));
        for at in [UNIX_EPOCH, UNIX_EPOCH + Duration::new(1_790_000_000, 123_456_789), latest] {
            assert_eq!(parse(&exact(at)).unwrap(), at);
        }
        assert!(parse("tomorrow").is_err());
    }
}
