//! The one place of this crate that reads clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A point in time that several processes of one machine can compare: microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

/// A text that is no date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no RFC 3339 date in UTC")]
pub struct NoDate(String);

// === impl Moment ===

impl Moment {
    /// This moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "measuring from outside needs the clock that all processes share")]
    pub fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// So many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Reads an RFC 3339 date in UTC, such as `2026-05-04T03:02:01.123Z`.
    ///
    /// # Errors
    /// The text is no such date.
    pub fn from_rfc3339(text: &str) -> Result<Self, NoDate> {
        humantime::parse_rfc3339(text).map(Self::of).map_err(|_| NoDate(text.into()))
    }

    /// How long this is after an earlier moment; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment so much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The moment so much earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    fn of(time: SystemTime) -> Self {
        Self(micros(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

/// An instant to count from.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock that nobody sets")]
pub fn now() -> Instant {
    Instant::now()
}

/// How long this takes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock that nobody sets")]
pub fn took(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_fraction_of_a_second() {
        let moment = |text: &str| Moment::from_rfc3339(text).expect(text);
        assert_eq!(moment("1970-01-01T00:00:01.25Z"), Moment::from_micros(1_250_000));
        assert_eq!(
            moment("2026-05-04T03:02:01.123456Z").since(moment("2026-05-04T03:02:01Z")),
            Duration::from_micros(123_456)
        );
        assert_eq!(Moment::from_rfc3339("yesterday"), Err(NoDate("yesterday".into())));
    }
}
