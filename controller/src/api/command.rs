//! What an operator says about a rollout, and what comes of it.

use std::collections::BTreeMap;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::OnBusy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{Rollback, number, schema};
use crate::rollout::{Generation, Transition};

/// `POST /v1/services/{name}/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The release to bring in.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OnBusy>)]
    pub on_busy: Option<OnBusy>,
    /// Also if the release was sent back before.
    #[serde(default)]
    pub force: bool,
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/rollouts`: several services as one rollout. One plan, one verdict, weights that change together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartTogether {
    /// The release to bring in, of each service.
    #[schema(value_type = schema::Releases)]
    pub releases: BTreeMap<ServiceName, ReleaseId>,
    /// The service whose plan all of them follow; one of the above.
    #[schema(value_type = schema::ServiceName)]
    pub plan_of: ServiceName,
    /// Also if a release was sent back before.
    #[serde(default)]
    pub force: bool,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/promote`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Promote {
    /// To 100 % at once instead of the next step.
    #[serde(default)]
    pub full: bool,
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/abort`, and the same with `undo`, `pause`, `resume` and `retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/adopt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// The release to make stable, unjudged.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// The answer to a command that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// Of which service.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// What changed.
    pub transition: Transition,
    /// Whether it is stored. If not, it is in force and a crash would forget it.
    pub durable: bool,
    /// How the canary left the data path, if it lost its share: what is known of it when this is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// What changed of the services that move with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Moved>,
}

/// What changed of one service among several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Of which service.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// What changed.
    pub transition: Transition,
}
