//! One request's part in the comparison of the two arms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cohort::Observation;
use crate::ledger::{Ledger, Place, Reached};
use crate::outcome::Outcome;
use crate::track::Track;

/// Where the first attempt of a request counts, and for which arm. It counts once; dropped before, it counts nowhere.
/// Where the draw goes by a key, it is the key that counts once.
#[derive(Debug)]
pub struct Scoring {
    ledger: Arc<Ledger>,
    track: Track,
    observation: Option<Observation>,
    place: Option<Place>,
    reached: Reached,
}

// === impl Scoring ===

impl Scoring {
    /// The part of a request that was drawn for this arm, by the key of its client if it has one.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, track: Track, observation: Option<Observation>) -> Self {
        Self { ledger, track, observation, place: None, reached: Reached::default() }
    }

    /// The ledger that it counts in.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The request's head goes out now: from here on its answer is waited for. On a second connection the wait begins
    /// anew, but what it has been counted for by then it is not counted for again.
    pub fn sent(&mut self, now: Instant) {
        self.leave();
        let counts = self.observation.as_mut().is_none_or(|key| key.is_timed(self.track, &self.ledger));
        self.place = counts.then(|| self.ledger.open().enter(self.track, now, self.reached)).flatten();
    }

    /// The head of its answer is here: it is not waited for any more, however long the body takes.
    pub fn answered(&mut self) {
        self.leave();
    }

    /// Books how it ended.
    pub fn end(mut self, outcome: Outcome, waited: Duration) {
        self.leave();
        let (reached, observation) = (self.reached, self.observation.take());
        let counts = observation.is_none_or(|mut key| key.end(outcome, reached, self.track, &self.ledger));
        if counts {
            self.ledger.arm(self.track).score(outcome, waited, reached);
        }
    }

    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.reached = self.ledger.open().leave(place);
        }
    }
}

impl Drop for Scoring {
    fn drop(&mut self) {
        self.leave();
        if let Some(key) = &mut self.observation {
            key.leave(self.reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_request_that_is_sent_again_is_not_counted_twice_for_the_time_that_is_over() {
        let ledger = Arc::<Ledger>::default();
        let thresholds = |_| Some([10, 50, 1_000].map(Duration::from_millis));
        let counted = |now| {
            let mut counted = 0;
            ledger.open().mark(now, thresholds, |_, levels| counted += levels.len());
            counted
        };
        let at = |start: Instant, ms| start + Duration::from_millis(ms);
        let (start, mut scoring) = (clock::now(), Scoring::new(Arc::clone(&ledger), Track::Canary, None));
        scoring.sent(start);
        assert_eq!(counted(at(start, 20)), 1);
        // On another connection the wait begins anew.
        scoring.sent(at(start, 20));
        assert_eq!([counted(at(start, 45)), counted(at(start, 65)), counted(at(start, 80))], [0, 0, 1]);
        scoring.end(Outcome::Success, Duration::from_millis(60));
        let arm = ledger.arm(Track::Canary);
        assert_eq!(arm.overdue()[1].counts().iter().sum::<u64>(), 1, "it was counted by two, once by each");
        assert_eq!(arm.successes().counts().iter().sum::<u64>(), 0);
        assert_eq!(counted(at(start, 5_000)), 0, "its place is free");
    }
}
