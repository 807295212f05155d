//! What the ledgers hand over: outcomes of requests that were routed at one weight.

use super::counts::{Arms, Tally};
use super::latency;
use super::metric::Metric;

/// What the ledgers scored since the last sample, of requests routed at one weight.
pub type Sample<'a> = Arms<ArmSample<'a>>;

/// One arm's part of a sample. Latencies come in the buckets of the edges that the judge was made with; an empty slice
/// is a histogram without counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArmSample<'a> {
    /// Requests for which no connection could be had.
    pub refused: u64,
    /// Requests that failed in another way.
    pub failed: u64,
    /// Requests that were dropped without an answer. They are among the successes too, as slower than every threshold:
    /// slow, and no failures.
    pub unanswered: u64,
    /// Successes by latency, but for those below.
    pub successes: &'a [u64],
    /// Requests that are still open and have reached the threshold of each metric of latency since the last sample.
    pub became_overdue: [u64; Metric::LATENCIES.len()],
    /// Successes by latency that had reached the first threshold, or the first two, while they were open.
    pub overdue: [&'a [u64]; Metric::LATENCIES.len() - 1],
    /// Successes that had reached every threshold while they were open.
    pub overdue_by_all: u64,
    /// Clients that left before the answer, by how long they had waited: the answer would have been slower.
    pub abandoned: &'a [u64],
    /// How many requests were good, where it is not every success: with keyed assignment a key is good once it has gone
    /// without a failure for long enough.
    pub good: Option<u64>,
}

// === impl ArmSample ===

impl ArmSample<'_> {
    /// Failures and successes.
    pub(super) fn outcomes(&self) -> Tally {
        let overdue: u64 = self.overdue.iter().map(|buckets| latency::total(buckets)).sum();
        let successes = latency::total(self.successes) + overdue + self.overdue_by_all;
        Tally { bad: self.failures(), good: self.good.unwrap_or(successes) }
    }

    /// All failures.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.refused + self.failed
    }
}

// === impl Arms ===

impl Arms<ArmSample<'_>> {
    /// Failures and successes of both arms.
    pub(super) fn outcomes(&self) -> Arms<Tally> {
        Arms { canary: self.canary.outcomes(), stable: self.stable.outcomes() }
    }
}
