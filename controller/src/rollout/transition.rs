//! What a change was: the one story that is logged, stored, counted and told.

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rollout::{Generation, PhaseName, Reason};

/// What changed in a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Transition {
    /// Which try.
    pub generation: Generation,
    /// The release that was or is on trial.
    #[schema(value_type = Option<String>)]
    pub canary: Option<ReleaseId>,
    /// Where it was.
    pub from: PhaseName,
    /// Where it is.
    pub to: PhaseName,
    /// The step that it stands at now, if it stands at one.
    pub step: Option<usize>,
    /// The canary's share now.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = u16, maximum = 10_000)]
    pub weight: Weight,
    /// Why.
    pub reason: Reason,
}
