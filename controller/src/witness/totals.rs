//! How the scored requests of one release in one role ended.

use canary_proxy::outcome::Outcome;

/// Requests by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals([u64; Outcome::ALL.len()]);

// === impl Totals ===

impl Totals {
    /// How many ended in this way.
    pub(crate) fn ended_by(&self, outcome: Outcome) -> u64 {
        self.0[outcome.index()]
    }

    pub(super) fn put(&mut self, outcome: Outcome, count: u64) {
        self.0[outcome.index()] = count;
    }

    pub(super) fn add(&mut self, more: &Self) {
        for (total, more) in self.0.iter_mut().zip(more.0) {
            *total += more;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }
}

impl From<[u64; Outcome::ALL.len()]> for Totals {
    fn from(counts: [u64; Outcome::ALL.len()]) -> Self {
        Self(counts)
    }
}
