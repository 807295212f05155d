//! One request's part in the comparison of the two arms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cohort::Observation;
use crate::ledger::{Ledger, Place, Reached};
use crate::outcome::Outcome;
use crate::track::Track;

/// Where the first attempt of a request counts, and for which arm. It counts once; dropped before, it counts nowhere.
/// Where the draw goes by a key, it is the key that is compared, once; see [`crate::ledger::Pulse`] for what else counts.
#[derive(Debug)]
pub struct Scoring {
    ledger: Arc<Ledger>,
    track: Track,
    part: Part,
    place: Option<Place>,
    reached: Reached,
}

/// Who is compared by a request.
#[derive(Debug)]
pub enum Part {
    /// The request itself, as the draw goes by chance.
    Request,
    /// Its client's key.
    Key(Observation),
    /// Nobody: nothing is known of its client.
    Stranger,
}

// === impl Scoring ===

impl Scoring {
    /// The part of a request that was drawn for this arm.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, track: Track, part: Part) -> Self {
        Self { ledger, track, part, place: None, reached: Reached::default() }
    }

    /// Whether somebody may be compared by it.
    #[must_use]
    pub fn compares(&self) -> bool {
        !matches!(self.part, Part::Stranger)
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
        let counts = match &mut self.part {
            Part::Request => true,
            Part::Key(key) => key.is_timed(self.track, &self.ledger),
            Part::Stranger => false,
        };
        self.place = counts.then(|| self.ledger.open().enter(self.track, now, self.reached)).flatten();
    }

    /// Books how it ended.
    pub fn end(mut self, outcome: Outcome, waited: Duration) {
        self.leave();
        let arm = self.ledger.arm(self.track);
        let counts = match &mut self.part {
            Part::Request => true,
            Part::Key(key) => {
                key.count(outcome, waited, self.track, &self.ledger);
                key.end(outcome, self.reached, self.track, &self.ledger)
            }
            Part::Stranger => {
                arm.pulse().note(outcome);
                false
            }
        };
        if counts {
            arm.score(outcome, waited, self.reached);
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
        if let Part::Key(key) = &mut self.part {
            key.leave(self.reached, &self.ledger);
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
        let (start, mut scoring) = (clock::now(), Scoring::new(Arc::clone(&ledger), Track::Canary, Part::Request));
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
