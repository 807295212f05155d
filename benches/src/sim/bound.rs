//! What chance allows: the bounds that a true figure lies within in 99 of 100 repetitions.
//!
//! Of a share the bound is Clopper's and Pearson's, of a median that of order statistics, of a mean that of the normal
//! distribution, which a thousand runs and more justify. Each is one-sided.

/// The chance that a bound is wrong.
pub(super) const ERROR: f64 = 0.01;

/// The normal distribution's quantile for it.
const Z: f64 = 2.326_347_874_040_841;

/// Halvings after which a share is as exact as it is shown, many times over.
const HALVINGS: usize = 60;

/// A side of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The true figure is hardly below it.
    Low,
    /// The true figure is hardly above it.
    High,
}

/// The bound of a share of which `hits` of `runs` were seen.
#[must_use]
pub(super) fn share(hits: usize, runs: usize, side: Side) -> f64 {
    match side {
        Side::Low if hits == 0 => 0.0,
        // The least chance at which so many hits or more are not surprising.
        Side::Low => bisect(|chance| 1.0 - at_most(hits - 1, runs, chance) < ERROR),
        Side::High if hits >= runs => 1.0,
        // The greatest chance at which so few hits are not surprising.
        Side::High => bisect(|chance| at_most(hits, runs, chance) >= ERROR),
    }
}

/// The bound of the median of these values, which rise.
#[must_use]
pub(super) fn median(sorted: &[f64], side: Side) -> f64 {
    let runs = sorted.len();
    // So many values below the median are rarely exceeded by fewer.
    let rank = (0..runs).take_while(|rank| at_most(*rank, runs, 0.5) <= ERROR).count();
    let at = match side {
        Side::Low => rank.checked_sub(1),
        Side::High => rank.checked_sub(1).map(|rank| runs - 1 - rank),
    };
    let all = match side {
        Side::Low => 0.0,
        Side::High => f64::INFINITY,
    };
    at.map_or(all, |at| sorted[at])
}

/// The bound of the mean of these values.
#[must_use]
pub(super) fn mean(values: &[f64], side: Side) -> f64 {
    let runs = values.len() as f64;
    let mean = values.iter().sum::<f64>() / runs;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (runs - 1.0).max(1.0);
    let reach = Z * (variance / runs).sqrt();
    match side {
        Side::Low => mean - reach,
        Side::High => mean + reach,
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

/// The greatest share for which it holds, as it does for all below.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_the_bounds_of_clopper_and_pearson() {
        // Beta quantiles: without a hit, 1 - 0.01^(1/n); with nothing else, 0.01^(1/n).
        assert!((share(0, 1_000, Side::High) - (1.0 - 0.01_f64.powf(0.001))).abs() < 1e-9);
        assert!((share(1_000, 1_000, Side::Low) - 0.01_f64.powf(0.001)).abs() < 1e-9);
        assert_eq!((share(0, 9, Side::Low), share(9, 9, Side::High)), (0.0, 1.0));
        // scipy.stats.beta.ppf(0.01, 15, 986) and beta.ppf(0.99, 16, 985).
        assert!(share(15, 1_000, Side::Low) < 0.015 && share(15, 1_000, Side::High) > 0.015);
    }

    #[test]
    fn a_median_lies_between_order_statistics() {
        let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
        // 500 - 2.33 * sqrt(1000) / 2 is 463.2.
        assert!((median(&values, Side::Low) - 463.0).abs() <= 1.0, "{}", median(&values, Side::Low));
        assert!((median(&values, Side::High) - 538.0).abs() <= 1.0, "{}", median(&values, Side::High));
        assert_eq!((median(&[1.0], Side::Low), median(&[1.0], Side::High)), (0.0, f64::INFINITY));
    }

    #[test]
    fn a_mean_has_the_bounds_of_the_normal_distribution() {
        let values: Vec<f64> = (0..10_000).map(|value| f64::from(value % 2)).collect();
        assert!((mean(&values, Side::High) - 0.5 - Z * 0.005).abs() < 1e-5);
        assert!((mean(&values, Side::Low) - 0.5 + Z * 0.005).abs() < 1e-5);
    }
}
