//! One request's part in the comparison of the two arms.

use std::time::{Duration, Instant};

use crate::cohort::Observation;
use crate::ledger::{self, Ledger, Place, Reached};
use crate::outcome::Outcome;
use crate::track::Track;

/// The first attempt of a request, in the arm where it counts. It counts once; withdrawn before, it counts nowhere. Where
/// the draw goes by a key, it is the key that counts once.
///
/// Whoever has it knows its ledger, and ends it there or withdraws it.
#[derive(Debug)]
pub struct Scoring {
    track: Track,
    observation: Option<Observation>,
    place: Option<Place>,
    reached: Reached,
}

// === impl Scoring ===

impl Scoring {
    /// The part of a request that was drawn for this arm, by the key of its client if it has one.
    #[must_use]
    pub fn new(track: Track, observation: Option<Observation>) -> Self {
        Self { track, observation, place: None, reached: Reached::default() }
    }

    /// The request's head goes out now: from here on its answer is waited for. On a second connection the wait begins
    /// anew, but what it has been counted for by then it is not counted for again.
    pub fn sent(&mut self, ledger: &Ledger, now: Instant) {
        self.leave(ledger);
        let counts = self.observation.as_mut().is_none_or(|key| key.is_timed(self.track, ledger));
        let seat = if counts { ledger::seat() } else { None };
        self.place = seat.and_then(|seat| ledger.open().enter(seat, self.track, now, self.reached));
    }

    /// The head of its answer is here: it is not waited for any more, however long the body takes.
    pub fn answered(&mut self, ledger: &Ledger) {
        self.leave(ledger);
    }

    /// Books how it ended.
    pub fn end(mut self, ledger: &Ledger, outcome: Outcome, waited: Duration) {
        self.leave(ledger);
        let (reached, observation) = (self.reached, self.observation.take());
        let counts = observation.is_none_or(|mut key| key.end(outcome, reached, self.track, ledger));
        if counts {
            ledger.arm(self.track).score(outcome, waited, reached);
        }
    }

    /// Lets it count nowhere.
    pub fn withdraw(mut self, ledger: &Ledger) {
        self.leave(ledger);
        if let Some(key) = &mut self.observation {
            key.leave(self.reached);
        }
    }

    fn leave(&mut self, ledger: &Ledger) {
        if let Some(place) = self.place.take() {
            self.reached = ledger.open().leave(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_request_that_is_sent_again_is_not_counted_twice_for_the_time_that_is_over() {
        let ledger = Ledger::default();
        let thresholds = |_| Some([10, 50, 1_000].map(Duration::from_millis));
        let counted = |now| {
            let mut counted = 0;
            ledger.open().mark(now, thresholds, |_, levels| counted += levels.len());
            counted
        };
        let at = |start: Instant, ms| start + Duration::from_millis(ms);
        let (start, mut scoring) = (clock::now(), Scoring::new(Track::Canary, None));
        scoring.sent(&ledger, start);
        assert_eq!(counted(at(start, 20)), 1);
        // On another connection the wait begins anew.
        scoring.sent(&ledger, at(start, 20));
        assert_eq!([counted(at(start, 45)), counted(at(start, 65)), counted(at(start, 80))], [0, 0, 1]);
        scoring.end(&ledger, Outcome::Success, Duration::from_millis(60));
        let arm = ledger.arm(Track::Canary);
        assert_eq!(arm.overdue()[1].counts().iter().sum::<u64>(), 1, "it was counted by two, once by each");
        assert_eq!(arm.successes().counts().iter().sum::<u64>(), 0);
        assert_eq!(counted(at(start, 5_000)), 0, "its place is free");
    }
}
