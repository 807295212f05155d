//! One request's part in the comparison of the two arms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cohort::CohortKey;
use crate::ledger::{Ledger, Place, Reached};
use crate::outcome::Outcome;
use crate::track::Track;

/// Where the first attempt of a request counts, and for which arm. It counts once; dropped before, it counts nowhere.
#[derive(Debug)]
pub struct Scoring {
    ledger: Arc<Ledger>,
    track: Track,
    key: Option<CohortKey>,
    place: Option<Place>,
}

// === impl Scoring ===

impl Scoring {
    /// The part of a request that was drawn for this arm, by this key of its client if it has one.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, track: Track, key: Option<CohortKey>) -> Self {
        Self { ledger, track, key, place: None }
    }

    /// The ledger that it counts in.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The key of its client, where the draw was by one.
    #[must_use]
    pub fn key(&self) -> Option<CohortKey> {
        self.key
    }

    /// The request's head goes out now: from here on its answer is waited for.
    pub fn sent(&mut self, now: Instant) {
        self.leave();
        self.place = self.ledger.open().enter(self.track, now);
    }

    /// Books how it ended.
    pub fn end(mut self, outcome: Outcome, waited: Duration) {
        let reached = self.leave();
        self.ledger.arm(self.track).score(outcome, waited, reached);
    }

    fn leave(&mut self) -> Reached {
        self.place.take().map_or(Reached::default(), |place| self.ledger.open().leave(place))
    }
}

impl Drop for Scoring {
    fn drop(&mut self) {
        self.leave();
    }
}
