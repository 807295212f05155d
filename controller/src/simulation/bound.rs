//! What chance allows: the bounds that a true figure lies within in 99 of 100 repetitions. Each is one-sided.
//!
//! Of a share the bound is that of Clopper and Pearson, of a median that of order statistics. Both promise as much for
//! every distribution and any number of runs. Of a mean it is Student's, which takes the mean of the runs for normal:
//! near enough after a thousand of them, and after few it errs to the cautious side where it is asked from below and the
//! values have a long tail above, as times and failures do. Too few runs have no bound.

use crate::analysis::confidence::bisect;

/// The chance that a bound is wrong.
pub const ERROR: f64 = 0.01;

/// The normal distribution's quantile for it.
const Z: f64 = 2.326_347_874_040_841;

/// Halvings after which a share is as exact as it is shown, many times over.
const HALVINGS: usize = 60;

/// Of the mean of fewer values nothing is said.
const MEAN_VALUES_MIN: usize = 8;

/// A side of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The true figure is hardly below it.
    Low,
    /// The true figure is hardly above it.
    High,
}

/// The bound of a share of which `hits` of `runs` were seen.
#[must_use]
pub fn share(hits: usize, runs: usize, side: Side) -> f64 {
    match side {
        Side::Low if hits == 0 => 0.0,
        // The greatest chance at which so many hits are still a surprise.
        Side::Low => bisect(0.0, 1.0, HALVINGS, |chance| 1.0 - at_most(hits - 1, runs, chance) < ERROR),
        Side::High if hits >= runs => 1.0,
        // The greatest chance at which so few hits are no surprise yet.
        Side::High => bisect(0.0, 1.0, HALVINGS, |chance| at_most(hits, runs, chance) >= ERROR),
    }
}

/// The bound of the median of these values, which rise and are not below 0.
#[must_use]
pub fn median(sorted: &[f64], side: Side) -> f64 {
    let runs = sorted.len();
    // The ranks at either end at which it would be a surprise to find the median.
    let rank = (0..runs).take_while(|rank| at_most(*rank, runs, 0.5) <= ERROR).count();
    let at = match side {
        Side::Low => rank.checked_sub(1),
        Side::High => rank.checked_sub(1).map(|rank| runs - 1 - rank),
    };
    at.map_or(side.anything(), |at| sorted[at])
}

/// The bound of the mean of these values, which are not below 0.
#[must_use]
pub fn mean(values: &[f64], side: Side) -> f64 {
    if values.len() < MEAN_VALUES_MIN {
        return side.anything();
    }
    let runs = values.len() as f64;
    let mean = values.iter().sum::<f64>() / runs;
    if mean.is_infinite() {
        return mean;
    }
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (runs - 1.0);
    let reach = student(runs - 1.0) * (variance / runs).sqrt();
    match side {
        Side::Low => (mean - reach).max(0.0),
        Side::High => mean + reach,
    }
}

// === impl Side ===

impl Side {
    /// The bound of a figure of which nothing is known but that it is not below 0.
    const fn anything(self) -> f64 {
        match self {
            Self::Low => 0.0,
            Self::High => f64::INFINITY,
        }
    }
}

/// The chance of at most so many hits.
fn at_most(hits: usize, runs: usize, chance: f64) -> f64 {
    if chance <= 0.0 || hits >= runs {
        return 1.0;
    }
    if chance >= 1.0 {
        return 0.0;
    }
    let (ln_hit, ln_miss) = (chance.ln(), (-chance).ln_1p());
    let mut ln_ways = 0.0;
    (0..=hits)
        .map(|count| {
            if count > 0 {
                ln_ways += ((runs + 1 - count) as f64 / count as f64).ln();
            }
            (ln_ways + count as f64 * ln_hit + (runs - count) as f64 * ln_miss).exp()
        })
        .sum::<f64>()
        .min(1.0)
}

