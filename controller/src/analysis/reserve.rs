//! The stake that is kept back, so that a late regression meets fresh capital.
//!
//! Of the unit that each metric owns, a part is released at every change of weight and another every ten seconds. The
//! releases of both kinds are the terms `1 / (i * (i + 1))`, which sum to 1, so that reserve and capitals together
//! never start with more than the unit: an e-detector (Shin, Ramdas and Rinaldo) of finite budget. Formulas:
//! statistics.md, 2.2.

use serde::{Deserialize, Serialize};

use super::exact;

/// What a metric puts at stake at once.
pub const INITIAL_MASS: f64 = 0.6;

/// All that changes of weight may ever release.
const WEIGHT_CHANGE_MASS: f64 = 0.2;

/// All that time may ever release.
const PERIOD_MASS: f64 = 0.2;

/// The part of the unit that has not been put at stake yet; every metric holds the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reserve {
    #[serde(with = "exact")]
    left: [f64; 1],
    weight_changes: u64,
    periods: u64,
}

// === impl Reserve ===

impl Reserve {
    /// The reserve of a rollout that begins.
    #[must_use]
    pub const fn new() -> Self {
        Self { left: [1.0 - INITIAL_MASS], weight_changes: 0, periods: 0 }
    }

    /// What is left, 0 to 1.
    #[must_use]
    pub const fn left(&self) -> f64 {
        self.left[0]
    }

    /// The stake to release because the weight changed.
    #[must_use = "what leaves the reserve must be put at stake"]
    pub fn on_weight_change(&mut self) -> f64 {
        let mass = WEIGHT_CHANGE_MASS * tail_share(self.weight_changes, 1);
        self.weight_changes += 1;
        self.take(mass)
    }

    /// The stake to release because so many ten-second periods went by.
    #[must_use = "what leaves the reserve must be put at stake"]
    pub fn on_periods(&mut self, periods: u64) -> f64 {
        let mass = PERIOD_MASS * tail_share(self.periods, periods);
        self.periods = self.periods.saturating_add(periods);
        self.take(mass)
    }

    // Rounding must not let the reserve fall below 0 or release what is not there.
    fn take(&mut self, mass: f64) -> f64 {
        let mass = mass.min(self.left[0]);
        self.left[0] -= mass;
        mass
    }
}

impl Default for Reserve {
    fn default() -> Self {
        Self::new()
    }
}

// The sum of 1 / (i * (i + 1)) over the `count` terms after the first `past`: it telescopes.
fn tail_share(past: u64, count: u64) -> f64 {
    let first = past as f64 + 1.0;
    count as f64 / (first * (first + count as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_periods_at_once_release_what_they_would_release_one_by_one() {
        let (mut at_once, mut one_by_one) = (Reserve::new(), Reserve::new());
        let released: f64 = (0..1_000).map(|_| one_by_one.on_periods(1)).sum();
        assert!((at_once.on_periods(1_000) - released).abs() < 1e-12);
        assert_eq!(at_once.on_periods(0), 0.0);
    }

    #[test]
    fn the_reserve_is_never_overdrawn() {
        let mut reserve = Reserve::new();
        for _ in 0..100_000 {
            let _ = reserve.on_weight_change();
            let _ = reserve.on_periods(u64::from(u32::MAX));
            assert!((0.0..=0.4).contains(&reserve.left()), "{reserve:?}");
        }
    }
}
