//! How many requests arrive: a Poisson process, counted by the tick or asked for its next gap.

use std::time::Duration;

use rand::{Rng, RngExt as _};

use super::alias::AliasTable;

/// Counts of arrivals within a fixed time.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    first: u64,
    counts: Option<AliasTable>,
}

/// So many standard deviations around the mean are told apart; what lies beyond happens once in `10^30`.
const DEVIATIONS: f64 = 12.0;

// === impl Arrivals ===

impl Arrivals {
    /// Arrivals of so many on average.
    pub(super) fn new(mean: f64) -> Self {
        if mean <= 0.0 {
            return Self { first: 0, counts: None };
        }
        let reach = DEVIATIONS * mean.sqrt() + DEVIATIONS;
        let first = super::whole((mean - reach).max(0.0));
        let last = super::whole(mean + reach);
        // Up to a factor that does not matter, and from the middle on, so that nothing underflows where it counts.
        let ln_mean = mean.ln();
        let mut ln = 0.0;
        let lns: Vec<f64> = (first..=last)
            .map(|count| {
                if count > first {
                    ln += ln_mean - (count as f64).ln();
                }
                ln
            })
            .collect();
        let largest = lns.iter().copied().fold(f64::MIN, f64::max);
        let chances: Vec<f64> = lns.iter().map(|ln| (ln - largest).exp()).collect();
        Self { first, counts: Some(AliasTable::new(&chances)) }
    }

    /// How many arrive this time.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> u64 {
        self.counts.as_ref().map_or(0, |counts| self.first + counts.draw(rng) as u64)
    }
}

/// How long it takes until the next of so many a second arrives.
pub(super) fn gap(requests_per_second: f64, rng: &mut impl Rng) -> Duration {
    let seconds = -(1.0 - rng.random::<f64>()).ln() / requests_per_second;
    Duration::try_from_secs_f64(seconds).unwrap_or(super::TIME_MAX)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn counts_have_the_mean_and_the_variance_of_their_process() {
        for mean in [0.02, 1.0, 90.0, 1_000.0] {
            let (arrivals, mut rng, draws) = (Arrivals::new(mean), Xoshiro256PlusPlus::seed_from_u64(1), 100_000);
            let counts: Vec<f64> = (0..draws).map(|_| arrivals.draw(&mut rng) as f64).collect();
            let sum: f64 = counts.iter().sum();
            let average = sum / f64::from(draws);
            let variance = counts.iter().map(|count| (count - average).powi(2)).sum::<f64>() / f64::from(draws);
            assert!((average / mean - 1.0).abs() < 0.11, "{mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.11, "{mean}: {variance}");
        }
    }

    #[test]
    fn without_traffic_nobody_arrives() {
        assert_eq!(Arrivals::new(0.0).draw(&mut Xoshiro256PlusPlus::seed_from_u64(1)), 0);
    }
}
