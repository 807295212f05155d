//! What is counted of an arm by request, where a client counts once in the comparison.
//!
//! A client that is known counts nowhere else any more, and may still be failed by the canary: the [`Pulse`] says whether
//! a release is alive, whoever asks. An absolute limit is one of requests, and a client's first failure against its first
//! success is none: [`Firsts`] are each client's first request at one weight, whatever it comes to.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::histogram::Buckets;
use crate::outcome::{Blame, Outcome};

/// How requests ended, whatever is known of their clients. Of the canary's failures, each client's first since its last
/// success.
#[derive(Debug, Default)]
pub struct Pulse {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    again: AtomicU64,
}

/// How each client's first request at this weight ended.
#[derive(Debug, Default)]
pub struct Firsts {
    failed: AtomicU64,
    answered: Buckets,
    abandoned: Buckets,
}

// === impl Pulse ===

impl Pulse {
    /// Requests that were answered well.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// Requests for which no connection could be had.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Requests that failed in another way, or were dropped without an answer.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    /// Failures of clients that were failing already: no more of them, and no end of it.
    #[must_use]
    pub fn again(&self) -> u64 {
        self.again.load(Relaxed)
    }

    /// One more such failure.
    pub(crate) fn note_again(&self) {
        self.again.fetch_add(1, Relaxed);
    }

    /// One more. What a client or we are to blame for is none.
    pub(crate) fn note(&self, outcome: Outcome) {
        let count = match (outcome, outcome.blame()) {
            (Outcome::Unanswered, _) => &self.failed,
            (_, Blame::Nobody) => &self.answered,
            (Outcome::ConnectFailed, _) => &self.refused,
            (_, Blame::Backend) => &self.failed,
            (_, Blame::Client | Blame::Us) => return,
        };
        count.fetch_add(1, Relaxed);
    }
}

// === impl Firsts ===

impl Firsts {
    /// Those that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    /// Those that were answered well, by time to first byte. What was dropped unanswered took longer than anything.
    #[must_use]
    pub fn answered(&self) -> &Buckets {
        &self.answered
    }

    /// Those whose client left before the answer began, by how long it had waited.
    #[must_use]
    pub fn abandoned(&self) -> &Buckets {
        &self.abandoned
    }

    /// One more. What we are to blame for is none.
    pub(crate) fn note(&self, outcome: Outcome, waited: Duration) {
        match outcome.blame() {
            Blame::Nobody if outcome == Outcome::Unanswered => self.answered.record(Duration::MAX),
            Blame::Nobody => self.answered.record(waited),
            Blame::Backend => {
                self.failed.fetch_add(1, Relaxed);
            }
            Blame::Client => self.abandoned.record(waited),
            Blame::Us => {}
        }
    }
}
