//! The four things a canary is judged by, and how strictly.

use std::fmt;

use canary_config::criteria::Profile;
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
    /// How much one block may win.
    pub gain: BlockGain,
}

/// One block multiplies a capital at most by what a single failure wins, clamped to this range, so that a burst counts
/// little (statistics.md, 2.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockGain {
    /// A block may win so much in any case.
    pub low: f64,
    /// And never more than this.
    pub high: f64,
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

    /// How the abort side bets on this metric (statistics.md, sections 1, 2.4 and 7).
    #[must_use]
    pub const fn harm(self, profile: Profile) -> HarmSpec {
        let gain = BlockGain::of(profile);
        let delta = if matches!(profile, Profile::Strict) { 0.0 } else { 0.0005 };
        match self {
            Self::ErrorRate => HarmSpec { rho: 1.0, delta, mu: 0.0, pi: 0.50, gain },
            Self::LatencyP50 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.5, pi: 0.15, gain },
            Self::LatencyP90 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.1, pi: 0.15, gain },
            Self::LatencyP99 => HarmSpec { rho: 1.0, delta: 0.0, mu: 0.01, pi: 0.20, gain },
        }
    }

    /// What the promotion side must exclude for this metric (statistics.md, 2.5 and 7).
    #[must_use]
    pub const fn certificate(self, profile: Profile) -> CertificateSpec {
        let tolerance = if matches!(profile, Profile::LowTraffic) { 0.01 } else { 0.005 };
        match self {
            Self::ErrorRate => CertificateSpec { rho: 1.5, tolerance, mu: 0.0 },
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

// === impl HarmSpec ===

impl HarmSpec {
    /// An absolute limit of a probability, which needs no stable arm.
    #[must_use]
    pub const fn limit(probability: f64, gain: BlockGain) -> Self {
        Self { rho: 0.0, delta: probability, mu: 0.0, pi: 1.0, gain }
    }
}

// === impl BlockGain ===

impl BlockGain {
    /// Two blocks of the first step cannot convict, three can.
    pub const USUAL: Self = Self { low: 5.0, high: 10.0 };

    /// A block wins less, and longer bursts are forgiven.
    pub const CALM: Self = Self { low: 4.0, high: 4.0 };

    /// What this profile allows.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        if matches!(profile, Profile::Calm) { Self::CALM } else { Self::USUAL }
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
        let sum: f64 = Metric::ALL.map(|metric| metric.harm(Profile::Balanced).pi).iter().sum();
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
        let margins =
            [0.01, 0.25, 0.5, 1.0].map(|share| Metric::LatencyP50.certificate(Profile::Balanced).margin(share));
        assert_eq!(margins, [0.5, 0.4, 0.2, 0.1]);
    }
}
