//! How much worse the canary's error rate is, as intervals that hold at every moment at once. For display only.
//!
//! An interval is the set of values that a bet against them has not refuted yet (Ville): the difference by the bets of
//! [`stake`] and [`certificate`] on the accumulated counts, without burst cap and
//! restarts; the ratio by the mixture of Lindon and Malek. Formulas: statistics.md, 2.6.

use serde::{Deserialize, Serialize};

use super::certificate::{self, CertificateTable, ln_mix};
use super::counts::{Arms, Tally};
use super::metric::{BlockGain, CertificateSpec, HarmSpec};
use super::stake::{self, StakeTable};

/// Halvings after which a difference is as exact as its floats.
const DIFFERENCE_HALVINGS: usize = 80;

/// Halvings for the edge of a ratio, on a log scale.
const RATIO_HALVINGS: usize = 100;

/// Thirds cut off in the search for the most likely ratio.
const MODE_STEPS: usize = 200;

/// No ratio beyond this, or below its inverse, is looked at.
const RATIO_MAX: f64 = 1e6;

/// The mixture's ratios: half octaves from 2^-6 to 2^8.
const RATIO_GRID_START: f64 = -6.0;
const RATIO_GRID_COUNT: usize = 29;

/// The ends of the differences that are looked at.
const DIFFERENCE_MAX: f64 = 1.0 - 1e-9;

/// The outcomes of requests routed at one weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// The canary's share of requests, 0 to 1.
    pub share: f64,
    /// Failures and successes of both arms.
    pub counts: Arms<Tally>,
}

/// All values that have not been refuted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The smallest of them.
    pub low: f64,
    /// The largest of them.
    pub high: f64,
}

/// The difference of the error rates, canary minus stable, each a probability. With probability `1 - alpha` it holds
/// the true one at all times, provided that this is constant.
pub fn cs_diff<I>(epochs: &I, alpha: f64) -> Interval
where
    I: Iterator<Item = Epoch> + Clone,
{
    let enough = (2.0 / alpha).ln();
    let worse_than = |delta: f64| ln_worse_than(epochs.clone(), delta) >= enough;
    let better_than = |delta: f64| ln_better_than(epochs.clone(), delta) >= enough;
    let low = if worse_than(-DIFFERENCE_MAX) {
        bisect(-DIFFERENCE_MAX, DIFFERENCE_MAX, DIFFERENCE_HALVINGS, worse_than)
    } else {
        -1.0
    };
    let high = if better_than(DIFFERENCE_MAX) {
        bisect(DIFFERENCE_MAX, -DIFFERENCE_MAX, DIFFERENCE_HALVINGS, better_than)
    } else {
        1.0
    };
    Interval { low, high }
}

/// The ratio of the error rates, canary over stable. With probability `1 - alpha` it holds the true one at all times,
/// provided that this is constant. It looks at failures only.
pub fn cs_ratio<I>(epochs: &I, alpha: f64) -> Interval
where
    I: Iterator<Item = Epoch> + Clone,
{
    let ln_likelihood = |ln_ratio: f64| ln_likelihood(epochs.clone(), ln_ratio.exp());
    let grid: [f64; RATIO_GRID_COUNT] =
        std::array::from_fn(|k| ln_likelihood((RATIO_GRID_START + k as f64 / 2.0) * std::f64::consts::LN_2));
    let mixture = ln_mix(&grid, &[1.0 / RATIO_GRID_COUNT as f64; RATIO_GRID_COUNT]);
    let possible = |ln_ratio: f64| mixture - ln_likelihood(ln_ratio) < (1.0 / alpha).ln();
    let mode = mode(-RATIO_MAX.ln(), RATIO_MAX.ln(), ln_likelihood);
    let edge = |outer: f64| if possible(outer) { outer } else { bisect(mode, outer, RATIO_HALVINGS, possible) }.exp();
    Interval { low: edge(-RATIO_MAX.ln()), high: edge(RATIO_MAX.ln()) }
}

// Both arms must have been possible: otherwise nothing is compared, and the bets have no bound.
fn comparable<I: Iterator<Item = Epoch>>(epochs: I) -> impl Iterator<Item = Epoch> {
    epochs.filter(|epoch| epoch.share > 0.0 && epoch.share < 1.0)
}

fn ln_worse_than(epochs: impl Iterator<Item = Epoch>, delta: f64) -> f64 {
    let spec = HarmSpec { rho: 1.0, delta, mu: 0.0, pi: 1.0, gain: BlockGain::USUAL };
    let mut ln = [0.0; stake::RATIO_COUNT];
    for Epoch { share, counts } in comparable(epochs) {
        accumulate(&mut ln, counts, StakeTable::new(&spec, share).ln());
    }
    ln_mix(&ln, &stake::PRIOR)
}

fn ln_better_than(epochs: impl Iterator<Item = Epoch>, delta: f64) -> f64 {
    let spec = CertificateSpec { rho: 1.0, tolerance: delta, mu: 0.0 };
    let mut ln = [0.0; certificate::BET_COUNT];
    for Epoch { share, counts } in comparable(epochs) {
        accumulate(&mut ln, counts, CertificateTable::new(&spec, delta, share).ln());
    }
    ln_mix(&ln, &certificate::PRIOR)
}

fn accumulate<const N: usize>(ln: &mut [f64; N], counts: Arms<Tally>, table: &[[f64; N]; 4]) {
    let row = counts.row();
    for (j, ln) in ln.iter_mut().enumerate() {
        *ln += row.iter().zip(table).map(|(count, factors)| count * factors[j]).sum::<f64>();
    }
}

// Each failure is the canary's with a chance that depends on the ratio and on the known weight alone.
fn ln_likelihood(epochs: impl Iterator<Item = Epoch>, ratio: f64) -> f64 {
    comparable(epochs)
        .map(|Epoch { share, counts }| {
            let chance = share * ratio / (1.0 - share + share * ratio);
            counts.canary.bad as f64 * chance.ln() + counts.stable.bad as f64 * (1.0 - chance).ln()
        })
        .sum()
}

// The place between `inside`, where `holds`, and `outside`, where it does not, as seen from inside.
pub(crate) fn bisect(mut inside: f64, mut outside: f64, halvings: usize, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..halvings {
        let middle = f64::midpoint(inside, outside);
        if holds(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

// The top of a function that rises and then falls.
fn mode(mut low: f64, mut high: f64, value: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..MODE_STEPS {
        let third = (high - low) / 3.0;
        if value(low + third) < value(high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_excludes_nothing() {
        for share in [0.0, 0.1, 1.0] {
            let epochs = [Epoch { share, counts: Arms::default() }];
            assert_eq!(cs_diff(&epochs.into_iter(), 0.05), Interval { low: -1.0, high: 1.0 });
            let ratio = cs_ratio(&epochs.into_iter(), 0.05);
            assert!(ratio.low < 1.1e-6 && ratio.high > 0.9e6, "{ratio:?}");
        }
    }

    #[test]
    fn an_interval_narrows_around_the_difference_that_is_there() {
        let after = |requests: u64| {
            let counts =
                Arms::from([requests / 20, requests - requests / 20, requests / 100 * 9, requests / 100 * 891]);
            cs_diff(&[Epoch { share: 0.1, counts }].into_iter(), 0.05)
        };
        let (few, many) = (after(1_000), after(100_000));
        assert!(few.low < many.low && many.low < 0.04 && 0.04 < many.high && many.high < few.high, "{few:?} {many:?}");
    }
}
