//! The one place of the data plane that reads clocks.

use std::time::{Instant, SystemTime};

/// The moment, for measuring.
#[expect(clippy::disallowed_methods, reason = "the edge of the data plane: latencies are measured here")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The date, for the access log.
#[expect(clippy::disallowed_methods, reason = "the edge of the data plane: log lines carry a date")]
pub(crate) fn today() -> SystemTime {
    SystemTime::now()
}
