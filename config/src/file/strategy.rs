//! `strategy`: which keys of a rollout go with which shape.

use std::ops::Range;

use super::choice::either;
use super::problems::Section;
use crate::plan::Strategy::{self, BlueGreen, Canary, Recreate, Rolling};

/// The keys that not every strategy has, and those that have them.
const KEYS: [(&str, &[Strategy]); 7] = [
    ("steps", &[Canary]),
    ("batch", &[Rolling]),
    ("pause", &[Canary, BlueGreen]),
    ("deadline", &[Canary, BlueGreen]),
    ("min_duration", &[Canary, BlueGreen, Rolling]),
    ("max_duration", &[Canary]),
    ("on_thin_evidence", &[Canary]),
];

/// Why a key is not one of this strategy's.
const fn shape(strategy: Strategy) -> &'static str {
    match strategy {
        Canary => "a canary goes through its steps, whatever its instances",
        BlueGreen => "blue-green waits at 0% and then takes all requests at once, so nothing is judged before that",
        Rolling => "rolling goes on by itself, so many instances at a time as `batch` says",
        Recreate => "recreate takes the old release away and then gives the new one all requests, without a step",
    }
}

// === impl Section ===

impl Section<'_, '_> {
    /// The keys that are written in this table and are another strategy's.
    pub(super) fn foreign_keys(&mut self, strategy: Strategy, written: &[(&str, Option<Range<usize>>)]) {
        for (key, owners) in KEYS {
            let place = written.iter().find(|(name, _)| *name == key).and_then(|(_, place)| place.clone());
            if let Some(place) = place.filter(|_| !owners.contains(&strategy)) {
                let owners = either(owners.iter().map(|owner| owner.as_str()));
                let message = format!("{}; remove this, or write strategy = {owners}", shape(strategy));
                self.report(key, &place, message);
            }
        }
    }
}
