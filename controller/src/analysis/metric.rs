//! The four things a canary is judged by, and how strictly.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One way in which a canary can be worse than stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Metric {
    /// The share of requests that fail.
    #[serde(rename = "err")]
    ErrorRate,
    /// The share of successes slower than stable's median.
    #[serde(rename = "l50")]
    LatencyP50,
    /// The share of successes slower than stable's 90th percentile.
    #[serde(rename = "l90")]
    LatencyP90,
    /// The share of successes slower than stable's 99th percentile.
    #[serde(rename = "l99")]
    LatencyP99,
}

/// What the abort side doubts: that at every moment `p_canary <= rho * p_stable + delta`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HarmSpec {
    /// The tolerated ratio of the two probabilities; 0 makes an absolute guardrail that needs no stable arm.
    pub rho: f64,
    /// The tolerated excess, a probability.
    pub delta: f64,
    /// The control variate: stable's expected probability. It lowers the variance and never touches validity.
    pub mu: f64,
    /// The metric's share of the mixture; the shares of all metrics sum to 1.
    pub pi: f64,
}

/// What the promotion side doubts: that at every moment `p_canary >= rho * p_stable + tolerance / next weight`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CertificateSpec {
    /// The ratio that counts as damage.
    pub rho: f64,
    /// The tolerated excess at 100 %, a probability. At a lower exposure more is tolerated in proportion.
    pub tolerance: f64,
    /// The control variate, as in [`HarmSpec::mu`].
    pub mu: f64,
}

// === impl Metric ===

impl Metric {
    /// All metrics, in the order of every array that holds one entry for each.
    pub const ALL: [Self; 4] = [Self::ErrorRate, Self::LatencyP50, Self::LatencyP90, Self::LatencyP99];

    /// The metrics of the latency of successes.
    pub const LATENCIES: [Self; 3] = [Self::LatencyP50, Self::LatencyP90, Self::LatencyP99];

    /// The short name, as a metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ErrorRate => "err",
            Self::LatencyP50 => "l50",
            Self::LatencyP90 => "l90",
            Self::LatencyP99 => "l99",
        }
    }

    /// The quantile of stable's latency that the metric is about, in percent; none for errors.
    #[must_use]
    pub const fn percentile(self) -> Option<u64> {
        match self {
            Self::ErrorRate => None,
            Self::LatencyP50 => Some(50),
            Self::LatencyP90 => Some(90),
            Self::LatencyP99 => Some(99),
        }
    }

    /// How many successes of stable must be known before the metric can be counted (statistics.md, 2.8).
    #[must_use]
    pub const fn stable_successes_needed(self) -> u64 {
        match self {
            Self::ErrorRate => 0,
            Self::LatencyP50 | Self::LatencyP90 => 200,
            Self::LatencyP99 => 500,
        }
    }

    /// How the abort side bets on this metric (statistics.md, sections 1 and 2.4).
    #[must_use]
    pub const fn harm(self) -> HarmSpec {
        match self {
            Self::ErrorRate => HarmSpec { rho: 1.0, delta: 0.0005, mu: 0.0, pi: 0.50 },
            Self::LatencyP50 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.5, pi: 0.15 },
            Self::LatencyP90 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.1, pi: 0.15 },
            Self::LatencyP99 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.01, pi: 0.20 },
        }
    }

    /// What the promotion side must exclude for this metric (statistics.md, 2.5).
    #[must_use]
    pub const fn certificate(self) -> CertificateSpec {
        match self {
            Self::ErrorRate => CertificateSpec { rho: 1.5, tolerance: 0.005, mu: 0.0 },
            Self::LatencyP50 => CertificateSpec { rho: 1.0, tolerance: 0.10, mu: 0.5 },
            Self::LatencyP90 => CertificateSpec { rho: 1.0, tolerance: 0.05, mu: 0.1 },
            Self::LatencyP99 => CertificateSpec { rho: 1.0, tolerance: 0.02, mu: 0.01 },
        }
    }
}

impl fmt::Display for Metric {
    /// The name for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ErrorRate => "error rate",
            Self::LatencyP50 => "p50 latency",
            Self::LatencyP90 => "p90 latency",
            Self::LatencyP99 => "p99 latency",
        })
    }
}

// === impl CertificateSpec ===

impl CertificateSpec {
    /// No excess above this is tolerated, however small the exposure.
    const MARGIN_MAX: f64 = 0.5;

    /// The tolerated excess while `next_share` of the requests is what a pass would expose.
    #[must_use]
    pub fn margin(&self, next_share: f64) -> f64 {
        (self.tolerance / next_share).min(Self::MARGIN_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_in_declaration_order_and_its_shares_sum_to_one() {
        assert!(Metric::ALL.is_sorted());
        let sum: f64 = Metric::ALL.map(|metric| metric.harm().pi).iter().sum();
        assert!((sum - 1.0).abs() < 1e-15, "{sum}");
    }

    #[test]
    fn the_label_is_also_the_serialised_form() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_string(&metric).expect("plain"), format!("\"{}\"", metric.label()));
        }
    }

    #[test]
    fn a_margin_shrinks_as_exposure_grows_and_never_exceeds_a_half() {
        let margins = [0.01, 0.25, 0.5, 1.0].map(|share| Metric::LatencyP50.certificate().margin(share));
        assert_eq!(margins, [0.5, 0.4, 0.2, 0.1]);
    }
}
