//! Who would serve a request, and why.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::schema;

/// `GET /v1/why?url=URL&method=METHOD&header=NAME:VALUE&client=IP`: who would serve a request, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// The host that rules are compared with.
    pub host: String,
    /// The path that rules are compared with.
    pub path: String,
    /// Who serves; nothing if no rule matches, and the answer is 404.
    pub served_by: Option<WhyServed>,
    /// The services that came before by priority, in that order, and why they do not serve; without a match the
    /// nearest ones.
    pub passed_over: Vec<WhyPassedOver>,
    /// How many more were passed over than are named.
    #[serde(default)]
    pub unmentioned: u64,
    /// The listeners whose `health_path` this is. There canaryd answers itself, before any rule.
    #[serde(default)]
    pub answered_by_health_path: Vec<String>,
}

/// The service that would serve a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhyServed {
    /// Its name.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// Its rule.
    pub rule: String,
    /// The rule's priority.
    pub priority: u32,
    /// The conditions that the request fulfils, in words.
    pub because: Vec<String>,
    /// Who takes which share of such requests.
    pub tracks: Vec<WhyTrack>,
}

/// A role that may serve a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyTrack {
    /// `stable` or `canary`.
    pub track: String,
    /// The release that plays it.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// Its share of such requests.
    #[schema(value_type = schema::Weight)]
    pub weight_bp: Weight,
    /// Why it has that share, in words.
    pub because: String,
    /// The backends, and whether they can serve.
    pub backends: Vec<BackendStatus>,
}

/// A backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackendStatus {
    /// Who it is.
    pub id: String,
    /// Where it listens.
    pub address: String,
    /// Whether it passes its probes.
    pub ready: bool,
    /// Why not, as its last probe says.
    pub why: Option<String>,
}

/// A service that does not serve a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyPassedOver {
    /// Its name.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// Its rule.
    pub rule: String,
    /// The rule's priority.
    pub priority: u32,
    /// The condition that the request does not fulfil, in words.
    pub because: String,
}
