//! Counts of outcomes, in the one shape in which all tests take them.

use serde::{Deserialize, Serialize};

/// The same thing for both arms of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arms<T> {
    /// The requests that the draw gave to the canary.
    pub canary: T,
    /// The concurrent requests that stayed with stable.
    pub stable: T,
}

/// How many requests of one arm were bad by some metric, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Failed, or slower than the threshold.
    pub bad: u64,
    /// The others.
    pub good: u64,
}

// === impl Tally ===

impl Tally {
    /// All requests of the tally.
    #[must_use]
    pub const fn requests(self) -> u64 {
        self.bad.saturating_add(self.good)
    }

    /// The share that was bad, 0 to 1; nothing without requests.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.requests() > 0).then(|| self.bad as f64 / self.requests() as f64)
    }

    /// These and later outcomes.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self { bad: self.bad.saturating_add(more.bad), good: self.good.saturating_add(more.good) }
    }
}

// === impl Arms ===

impl Arms<Tally> {
    /// Canary bad, canary good, stable bad, stable good: the order of all factor tables.
    #[must_use]
    pub const fn row(self) -> [f64; 4] {
        [self.canary.bad as f64, self.canary.good as f64, self.stable.bad as f64, self.stable.good as f64]
    }

    /// Nothing has been counted in either arm.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.canary.requests() == 0 && self.stable.requests() == 0
    }

    /// Adds later outcomes to these.
    pub const fn add(&mut self, more: Self) {
        self.canary = self.canary.plus(more.canary);
        self.stable = self.stable.plus(more.stable);
    }
}

impl From<[u64; 4]> for Arms<Tally> {
    /// Reads the order of [`Arms::row`].
    fn from([canary_bad, canary_good, stable_bad, stable_good]: [u64; 4]) -> Self {
        Self {
            canary: Tally { bad: canary_bad, good: canary_good },
            stable: Tally { bad: stable_bad, good: stable_good },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_a_request() {
        assert_eq!(Tally::default().rate(), None);
        assert_eq!(Tally { bad: 1, good: 3 }.rate(), Some(0.25));
    }

    #[test]
    fn counts_saturate_instead_of_wrapping() {
        let mut counts = Arms::from([u64::MAX, 1, 0, 0]);
        counts.add(Arms::from([1, 1, 0, 2]));
        assert_eq!(counts, Arms::from([u64::MAX, 2, 0, 2]));
        assert_eq!(counts.canary.requests(), u64::MAX);
    }
}
