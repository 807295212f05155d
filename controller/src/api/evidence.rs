//! What the judge has seen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
