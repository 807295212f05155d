//! What is being done with containers, or with services of Swarm, and what could not be done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What could not be done is tried again after so long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What is being done with each of them.
#[derive(Debug)]
pub(in crate::engine) struct Doings<K>(BTreeMap<K, Doing>);

/// What is being done with one.
#[derive(Debug)]
enum Doing {
    /// It answers what it was asked, and is stopped then; since when.
    Draining(Instant),
    /// It is under way.
    UnderWay,
    /// It failed.
    Failed { why: String, again: Instant },
}

// === impl Doings ===

impl<K> Default for Doings<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Ord> Doings<K> {
    /// What may be done now of all that has to be, and is under way from now on. One that leaves is let go once it has
    /// ended what it was asked, as far as that is waited for.
    pub(super) fn due<A>(
        &mut self,
        acts: Vec<(K, A)>,
        now: Instant,
        is_leave: impl Fn(&A) -> bool,
        has_ended: impl Fn(&K, Instant) -> bool,
    ) -> Vec<(K, A)> {
        let wanted: BTreeSet<_> = acts.iter().map(|(key, _)| key.clone()).collect();
        self.0.retain(|key, doing| wanted.contains(key) || matches!(doing, Doing::UnderWay));
        let mut due = Vec::new();
        for (key, act) in acts {
            let is_due = match self.0.get(&key) {
                None if is_leave(&act) => {
                    self.0.insert(key.clone(), Doing::Draining(now));
                    false
                }
                None => true,
                Some(Doing::Draining(since)) => has_ended(&key, *since),
                Some(Doing::UnderWay) => false,
                Some(Doing::Failed { again, .. }) => *again <= now,
            };
            if is_due {
                self.0.insert(key.clone(), Doing::UnderWay);
                due.push((key, act));
            }
        }
        due
    }

    /// Notes that it is done.
    pub(super) fn note_done(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Notes that it could not be done.
    pub(super) fn note_failed(&mut self, key: K, why: String, now: Instant) {
        self.0.insert(key, Doing::Failed { why, again: now + PAUSE_AFTER_FAILURE });
    }

    /// Whether something is done with one, was to be, or could not be.
    pub(super) fn has(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Whether nothing is.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why what had to be done last could not be.
    pub(super) fn failure(&self, key: &K) -> Option<&str> {
        match self.0.get(key)? {
            Doing::Failed { why, .. } => Some(why),
            Doing::Draining(_) | Doing::UnderWay => None,
        }
    }
}
