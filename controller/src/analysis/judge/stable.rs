//! What is known of stable: before the rollout, and by now.

use std::time::Duration;

use super::Judge;
use crate::analysis::counts::Tally;
use crate::analysis::metric::Metric;

// === impl Judge ===

impl Judge {
    /// Stable's requests ended like this before the canary got any, by stable's own meters. Where the ledgers know less
    /// of stable, it sets the limit of probation, unless that goes by keys, and says what the breaker goes by. It does
    /// nothing once the canary has all requests.
    pub const fn know_stable(&mut self, tally: Tally) {
        self.known_of_stable = tally;
    }

    /// Stable's requests took so long before the canary got any, by bucket; an attempt that is timed as a whole is no
    /// shorter than its first byte, so that a canary is not called slow for it. Does nothing once there is a comparison.
    pub fn know_latencies(&mut self, before: &[u64]) {
        if self.weight.is_none() {
            self.latency.know_stable(before);
        }
    }

    /// Stable's 99th percentile to the first byte, once it is known.
    #[must_use]
    pub fn stable_p99(&self) -> Option<Duration> {
        self.latency.percentile(99).stable.filter(|_| self.latency.knows(Metric::LatencyP99))
    }
}
