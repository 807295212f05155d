//! Everything that is known about a rollout, as one plain value to show, export and store.

use serde::{Deserialize, Serialize};

use super::confidence::Interval;
use super::counts::{Arms, Tally};
use super::metric::Metric;

/// A snapshot of a [`Judge`](super::Judge). Logs are natural.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The step that the certificates below are for.
    pub step: usize,
    /// Log of the evidence of harm, all metrics together.
    pub ln_harm: f64,
    /// Log of the evidence of harm that aborts.
    pub ln_harm_needed: f64,
    /// Log of the evidence of safety that certifies a metric.
    pub ln_safe_needed: f64,
    /// One for each metric, in the order of [`Metric::ALL`].
    pub metrics: [MetricEvidence; Metric::ALL.len()],
    /// What was scored in each arm.
    pub arms: Arms<ArmEvidence>,
    /// The canary's scored requests that were routed at this step's weight.
    pub canary_requests_at_step: u64,
    /// Between what the canary's error rate exceeds stable's, at 95 % whenever one looks.
    pub error_difference: Interval,
    /// What is known of the canary with all requests, once it has them.
    pub probation: Option<ProbationEvidence>,
}

/// What a canary did with all requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbationEvidence {
    /// The error rate up to which it does no harm, 0 to 1.
    pub limit: f64,
    /// How its requests ended.
    pub canary: Tally,
}

/// What a look shows that costs next to nothing. Logs are natural.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glance {
    /// Log of the evidence of harm, all metrics together.
    pub ln_harm: f64,
    /// One for each metric, in the order of [`Metric::ALL`].
    pub metrics: [MetricEvidence; Metric::ALL.len()],
}

/// What is known by one metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricEvidence {
    /// The metric.
    pub metric: Metric,
    /// Whether it is counted: one of latency is not until enough is known of stable.
    pub on: bool,
    /// Log of the evidence of harm.
    pub ln_harm: f64,
    /// Log of the evidence of safety for this step.
    pub ln_safe: f64,
    /// What was counted for it, over the whole rollout.
    pub counts: Arms<Tally>,
}

/// What one arm did, over the whole rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmEvidence {
    /// Scored requests.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// Median latency of successes in milliseconds, rounded up to a bucket; nothing if unknown.
    pub p50_ms: Option<f64>,
    /// The 90th percentile, likewise.
    pub p90_ms: Option<f64>,
    /// The 99th percentile, likewise.
    pub p99_ms: Option<f64>,
}

// === impl Evidence ===

impl Evidence {
    /// What is known by this metric.
    #[must_use]
    pub const fn metric(&self, metric: Metric) -> &MetricEvidence {
        &self.metrics[metric as usize]
    }
}
