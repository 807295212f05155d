//! The abort side's bet on one metric: that the canary does more harm than tolerated.
//!
//! The bet is on the known probability `w` that the draw sent a request to the canary. With `o = w / (1 - w)`, a
//! request moves a capital by the factor `1 + lambda * g`, where `g` has a mean of at most 0 as long as the canary is
//! harmless, whatever stable's own rate may be. For `delta = mu = 0` this is the sequential multinomial test of Lindon
//! and Malek (arXiv 2011.03567); the linear bet and the choice of `lambda` follow Waudby-Smith and Ramdas. Ville's
//! inequality turns the capital into a promise, see [`super::guard`]. Formulas: statistics.md, 2.1 and 2.3.

use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::exact;
use super::metric::HarmSpec;

/// How many sizes of harm are bet on at once.
pub const RATIO_COUNT: usize = 8;

/// The hypothesised ratios of the canary's rate to stable's; one capital bets on each.
const RISK_RATIOS: [f64; RATIO_COUNT] = [1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 15.0, 200.0];

/// How a unit of stake is divided between the ratios.
pub(super) const PRIOR: [f64; RATIO_COUNT] = [0.04, 0.06, 0.12, 0.18, 0.20, 0.18, 0.12, 0.10];

/// The part of the largest lawful bet that is ever made, so that no factor reaches 0.
const BET_CLIP: f64 = 0.97;

/// A capital beyond this has long convicted; it stops growing so that sums stay finite.
const CAPITAL_MAX: f64 = 1e100;

/// The natural logs of all factors for one metric at one weight, computed once so that a flush only multiplies.
#[derive(Clone, Debug, PartialEq)]
pub struct StakeTable {
    ln: [[f64; RATIO_COUNT]; 4],
    ln_cap: [f64; RATIO_COUNT],
}

/// The capitals that one metric has at stake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stake {
    #[serde(with = "exact")]
    capital: [f64; RATIO_COUNT],
    #[serde(with = "exact")]
    ln_gain: [f64; RATIO_COUNT],
}

/// The bet `lambda` for each risk ratio at a canary share of 0 to 1: near the log-optimal one for rare events.
#[must_use]
pub fn bets(spec: &HarmSpec, share: f64) -> [f64; RATIO_COUNT] {
    let odds = odds(share);
    let bet_max = 1.0 / (spec.delta + spec.rho * spec.mu).max(spec.rho * odds * (1.0 - spec.mu));
    RISK_RATIOS
        .map(|ratio| ((ratio - 1.0) / ((1.0 - spec.mu) * (1.0 + ratio * spec.rho * odds))).min(BET_CLIP * bet_max))
}

// A weight of 100 % has no stable arm: its factors are 1, and only a guardrail still means something.
fn odds(share: f64) -> f64 {
    if share < 1.0 { share / (1.0 - share) } else { 0.0 }
}

// === impl StakeTable ===

impl StakeTable {
    /// The table for a canary share of 0 to 1.
    #[must_use]
    pub fn new(spec: &HarmSpec, share: f64) -> Self {
        let &HarmSpec { rho, delta, mu, gain, .. } = spec;
        let odds = odds(share);
        let bets = bets(spec, share);
        let failure = |bet: f64| 1.0 + bet * (1.0 - delta - rho * mu);
        Self {
            ln: [
                bets.map(|bet| failure(bet).ln()),
                bets.map(|bet| (1.0 - bet * (delta + rho * mu)).ln()),
                bets.map(|bet| (1.0 - bet * rho * odds * (1.0 - mu)).ln()),
                bets.map(|bet| (1.0 + bet * rho * odds * mu).ln()),
            ],
            ln_cap: bets.map(|bet| failure(bet).clamp(gain.low, gain.high).ln()),
        }
    }

    /// Natural logs of the factors, a row each for canary bad, canary good, stable bad, stable good.
    #[must_use]
    pub const fn ln(&self) -> &[[f64; RATIO_COUNT]; 4] {
        &self.ln
    }

    /// Natural log of the most that a capital may gain within one block.
    #[must_use]
    pub const fn ln_cap(&self) -> &[f64; RATIO_COUNT] {
        &self.ln_cap
    }
}

// === impl Stake ===

impl Stake {
    /// Starts with so much of the unit that every metric owns.
    #[must_use]
    pub fn new(mass: f64) -> Self {
        Self { capital: PRIOR.map(|share| mass * share), ln_gain: [0.0; RATIO_COUNT] }
    }

