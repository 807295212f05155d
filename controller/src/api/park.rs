//! When a service's requests wait by an operator's word.

use std::time::Duration;

use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{number, schema};

/// The longest that a service is parked for, if it has an end: a day.
pub const PARK_MAX: Duration = Duration::from_hours(24);

/// `POST /v1/services/{name}/park`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Park {
    /// For how long, at most a day; until somebody unparks it, if nothing is said. Neither outlives canaryd.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number::whole_if_any")]
    #[schema(minimum = 1, maximum = 86_400_000_u64)]
    pub duration_ms: Option<u64>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/unpark`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpark {
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// The answer to a service's being parked or unparked: what is in force now. The same command with the same key again is
/// not done again, and is told what is in force by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parked {
    /// Which service.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// That it is parked; nothing if it is not.
    pub parked: Option<ParkedStatus>,
    /// How many of its requests wait now.
    pub waiting: usize,
    /// How long each of them waits at most.
    pub timeout_ms: u64,
    /// How many of them may wait.
    pub requests: usize,
}

/// A service that is parked by an operator's word: its requests wait, and nothing of it is started or raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParkedStatus {
    /// Who said so.
    pub actor: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
    /// Until when, as RFC 3339 in UTC; nothing if somebody has to unpark it.
    pub until: Option<String>,
}
