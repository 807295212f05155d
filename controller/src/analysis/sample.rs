//! What the ledgers hand over: outcomes of requests that were routed at one weight.

use super::breaker::Attempts;
use super::counts::{Arms, Tally};
use super::latency;
use super::metric::Metric;

/// What the ledgers scored since the last sample, of requests routed at one weight.
pub type Sample<'a> = Arms<ArmSample<'a>>;

/// One arm's part of a sample. Latencies come in the buckets of the edges that the judge was made with; an empty slice
/// is a histogram without counts.
///
/// With keyed assignment a request here is a key: its first failure, its first success, and that it was good.
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
    /// Successes by latency that had reached thresholds while they were open: the first alone, the first two, or all.
    pub overdue: [&'a [u64]; Metric::LATENCIES.len()],
    /// Clients that left before the answer, by how long they had waited: the answer would have been slower.
    pub abandoned: &'a [u64],
    /// How many requests were good, where it is not every success: with keyed assignment a key is good once it has gone
    /// without a failure for long enough.
    pub good: Option<u64>,
    /// With keyed assignment, how many clients had their first failure since the last sample.
    pub failed_keys: Option<u64>,
}

// === impl ArmSample ===

impl<'a> ArmSample<'a> {
    /// Failures and successes, to be compared with those of the other arm.
    pub(super) fn outcomes(&self) -> Tally {
        let answers = self.answers();
        Tally { good: self.good.unwrap_or(answers.good), ..answers }
    }

    /// Failures and successes, to be held against an absolute limit: a success counts as soon as a failure does. A key
    /// that is good is known to be so much later than one that is bad; in a comparison both arms wait alike, and here
    /// the bad would come alone at first.
    pub(super) fn answers(&self) -> Tally {
        Tally { bad: self.failures(), good: self.histograms().map(latency::total).fold(0, u64::saturating_add) }
    }

    /// What a canary that is dead is known by. What was dropped unanswered is no answer here.
    pub(super) fn attempts(&self) -> Attempts {
        let answered = self.answers().good.saturating_sub(self.unanswered);
        Attempts { refused: self.refused, failed: self.failed.saturating_add(self.unanswered), answered }
    }

    /// All failures.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.refused.saturating_add(self.failed)
    }

    /// Every success by latency, in parts.
    pub(super) fn histograms(&self) -> impl Iterator<Item = &'a [u64]> + use<'a> {
        std::iter::once(self.successes).chain(self.overdue)
    }
}

// === impl Arms ===

impl<T> Arms<T> {
    /// The same of both arms.
    pub(super) fn map<U>(&self, of: impl Fn(&T) -> U) -> Arms<U> {
        Arms { canary: of(&self.canary), stable: of(&self.stable) }
    }
}

impl Arms<ArmSample<'_>> {
    /// Failures and successes of both arms.
    pub(super) fn outcomes(&self) -> Arms<Tally> {
        self.map(ArmSample::outcomes)
    }
}
