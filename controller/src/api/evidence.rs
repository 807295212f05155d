//! What the judge has seen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::{Evidence, MetricEvidence, ProbationEvidence};
use crate::api::number;

/// What the judge has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceStatus {
    /// Against the canary, all metrics together. The rollout is aborted when it reaches `ln_abort_at`.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort: f64,
    /// The bound of the abort.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort_at: f64,
    /// For the next step, metric by metric. All must reach `ln_promote_at`.
    pub metrics: Vec<MetricStatus>,
    /// The bound of the promotion.
    #[serde(serialize_with = "number::finite")]
    pub ln_promote_at: f64,
    /// The canary's error rate minus stable's lies between these, with 95 % confidence at every moment, in percent.
    pub error_difference_percent: Option<(f64, f64)>,
    /// What a canary that has all requests is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probation: Option<ProbationStatus>,
}

/// What a canary that has all requests is held to, as there is nothing left to compare it with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProbationStatus {
    /// The error rate up to which nothing is said of it, in percent.
    #[serde(serialize_with = "number::finite")]
    pub limit_percent: f64,
    /// Its requests.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
}

/// One metric's evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricStatus {
    /// `err`, `l50`, `l90` or `l99`.
    pub metric: String,
    /// Against the canary.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort: f64,
    /// For the next step; nothing while stable has shown too few latencies to compare with.
    #[serde(serialize_with = "number::finite_if_any")]
    pub ln_promote: Option<f64>,
}

impl From<&Evidence> for EvidenceStatus {
    fn from(evidence: &Evidence) -> Self {
        let difference = evidence.error_difference;
        // Nothing has been learnt of a difference while either has had no request.
        let is_compared = evidence.arms.canary.requests > 0 && evidence.arms.stable.requests > 0;
        Self {
            ln_abort: evidence.ln_harm,
            ln_abort_at: evidence.ln_harm_needed,
            metrics: evidence.metrics.iter().map(MetricStatus::from).collect(),
            ln_promote_at: evidence.ln_safe_needed,
            error_difference_percent: is_compared.then_some((difference.low * 100.0, difference.high * 100.0)),
            probation: evidence.probation.map(|ProbationEvidence { limit, canary }| ProbationStatus {
                limit_percent: limit * 100.0,
                requests: canary.requests(),
                errors: canary.bad,
            }),
        }
    }
}

impl From<&MetricEvidence> for MetricStatus {
    fn from(metric: &MetricEvidence) -> Self {
        Self {
            metric: metric.metric.label().to_owned(),
            ln_abort: metric.ln_harm,
            ln_promote: metric.on.then_some(metric.ln_safe),
        }
    }
}
