//! The promotion side's bet on one metric at one margin: that the canary does less harm than would matter.
//!
//! The same bet as a [stake](super::stake) with the sign turned around: a capital of `1 / beta` excludes, by Ville's
//! inequality and up to the probability `beta`, that the canary has been worse than `rho * p_stable + margin` all along.
//! There are no restarts and no burst cap, and it runs from the first request. Formulas: statistics.md, 2.5.

use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::exact;
use super::metric::CertificateSpec;

/// How many sizes of bet are made at once.
pub const BET_COUNT: usize = 5;

/// The bets, as parts of the largest lawful one.
const BETS: [f64; BET_COUNT] = [1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, 1.0 / 2.0, 31.0 / 32.0];

/// How the unit is divided between the bets.
pub(super) const PRIOR: [f64; BET_COUNT] = [0.05, 0.10, 0.20, 0.25, 0.40];

/// Above this log, `exp` comes close to the largest number there is.
const LN_MAX: f64 = 700.0;

/// The natural logs of all factors for one metric and margin at one weight.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateTable {
    ln: [[f64; BET_COUNT]; 4],
}

/// The capitals of one metric at one margin, as natural logs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    #[serde(with = "exact")]
    ln_capital: [f64; BET_COUNT],
}

// === impl CertificateTable ===

impl CertificateTable {
    /// The table for a canary share of 0 to 1. Without both arms nothing can be compared, and every factor is 1.
    #[must_use]
    pub fn new(spec: &CertificateSpec, margin: f64, share: f64) -> Self {
        if share <= 0.0 || share >= 1.0 {
            return Self { ln: [[0.0; BET_COUNT]; 4] };
        }
        let &CertificateSpec { rho, mu, .. } = spec;
        let odds = share / (1.0 - share);
        let bet_max = 1.0 / (1.0 - margin - rho * mu).max(rho * odds * mu);
        let bets = BETS.map(|part| part * bet_max);
        Self {
            ln: [
                bets.map(|bet| (1.0 - bet * (1.0 - margin - rho * mu)).ln()),
                bets.map(|bet| (1.0 + bet * (margin + rho * mu)).ln()),
                bets.map(|bet| (1.0 + bet * rho * odds * (1.0 - mu)).ln()),
                bets.map(|bet| (1.0 - bet * rho * odds * mu).ln()),
            ],
        }
    }

    /// Natural logs of the factors, a row each for canary bad, canary good, stable bad, stable good.
    #[must_use]
    pub const fn ln(&self) -> &[[f64; BET_COUNT]; 4] {
        &self.ln
    }
}

// === impl Certificate ===

impl Certificate {
    /// Settles the outcomes of requests that were routed at the table's weight.
    pub fn flush(&mut self, counts: Arms<Tally>, table: &CertificateTable) {
        let [canary_bad, canary_good, stable_bad, stable_good] = counts.row();
        let [ln_canary_bad, ln_canary_good, ln_stable_bad, ln_stable_good] = &table.ln;
        for (j, ln_capital) in self.ln_capital.iter_mut().enumerate() {
            *ln_capital += canary_bad * ln_canary_bad[j]
                + canary_good * ln_canary_good[j]
                + stable_bad * ln_stable_bad[j]
                + stable_good * ln_stable_good[j];
        }
    }

    /// The evidence for safety; `1 / beta` is enough.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.ln_capital.iter().zip(PRIOR).map(|(ln, share)| share * ln.min(LN_MAX).exp()).sum()
    }

    /// The natural log of the evidence. Unlike the evidence it has no ceiling and no floor.
    #[must_use]
    pub fn ln_value(&self) -> f64 {
        ln_mix(&self.ln_capital, &PRIOR)
    }
}

/// The natural log of `sum(prior * exp(ln))`, finite for every finite input.
pub(super) fn ln_mix<const N: usize>(ln: &[f64; N], prior: &[f64; N]) -> f64 {
    let largest = ln.iter().copied().fold(f64::MIN, f64::max);
    largest + ln.iter().zip(prior).map(|(ln, share)| share * (ln - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use canary_config::criteria::Profile;

    use super::super::metric::Metric;
    use super::*;

    #[test]
    fn every_factor_is_positive_and_finite_for_every_pair_of_weights() {
        for here in (1..10_000_u16).step_by(37) {
            for next in (here..=10_000).step_by(101) {
                for spec in Profile::ALL
                    .map(|profile| Metric::ALL.map(|metric| metric.certificate(profile)))
                    .into_iter()
                    .flatten()
                {
                    let margin = spec.margin(f64::from(next) / 10_000.0);
                    let table = CertificateTable::new(&spec, margin, f64::from(here) / 10_000.0);
                    assert!(table.ln.iter().flatten().all(|ln| ln.is_finite()), "{here} {next} {spec:?}");
                }
            }
        }
    }

    #[test]
    fn without_both_arms_no_request_moves_it() {
        let spec = Metric::ErrorRate.certificate(Profile::Balanced);
        for share in [0.0, 1.0] {
            let mut certificate = Certificate::default();
            certificate.flush(Arms::from([9, 1_000, 0, 1_000]), &CertificateTable::new(&spec, 0.005, share));
            assert!(certificate.ln_value().abs() < 1e-15, "{certificate:?}");
        }
    }

    #[test]
    fn its_log_stays_finite_where_its_value_does_not() {
        let table = CertificateTable::new(&Metric::ErrorRate.certificate(Profile::Balanced), 0.02, 0.1);
        let mut certificate = Certificate::default();
        certificate.flush(Arms::from([0, u64::MAX, u64::MAX, 0]), &table);
        assert!(certificate.ln_value().is_finite() && certificate.value().is_finite(), "{certificate:?}");
        let mut refuted = Certificate::default();
        refuted.flush(Arms::from([u64::MAX, 0, 0, 0]), &table);
        assert!(refuted.ln_value().is_finite(), "{refuted:?}");
        assert_eq!(refuted.value(), 0.0);
    }
}