/// The quantile of Student's distribution for [`ERROR`], by its expansion around the normal one (Abramowitz and Stegun,
/// 26.7.5): within a thousandth of it from seven degrees of freedom on.
fn student(freedom: f64) -> f64 {
    let odd =
        |coefficients: [f64; 4]| coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * Z * Z + coefficient) * Z;
    let terms =
        [odd([1.0, 1.0, 0.0, 0.0]) / 4.0, odd([3.0, 16.0, 5.0, 0.0]) / 96.0, odd([-15.0, 17.0, 19.0, 3.0]) / 384.0];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + Z
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    fn is_near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-9
    }

    #[test]
    fn a_share_has_the_bounds_of_clopper_and_pearson() {
        // Without a hit, 1 - 0.01^(1/n); with nothing else, 0.01^(1/n); in between, by sums of exact binomials.
        assert!(is_near(share(0, 1_000, Side::High), 1.0 - 0.01_f64.powf(0.001)));
        assert!(is_near(share(1_000, 1_000, Side::Low), 0.01_f64.powf(0.001)));
        assert_eq!((share(0, 9, Side::Low), share(9, 9, Side::High)), (0.0, 1.0));
        for (hits, runs, low, high) in [
            (1, 8, 0.001_255_503_177, 0.589_942_002_459),
            (3, 8, 0.060_839_591_320, 0.801_797_871_898),
            (15, 1_000, 0.007_501_262_915, 0.026_585_924_048),
            (850, 1_000, 0.821_843_047_294, 0.875_332_791_636),
            (999, 1_000, 0.993_380_331_604, 0.999_989_949_715),
        ] {
            assert!(is_near(share(hits, runs, Side::Low), low), "{hits} of {runs}: {}", share(hits, runs, Side::Low));
            assert!(
                is_near(share(hits, runs, Side::High), high),
                "{hits} of {runs}: {}",
                share(hits, runs, Side::High)
            );
        }
    }

    #[test]
    fn a_median_lies_between_order_statistics() {
        for (runs, rank) in [(7, 1), (8, 1), (30, 9), (100, 38), (1_000, 463)] {
            let values: Vec<f64> = (1..=runs).map(f64::from).collect();
            let bounds = (median(&values, Side::Low), median(&values, Side::High));
            assert_eq!(bounds, (f64::from(rank), f64::from(runs + 1 - rank)), "{runs}");
        }
        let few = [1.0; 6];
        assert_eq!((median(&few, Side::Low), median(&few, Side::High)), (0.0, f64::INFINITY));
    }

    #[test]
    fn a_mean_has_the_bounds_of_students_distribution() {
        for (freedom, quantile) in [(7.0, 2.997_95), (10.0, 2.763_77), (30.0, 2.457_26), (999.0, 2.330_08)] {
            assert!((student(freedom) / quantile - 1.0).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
        let values: Vec<f64> = (0..10_000).map(|value| f64::from(value % 2)).collect();
        assert!((mean(&values, Side::High) - 0.5 - Z * 0.005).abs() < 1e-5);
        assert!((mean(&values, Side::Low) - 0.5 + Z * 0.005).abs() < 1e-5);
    }

    #[test]
    fn what_never_happened_has_no_mean() {
        let never = [f64::INFINITY; 9];
        assert_eq!((mean(&never, Side::Low), mean(&never, Side::High)), (f64::INFINITY, f64::INFINITY));
        assert_eq!((mean(&never[..7], Side::Low), mean(&[], Side::High)), (0.0, f64::INFINITY));
    }

    #[test]
    fn a_bound_from_below_is_too_high_hardly_ever() {
        let (mut rng, repetitions) = (Xoshiro256PlusPlus::seed_from_u64(1), 10_000);
        for runs in [8, 100] {
            let mut wrong = [0; 2];
            for _ in 0..repetitions {
                // Waiting times, whose mean is 1 and whose median ln 2.
                let mut values: Vec<f64> = (0..runs).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect();
                values.sort_by(f64::total_cmp);
                wrong[0] += i32::from(mean(&values, Side::Low) > 1.0);
                wrong[1] += i32::from(median(&values, Side::Low) > std::f64::consts::LN_2);
            }
            assert!(wrong.iter().all(|wrong| *wrong <= 130), "{runs} runs: {wrong:?} of {repetitions}");
        }
    }
}
