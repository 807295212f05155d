//! One request's part in what is known of its client's key.

use std::sync::Arc;
use std::time::Duration;

use super::{CohortKey, Keyed, Keys};
use crate::ledger::{Ledger, Reached};
use crate::outcome::{Blame, Outcome};
use crate::track::Track;

/// A request whose client has a place among the keys.
#[derive(Debug)]
pub struct Observation {
    keys: Arc<Keys>,
    place: usize,
    /// Whether this request stands for its key's latency.
    is_timed: bool,
    /// Whether it is its key's first one at this weight.
    is_first: bool,
}

// === impl Keyed ===

impl Keyed {
    /// The part of a request that was given to this arm. None, if no place is left for its key: it is compared nowhere.
    #[must_use]
    pub fn observe(&self, key: CohortKey, track: Track, ledger: &Ledger) -> Option<Observation> {
        let place = self.keys.see(key, track, ledger)?;
        let is_first = self.keys.meet(place, ledger);
        Some(Observation { keys: Arc::clone(&self.keys), place, is_timed: false, is_first })
    }
}

// === impl Observation ===

impl Observation {
    /// Whether this request stands for its key's latency, which it does if no other does.
    pub(crate) fn is_timed(&mut self, track: Track, ledger: &Ledger) -> bool {
        self.is_timed = self.is_timed || self.keys.time(self.place, track, ledger);
        self.is_timed
    }

    /// Books what counts of this request by itself, whatever is known of its key.
    pub(crate) fn count(&mut self, outcome: Outcome, waited: Duration, track: Track, ledger: &Ledger) {
        if self.keys.beats(self.place, track, outcome) {
            ledger.arm(track).pulse().note(outcome);
        } else if outcome.is_bad() {
            ledger.arm(track).pulse().note_again();
        }
        if outcome.blame() != Blame::Us && std::mem::take(&mut self.is_first) {
            ledger.arm(track).firsts().note(outcome, waited);
        }
    }

    /// Takes in how the request ended. True, if that counts in the comparison.
    pub(crate) fn end(&mut self, outcome: Outcome, reached: Reached, track: Track, ledger: &Ledger) -> bool {
        match outcome.blame() {
            Blame::Backend => {
                self.leave(reached, ledger);
                self.keys.fail(self.place, track, ledger)
            }
            Blame::Us => {
                self.leave(reached, ledger);
                false
            }
            Blame::Nobody | Blame::Client => {
                let counts = self.is_timed(track, ledger);
                self.is_timed = false;
                counts
            }
        }
    }

    /// The request says nothing: another one of its client's may be the first, and may stand for its latency unless this
    /// one was counted as slow.
    pub(crate) fn leave(&mut self, reached: Reached, ledger: &Ledger) {
        if std::mem::take(&mut self.is_timed) && reached.count() == 0 {
            self.keys.untime(self.place);
        }
        if std::mem::take(&mut self.is_first) {
            self.keys.unmeet(self.place, ledger);
        }
    }
}
