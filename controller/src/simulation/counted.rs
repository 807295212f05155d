//! Outcomes of one arm that the judge has not seen yet.

use canary_proxy::histogram::{BUCKETS, Counts};

use crate::analysis::{ArmSample, Arms, Sample};

/// Failures, and successes by bucket of [`canary_proxy::histogram::EDGES_US`].
#[derive(Clone, Debug)]
pub struct Counted {
    /// Requests that failed.
    pub failed: u64,
    /// Requests that succeeded.
    pub succeeded: u64,
    /// The same by latency.
    pub buckets: Counts,
}

// === impl Counted ===

impl Default for Counted {
    fn default() -> Self {
        Self { failed: 0, succeeded: 0, buckets: [0; BUCKETS] }
    }
}

impl Counted {
    /// All of them.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.failed + self.succeeded
    }

    /// One success more.
    pub(super) fn succeed(&mut self, bucket: usize) {
        self.succeeded += 1;
        self.buckets[bucket] += 1;
    }

    /// Nothing. Only so many buckets have ever been used.
    pub(super) fn clear(&mut self, reach: usize) {
        (self.failed, self.succeeded) = (0, 0);
        self.buckets[..reach].fill(0);
    }

    fn sample(&self, reach: usize) -> ArmSample<'_> {
        ArmSample { failed: self.failed, successes: &self.buckets[..reach], ..ArmSample::default() }
    }
}

// === impl Arms ===

impl Arms<Counted> {
    pub(super) const fn is_nothing(&self) -> bool {
        self.canary.requests() == 0 && self.stable.requests() == 0
    }

    pub(super) fn sample(&self, reach: usize) -> Sample<'_> {
        Arms { canary: self.canary.sample(reach), stable: self.stable.sample(reach) }
    }
}
