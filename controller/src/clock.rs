//! The one place of the control plane that reads clocks. Decisions take what it says as `now`.

use std::time::{Instant, SystemTime};

/// The moment, for deadlines.
#[expect(clippy::disallowed_methods, reason = "the edge of the control plane: the engine's loop needs a now")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The date, for the audit trail.
#[expect(clippy::disallowed_methods, reason = "the edge of the control plane: records carry a date")]
pub(crate) fn today() -> SystemTime {
    SystemTime::now()
}
