//! When nothing is started or raised.

use std::time::Duration;

use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{number, schema};

/// The longest freeze that has an end: a year.
pub const FREEZE_MAX: Duration = Duration::from_hours(365 * 24);

/// `POST /v1/freeze` and `POST /v1/services/{name}/freeze`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// For how long, at most a year; until somebody lifts it, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    #[schema(minimum = 1, maximum = 31_536_000_000_u64)]
    pub duration_ms: Option<u64>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/unfreeze` and `POST /v1/services/{name}/unfreeze`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unfreeze {
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// The answer to a freeze or its end: what is in force now. It is stored. The same command with the same key again is
/// not done again, and is told what is in force by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Freezes {
    /// Every freeze that is in force.
    pub freezes: Vec<FreezeStatus>,
}

/// A freeze that is in force: nothing is started and no weight is raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeStatus {
    /// The service that it is about; nothing for all of them.
    #[schema(value_type = Option<schema::ServiceName>)]
    pub service: Option<ServiceName>,
    /// The window of the configuration that it comes from; nothing for an operator's word.
    pub window: Option<String>,
    /// Who said so: `uid 1000` for a command, `canaryd.toml` for a window.
    pub actor: String,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// Since when, as RFC 3339 in UTC; nothing for a window.
    pub since: Option<String>,
    /// Until when, as RFC 3339 in UTC; nothing if somebody has to lift it.
    pub until: Option<String>,
}
