//! One request's part in what is known of its client's key.

use std::sync::Arc;

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
}

// === impl Keyed ===

impl Keyed {
    /// The part of a request that was given to this arm. None, if no place is left for its key: it is scored nowhere.
    #[must_use]
    pub fn observe(&self, key: CohortKey, track: Track, ledger: &Ledger) -> Option<Observation> {
        let place = self.keys.see(key, track, ledger)?;
        Some(Observation { keys: Arc::clone(&self.keys), place, is_timed: false })
    }
}

// === impl Observation ===

impl Observation {
    /// Whether this request stands for its key's latency, which it does if no other does.
    pub(crate) fn is_timed(&mut self, track: Track, ledger: &Ledger) -> bool {
        self.is_timed = self.is_timed || self.keys.time(self.place, track, ledger);
        self.is_timed
    }

    /// Takes in how the request ended. True, if that counts.
    pub(crate) fn end(&mut self, outcome: Outcome, reached: Reached, track: Track, ledger: &Ledger) -> bool {
        match outcome.blame() {
            Blame::Backend => {
                self.leave(reached);
                self.keys.fail(self.place, track, ledger)
            }
            Blame::Us => {
                self.leave(reached);
                false
            }
            Blame::Nobody | Blame::Client => {
                let counts = self.is_timed(track, ledger);
                self.is_timed = false;
                counts
            }
        }
    }

    /// The request says nothing about latency: another one of its client's may, unless this one was counted as slow.
    pub(crate) fn leave(&mut self, reached: Reached) {
        if std::mem::take(&mut self.is_timed) && reached.count() == 0 {
            self.keys.untime(self.place);
        }
    }
}
