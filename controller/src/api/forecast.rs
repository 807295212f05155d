//! What the next rollout of a service will need, and what it would find.

use canary_config::name::ServiceName;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{number, schema};

/// `GET /v1/services/{name}/forecast?requests_per_second=N&error_rate=P`: what the next rollout will need, and what it
/// would find. An estimate: the middle rollout of many takes between half and twice as long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// The service.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// The shape of its rollouts: `canary`, `blue-green`, `rolling`, `recreate`.
    pub strategy: String,
    /// The set of margins: `balanced`, `strict`, `calm`, `low_traffic`.
    pub profile: String,
    /// By what a request falls to the canary: `request`, `cookie`, `header:NAME`, `ip`.
    pub assignment: String,
    /// What counts: `requests`, or `clients` where a client stays where it fell and counts once.
    pub counted: String,
    /// What the forecast is made from.
    pub traffic: ForecastTraffic,
    /// Each step below 100 %.
    pub steps: Vec<ForecastStep>,
    /// The time at 100 %.
    pub probation: ForecastProbation,
    /// How long it takes until the canary has all requests; nothing if that is not foreseen.
    pub until_full_ms: Option<u64>,
    /// What to bear in mind, in words.
    pub caveats: Vec<String>,
    /// A plan that gets its evidence in time, where this one does not.
    pub proposal: Option<ForecastProposal>,
}

/// What a forecast is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastTraffic {
    /// How far back canaryd has looked: six hours at the most, and not before its own start.
    pub looked_ms: u64,
    /// Requests in that time.
    pub requests: u64,
    /// Failures among them.
    pub failures: u64,
    /// The rate that is expected, of what counts; nothing if none is known.
    #[serde(serialize_with = "number::in_thousandths")]
    pub per_second: Option<f64>,
    /// Whether the rate was asked about instead of measured.
    pub is_rate_assumed: bool,
    /// Requests per second in a minute than which one in ten is quieter.
    #[serde(serialize_with = "number::in_thousandths")]
    pub quiet_per_second: Option<f64>,
    /// Requests per second in a minute than which one in ten is busier.
    #[serde(serialize_with = "number::in_thousandths")]
    pub busy_per_second: Option<f64>,
    /// Stable's error rate that is expected, 0 to 1.
    #[serde(serialize_with = "number::finite")]
    #[schema(minimum = 0, maximum = 1)]
    pub error_rate: f64,
    /// Whether the error rate was asked about instead of measured.
    pub is_error_rate_assumed: bool,
    /// Whether so little is known of the latencies that typical ones stand in for them.
    pub are_latencies_assumed: bool,
}

/// What a step needs, and what it would find.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastStep {
    /// The canary's share.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// Who opens the way out of it: `evidence`, `manual` or `time`.
    pub gate: String,
    /// It lasts at least so long.
    pub min_ms: u64,
    /// After so long without enough evidence the plan decides.
    pub max_ms: u64,
    /// Requests (or clients) of the canary that the slowest metric's certificate takes, from nothing; nothing if no
    /// evidence is waited for, or none would ever be enough.
    pub canary_requests: Option<u64>,
    /// The same for each metric.
    pub metrics: Vec<ForecastMetric>,
    /// When there will be enough evidence, with what the steps before have left; nothing if that is not foreseen.
    pub evidence_after_ms: Option<u64>,
    /// How it ends: `certified`, `approved` (by a human), `timed`, `held`, `uncertified`, `aborted` (the last three for
    /// want of evidence).
    pub end: String,
    /// How long it lasts; nothing if a human says so, or if that is not foreseen.
    pub stay_ms: Option<u64>,
    /// The smallest error rate for which the canary would be sent back during the step.
    pub errors: Option<ForecastErrors>,
    /// The smallest slowdown for which it would be.
    pub slowdown: Option<ForecastSlowdown>,
    /// What it costs to find a canary that answers nothing.
    pub dead: Option<ForecastErrors>,
}

/// What a metric's certificate takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastMetric {
    /// `err`, `l50`, `l90` or `l99`.
    pub metric: String,
    /// Requests (or clients) of the canary; nothing if none would ever be enough.
    pub canary_requests: Option<u64>,
}

/// An error rate, and what it costs to find it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastErrors {
    /// The canary's error rate, 0 to 1.
    #[serde(serialize_with = "number::finite")]
    #[schema(minimum = 0, maximum = 1)]
    pub error_rate: f64,
    /// When it is sent back.
    pub after_ms: u64,
    /// The canary's requests until then.
    pub canary_requests: u64,
    /// The failures among them. What can be sent again to stable is, so that clients see fewer.
    pub failed_requests: u64,
}

/// A slowdown, and what it costs to find it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastSlowdown {
    /// How many times as long as stable the canary takes.
    #[serde(serialize_with = "number::finite")]
    pub times: f64,
    /// When it is sent back.
    pub after_ms: u64,
    /// The canary's requests until then.
    pub canary_requests: u64,
}

/// The time at 100 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastProbation {
    /// How long the old release stays warm.
    pub duration_ms: u64,
    /// The error rate up to which nothing is said, 0 to 1.
    #[serde(serialize_with = "number::finite")]
    #[schema(minimum = 0, maximum = 1)]
    pub limit: f64,
    /// The smallest error rate for which the release would be taken back.
    pub errors: Option<ForecastErrors>,
}

/// A plan that gets its evidence in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastProposal {
    /// What is other in it, and why, in words.
    pub because: String,
    /// What to write into the configuration.
    pub toml: String,
    /// Its steps.
    pub steps: Vec<ForecastStep>,
    /// How long it takes until the canary has all requests.
    pub until_full_ms: Option<u64>,
}