    /// Puts more at stake. Only between blocks: fresh stake must not inherit what the open block has won.
    pub fn release(&mut self, mass: f64) {
        for (capital, share) in self.capital.iter_mut().zip(PRIOR) {
            *capital += mass * share;
        }
    }

    /// Settles the outcomes of requests that were routed at the table's weight.
    pub fn flush(&mut self, counts: Arms<Tally>, table: &StakeTable) {
        let [canary_bad, canary_good, stable_bad, stable_good] = counts.row();
        let [ln_canary_bad, ln_canary_good, ln_stable_bad, ln_stable_good] = &table.ln;
        for (j, ln_gain) in self.ln_gain.iter_mut().enumerate() {
            *ln_gain += canary_bad * ln_canary_bad[j]
                + canary_good * ln_canary_good[j]
                + stable_bad * ln_stable_bad[j]
                + stable_good * ln_stable_good[j];
        }
    }

    /// All capitals together as they were at the last end of a block.
    #[must_use]
    pub fn capital(&self) -> f64 {
        self.capital.iter().sum()
    }

    /// All capitals together, with the open block's gains as far as the burst cap lets them count.
    #[must_use]
    pub fn value(&self, table: &StakeTable) -> f64 {
        self.grown(table).iter().sum()
    }

    /// Ends a block: what it won, up to the cap, becomes capital.
    pub fn end_block(&mut self, table: &StakeTable) {
        self.capital = self.grown(table).map(|capital| capital.min(CAPITAL_MAX));
        self.ln_gain = [0.0; RATIO_COUNT];
    }

    /// Throws away what the open block has won so far.
    pub(super) fn forgive(&mut self) {
        self.ln_gain = self.ln_gain.map(|ln| ln.min(0.0));
    }

    /// Lifts every capital to at least so many times its part of the unit, and lets none have more than so many. What is
    /// lifted is no evidence that anything is promised of. Only between blocks.
    pub(super) fn keep_between(&mut self, low: f64, high: f64) {
        for (capital, share) in self.capital.iter_mut().zip(PRIOR) {
            *capital = capital.clamp(low * share, high * share);
        }
    }

    fn grown(&self, table: &StakeTable) -> [f64; RATIO_COUNT] {
        std::array::from_fn(|j| self.capital[j] * self.ln_gain[j].min(table.ln_cap[j]).exp())
    }
}

#[cfg(test)]
mod tests {
    use canary_config::criteria::Profile;

    use super::super::metric::{BlockGain, Metric};
    use super::*;

    const GUARDRAIL: HarmSpec = HarmSpec::limit(0.01, BlockGain::USUAL);

    #[test]
    fn every_factor_of_every_metric_is_positive_and_finite_at_every_weight() {
        for bp in 1..=10_000_u16 {
            let every = Profile::ALL.map(|profile| Metric::ALL.map(|metric| metric.harm(profile)));
            for spec in every.as_flattened().iter().chain([&GUARDRAIL]) {
                let table = StakeTable::new(spec, f64::from(bp) / 10_000.0);
                assert!(table.ln.iter().flatten().chain(&table.ln_cap).all(|ln| ln.is_finite()), "{bp} {spec:?}");
            }
        }
    }

    #[test]
    fn a_fair_bet_neither_gains_nor_loses_on_average() {
        // At the edge of the null, w * p_c * F_cb + .. sums to exactly 1 for each bet: the martingale itself.
        for (spec, share, stable_rate) in [
            (Metric::ErrorRate.harm(Profile::Balanced), 0.1, 0.01),
            (Metric::LatencyP90.harm(Profile::Strict), 0.25, 0.1),
        ] {
            let canary_rate = spec.rho * stable_rate + spec.delta;
            let table = StakeTable::new(&spec, share);
            for j in 0..RATIO_COUNT {
                let factor = table.ln.map(|row| row[j].exp());
                let mean = share * (canary_rate * factor[0] + (1.0 - canary_rate) * factor[1])
                    + (1.0 - share) * (stable_rate * factor[2] + (1.0 - stable_rate) * factor[3]);
                assert!((mean - 1.0).abs() < 1e-12, "{spec:?} {j}: {mean}");
            }
        }
    }

    #[test]
    fn without_a_stable_arm_its_factors_are_one() {
        let table = StakeTable::new(&GUARDRAIL, 1.0);
        assert_eq!(table.ln[2], [0.0; RATIO_COUNT]);
        assert_eq!(table.ln[3], [0.0; RATIO_COUNT]);
    }
}
