//! What the ledgers hand over: outcomes of requests that were routed at one weight.

use super::counts::{Arms, Tally};
use super::latency;

/// What the ledgers scored since the last sample, of requests routed at one weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample<'a> {
    /// Failures.
    pub errors: Arms<u64>,
    /// Successes by latency, in the buckets of the edges that the judge was made with.
    pub successes: Arms<&'a [u64]>,
}

// === impl Sample ===

impl Sample<'_> {
    /// Failures and successes of both arms.
    pub(super) fn outcomes(&self) -> Arms<Tally> {
        let tally = |bad: u64, successes: &[u64]| Tally { bad, good: latency::total(successes) };
        Arms {
            canary: tally(self.errors.canary, self.successes.canary),
            stable: tally(self.errors.stable, self.successes.stable),
        }
    }
}
