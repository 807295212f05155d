//! The scored outcomes of both arms, while one rollout stood at one weight.
//!
//! `pick` hands a request the ledger of that moment, and the request scores there once, however late it ends:
//! generations and weights never mix. The judge reads these numbers, and Prometheus is shown the same ones.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::histogram::Histogram;
use crate::outcome::{Blame, Outcome};
use crate::track::Track;

/// Both arms of the comparison.
#[derive(Debug, Default)]
pub struct Ledger {
    stable: Arm,
    canary: Arm,
}

/// What one arm's scored requests came to.
#[derive(Debug, Default)]
pub struct Arm {
    failures: [AtomicU64; Outcome::ALL.len()],
    successes: Histogram,
    abandoned: Histogram,
}

// === impl Ledger ===

impl Ledger {
    /// The arm of one track.
    #[must_use]
    pub fn arm(&self, track: Track) -> &Arm {
        match track {
            Track::Stable => &self.stable,
            Track::Canary => &self.canary,
        }
    }
}

// === impl Arm ===

impl Arm {
    /// Books one request: a success with its time to first byte, a failure of the backend, or a client that left, with
    /// how long it had waited. What we ourselves are to blame for says nothing about the release and is left out.
    pub fn score(&self, outcome: Outcome, waited: Duration) {
        match outcome.blame() {
            Blame::Nobody => self.successes.record(waited),
            Blame::Backend => {
                self.failures[outcome.index()].fetch_add(1, Relaxed);
            }
            Blame::Client => self.abandoned.record(waited),
            Blame::Us => {}
        }
    }

    /// The requests whose client left before the answer began, by how long it had waited. The answer would have taken
    /// at least that long: a release that hangs is seen by it although nobody waits for its errors.
    #[must_use]
    pub fn abandoned(&self) -> &Histogram {
        &self.abandoned
    }

    /// The successes, by time to first byte.
    #[must_use]
    pub fn successes(&self) -> &Histogram {
        &self.successes
    }

    /// How many requests failed in one way.
    #[must_use]
    pub fn failed_by(&self, outcome: Outcome) -> u64 {
        self.failures[outcome.index()].load(Relaxed)
    }

    /// How many requests failed in all.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.iter().map(|count| count.load(Relaxed)).sum()
    }
}
