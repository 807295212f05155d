//! The tries at bringing in releases that a service has seen.

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{HistoryEntry, schema};
use crate::rollout::{Generation, PhaseName};

/// `GET /v1/services/{name}/rollouts?limit=N`: the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rollouts {
    /// One line for each.
    pub rollouts: Vec<RolloutSummary>,
}

/// One try at bringing in a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RolloutSummary {
    /// Its number.
    pub generation: Generation,
    /// The release.
    #[schema(value_type = Option<schema::ReleaseId>)]
    pub canary: Option<ReleaseId>,
    /// When it began, as RFC 3339 in UTC; nothing if the audit trail does not reach back so far.
    pub began_at: Option<String>,
    /// When it changed last.
    pub changed_at: String,
    /// Where it stands, or ended: `idle` if the release became stable.
    pub phase: PhaseName,
    /// Why, as the label of a reason.
    pub reason: String,
    /// The greatest share that the canary has had.
    #[schema(value_type = schema::Weight)]
    pub weight_max_bp: Weight,
}

/// `GET /v1/services/{name}/rollouts/{generation}`: one of them, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RolloutStory {
    /// In short.
    pub summary: RolloutSummary,
    /// What changed, the oldest first.
    pub entries: Vec<HistoryEntry>,
}
