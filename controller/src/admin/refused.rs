//! How often the wrong token came, told in the log at a rate that nobody else decides.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The log tells of it at most so often.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Requests without the right token.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    requests: u64,
    told_at: Option<Instant>,
}

// === impl Refused ===

impl Refused {
    /// Counts one more, and tells of all that have come since the last line if it is time to.
    pub(super) fn note(&self, peer: IpAddr, now: Instant) {
        // Nothing here can panic; a number would be no worse for it.
        let requests = self.0.lock().unwrap_or_else(PoisonError::into_inner).note(now);
        if let Some(requests) = requests {
            tracing::warn!(%peer, requests, "control interface: no token, or a wrong one");
        }
    }
}

// === impl Untold ===

impl Untold {
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.requests += 1;
        if self.told_at.is_some_and(|told_at| now.saturating_duration_since(told_at) < TOLD_EVERY) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.requests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_flood_of_guesses_is_a_line_a_minute() {
        let (mut untold, start) = (Untold::default(), clock::now());
        let told = |at| untold.note(start + Duration::from_millis(at));
        let told: Vec<_> = (0..180_000).step_by(100).filter_map(told).collect();
        assert_eq!(told, [1, 600, 600]);
    }
}
