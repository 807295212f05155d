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
/// With keyed assignment a request here is a key, and what counts by request stands in [`ByRequest`].
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
    /// With keyed assignment, what is not said by the keys.
    pub by_request: Option<ByRequest<'a>>,
}

/// What an arm did beside the comparison, with keyed assignment.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByRequest<'a> {
    /// Keys that have gone without a failure for long enough: not every key with a success is good.
    pub good_keys: u64,
    /// How requests ended, whoever asked; of the canary's failures, each client's first since its last success.
    pub pulse: Attempts,
    /// Of each key's first request at the weight, those that failed.
    pub first_failed: u64,
    /// Those that were answered, by latency.
    pub first_answered: &'a [u64],
    /// Those whose client left before the answer, by how long it had waited.
    pub first_abandoned: &'a [u64],
}

// === impl ArmSample ===

impl<'a> ArmSample<'a> {
    /// Failures and successes, to be compared with those of the other arm.
    pub(super) fn outcomes(&self) -> Tally {
        let good = self.by_request.map(|by_request| by_request.good_keys);
        Tally { bad: self.failures(), good: good.unwrap_or_else(|| count(self.histograms())) }
    }

    /// Failures and successes, to be held against an absolute limit, which is one of requests: with keyed assignment,
    /// the first of each key. Any of a key's requests against all of them would be as bad as the worst of them.
    pub(super) fn answers(&self) -> Tally {
        let bad = self.by_request.map_or(self.failures(), |by_request| by_request.first_failed);
        Tally { bad, good: count(self.answered()) }
    }

    /// What a canary that is dead is known by. What was dropped unanswered is no answer here.
    pub(super) fn attempts(&self) -> Attempts {
        if let Some(by_request) = self.by_request {
            return by_request.pulse;
        }
        let answered = count(self.histograms()).saturating_sub(self.unanswered);
        let failed = self.failed.saturating_add(self.unanswered);
        Attempts { refused: self.refused, failed, answered, again: 0 }
    }

    /// The successes of [`Self::answers`] by latency, in parts.
    pub(super) fn answered(&self) -> [&'a [u64]; 1 + Metric::LATENCIES.len()] {
        let [p50, p90, p99] = self.overdue;
        self.by_request.map_or([self.successes, p50, p90, p99], |first| [first.first_answered, &[], &[], &[]])
    }

    /// Who left before one of those was answered.
    pub(super) fn gave_up(&self) -> &'a [u64] {
        self.by_request.map_or(self.abandoned, |first| first.first_abandoned)
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

fn count<'a>(histograms: impl IntoIterator<Item = &'a [u64]>) -> u64 {
    histograms.into_iter().map(latency::total).fold(0, u64::saturating_add)
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
