//! The making of a new release's containers.

use canary_config::name::ReleaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::schema;

/// The deployment of a service that is under way, or was the last since canaryd started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentStatus {
    /// Its name; the label `canary.deployment` of its containers.
    pub id: String,
    /// The release that it brings.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// Its image, as it was asked for.
    pub image: String,
    /// What it is about, in words; `done` once the rollout has begun, `failed` if it came to nothing.
    pub stage: String,
    /// For how long.
    pub in_stage_ms: u64,
    /// Why it came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A release that has no part now and whose containers are kept, stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptRelease {
    /// Which.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// Its image, as it was asked for.
    pub image: String,
    /// How many containers it has.
    pub containers: usize,
    /// Since when it is stopped, as RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether it has been stable, and was not sent back: `rollback` leads to the first of these.
    pub was_stable: bool,
}
