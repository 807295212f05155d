//! Who else looks at the same requests: another rule, to be compared with ours.

use std::time::Duration;

use super::counted::Counted;

/// What the canary did within one tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The end of the tick, since the rollout began.
    pub at: Duration,
    /// All requests that it got.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Successes that took more than half a second.
    pub slow: u64,
}

/// Somebody who looks on, and does not touch anything.
///
/// While it is not done, the requests go on after the canary was sent back, with the shares of a plan that time moves.
pub trait Onlooker {
    /// A tick is over.
    fn look(&mut self, seen: Seen);

    /// Whether it has seen enough.
    fn is_done(&self) -> bool;
}

/// Nobody looks on.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

// === impl Seen ===

impl Seen {
    /// What was counted of the canary up to now.
    #[must_use]
    pub fn of(at: Duration, canary: &Counted) -> Self {
        let slow = canary.buckets.iter().zip(canary_proxy::histogram::EDGES_US.iter().chain([&u64::MAX]));
        let slow = slow.filter(|(_, edge)| **edge > SLOW_US).map(|(count, _)| count).sum();
        Self { at, requests: canary.requests(), failed: canary.failed, slow }
    }
}

/// One of the edges of the buckets, so that it is exact.
const SLOW_US: u64 = 500_000;

// === impl Nobody ===

impl Onlooker for Nobody {
    fn look(&mut self, _seen: Seen) {}

    fn is_done(&self) -> bool {
        true
    }
}
