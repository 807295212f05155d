//! One request's part in the comparison of the two arms.

use std::time::{Duration, Instant};

use crate::cohort::Observation;
use crate::ledger::{self, Ledger, Place, Reached};
use crate::outcome::Outcome;
use crate::track::Track;

/// The first attempt of a request, in the arm where it counts. It counts once; withdrawn before, it counts nowhere. Where
/// the draw goes by a key, it is the key that is compared, once; see [`crate::ledger::Pulse`] for what else counts.
///
/// Whoever has it knows its ledger, and ends it there or withdraws it.
#[derive(Debug)]
pub struct Scoring {
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
    pub fn new(track: Track, part: Part) -> Self {
        Self { track, part, place: None, reached: Reached::default() }
    }

    /// Whether somebody may be compared by it.
    #[must_use]
    pub fn compares(&self) -> bool {
        !matches!(self.part, Part::Stranger)
    }

    /// The request's head goes out now: from here on its answer is waited for. On a second connection the wait begins
    /// anew, but what it has been counted for by then it is not counted for again.
    pub fn sent(&mut self, ledger: &Ledger, now: Instant) {
        self.leave(ledger);
        let counts = match &mut self.part {
            Part::Request => true,
            Part::Key(key) => key.is_timed(self.track, ledger),
            Part::Stranger => false,
        };
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
        let arm = ledger.arm(self.track);
        let counts = match &mut self.part {
            Part::Request => true,
            Part::Key(key) => {
                key.count(outcome, waited, self.track, ledger);
                key.end(outcome, self.reached, self.track, ledger)
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

    /// Lets it count nowhere.
    pub fn withdraw(mut self, ledger: &Ledger) {
        self.leave(ledger);
        if let Part::Key(key) = &mut self.part {
            key.leave(self.reached, ledger);
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
        let (start, mut scoring) = (clock::now(), Scoring::new(Track::Canary, Part::Request));
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
