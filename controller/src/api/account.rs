//! The story of a rollout's verdict: how it stands or ended, the evidence's course, and the very requests.

mod requests;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::{ArmEvidence, Arms};
use crate::api::{EvidenceStatus, LastWords, MetricStatus, Missing, Rollback, number, schema};
use crate::rollout::{Generation, PhaseName};

pub use self::requests::{AccountMore, AccountRequest};

/// `GET /v1/services/{name}/rollouts/{generation}/account`, and `GET /v1/services/{name}/account` of the rollout that is
/// under way or was the last. Moments in `_ms` count from the rollout's beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// The service.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// The number of the rollout.
    pub generation: Generation,
    /// The release that is or was on trial.
    #[schema(value_type = schema::ReleaseId)]
    pub canary: ReleaseId,
    /// The release that was stable when it began.
    #[schema(value_type = schema::ReleaseId)]
    pub stable: ReleaseId,
    /// The first 32 of the services that move or moved with it.
    #[schema(value_type = Vec<schema::ServiceName>)]
    pub peers: Vec<ServiceName>,
    /// Which requests are the service's.
    pub rule: String,
    /// By what it goes.
    pub plan: AccountPlan,
    /// When it began, as RFC 3339 in UTC; nothing if that was before the account was kept.
    pub began_at: Option<String>,
    /// When the canary got its first share; nothing before it has.
    pub first_share_ms: Option<u64>,
    /// When the account was told, or when the rollout ended.
    pub told_ms: u64,
    /// Where it stands, or ended: `idle` if the release became stable.
    pub phase: PhaseName,
    /// Why, as the label of a reason.
    pub reason: Option<String>,
    /// Who brought that about: `uid 1000` for a command, `canaryd` for what it did itself.
    pub actor: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// The step at which it stands, or stood last, counted from 1; nothing before the first, and at 100 %.
    pub step: Option<usize>,
    /// The canary's share there.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// How long it has stood there; nothing once it has ended.
    pub in_phase_ms: Option<u64>,
    /// What the next step waits for.
    pub missing: Option<Missing>,
    /// Why a backend of the canary was not ready, if one was not when the rollout ended; why its hook or smoke test
    /// failed, or how much more than stable it used, if that is what ended it.
    pub unready: Option<String>,
    /// What the canary was convicted of.
    pub conviction: Option<AccountConviction>,
    /// Each step that was left upwards, and what was shown at it.
    pub passes: Vec<AccountPass>,
    /// What it did once it had all requests; nothing before it had.
    pub probation: Option<AccountProbation>,
    /// How the canary left the data path, if it lost its share.
    pub rollback: Option<Rollback>,
    /// What was scored of both while they were compared; nothing before the canary has had a share.
    pub arms: Option<AccountArms>,
    /// What the judge had seen last; nothing before the canary has had a share.
    pub evidence: Option<EvidenceStatus>,
    /// How the evidence came about.
    pub course: Vec<AccountPoint>,
    /// The canary's requests that speak against it, by the time at which they began: of those that failed and of those
    /// that were slow the first ones and the last ones.
    pub requests: Vec<AccountRequest>,
    /// How many more there were.
    pub more: AccountMore,
    /// What the canary's containers left behind: those that ended while it was on trial, or that it was sent back with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_words: Vec<LastWords>,
}

/// By what a rollout goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountPlan {
    /// Its shape: `canary`, `blue-green`, `rolling`, `recreate`.
    pub strategy: String,
    /// The set of margins: `balanced`, `strict`, `calm`, `low_traffic`.
    pub profile: String,
    /// By what a request falls to the canary: `request`, `cookie`, `header:NAME`, `ip`.
    pub assignment: String,
    /// What counts: `requests`, or `clients` where a client stays where it fell and counts once.
    pub counted: String,
    /// The canary's share at each step below 100 %.
    #[schema(value_type = Vec<schema::Weight>)]
    pub steps_bp: Vec<Weight>,
    /// How long the backends could take to pass their probes.
    pub ready_timeout_ms: u64,
    /// The highest error rate that is allowed whatever stable does, 0 to 1.
    #[serde(serialize_with = "number::finite_if_any")]
    pub error_rate_max: Option<f64>,
    /// Above this no more than one success in a hundred may be.
    #[serde(serialize_with = "number::in_microseconds")]
    pub p99_max_ms: Option<f64>,
    /// So many failed requests abort.
    pub failed_requests_max: Option<u64>,
    /// So many clients with a failed request abort.
    pub failed_users_max: Option<u64>,
}

/// What the canary did once it had all requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountProbation {
    /// The error rate up to which nothing is said, 0 to 1. It follows from what is known of stable.
    #[serde(serialize_with = "number::finite")]
    pub error_rate_max: f64,
    /// What was scored.
    pub scored: u64,
    /// What of it failed.
    pub failed: u64,
}

/// What a canary was convicted of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountConviction {
    /// When.
    pub at_ms: u64,
    /// The canary's share then.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// On what ground, as the label of a reason.
    pub ground: String,
    /// The metric that spoke loudest: `err`, `l50`, `l90` or `l99`.
    pub metric: String,
    /// The evidence against it, all metrics together.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort: f64,
    /// The bound.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort_at: f64,
    /// What was counted of the canary for the metric.
    pub canary: AccountCounts,
    /// What was counted of stable; where the canary had all requests, before that.
    pub stable: AccountCounts,
}

/// What was counted for a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountCounts {
    /// What was scored.
    pub scored: u64,
    /// What of it failed, or was slow.
    pub bad: u64,
    /// Above what a success was slow, if the metric is one of latency.
    #[serde(serialize_with = "number::in_microseconds")]
    pub slow_above_ms: Option<f64>,
}

/// A step that was left upwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountPass {
    /// Which one, counted from 1.
    pub step: usize,
    /// The canary's share there.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// The share that it got.
    #[schema(value_type = schema::Weight)]
    pub to_bp: Weight,
    /// When.
    pub at_ms: u64,
    /// Why, as the label of a reason.
    pub reason: String,
    /// The share that the proofs below are for: that of the next step.
    #[schema(value_type = schema::Weight)]
    pub for_bp: Weight,
    /// What was scored of both by then.
    pub arms: AccountArms,
    /// Metric by metric.
    pub proofs: Vec<AccountProof>,
    /// The bound that each has to reach.
    #[serde(serialize_with = "number::finite")]
    pub ln_promote_at: f64,
}

/// What was shown by one metric: that the share of the canary's requests that are bad is below `ratio` times stable's
/// plus `margin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountProof {
    /// `err`, `l50`, `l90` or `l99`.
    pub metric: String,
    /// The evidence; nothing while stable had shown too few latencies to compare with.
    #[serde(serialize_with = "number::finite_if_any")]
    pub ln_promote: Option<f64>,
    /// See above.
    #[serde(serialize_with = "number::finite")]
    pub ratio: f64,
    /// See above; 0 to 1.
    #[serde(serialize_with = "number::finite")]
    pub margin: f64,
}

/// What was scored of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountArms {
    /// Of the canary.
    pub canary: AccountArm,
    /// Of stable, in the same time.
    pub stable: AccountArm,
}

/// What was scored of one of them. Latencies are times to the first byte of successes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountArm {
    /// Requests, or clients.
    pub scored: u64,
    /// Those that failed.
    pub failed: u64,
    /// The median latency.
    #[serde(serialize_with = "number::in_microseconds")]
    pub p50_ms: Option<f64>,
    /// The latency that one success in ten exceeds.
    #[serde(serialize_with = "number::in_microseconds")]
    pub p90_ms: Option<f64>,
    /// The latency that one success in a hundred exceeds.
    #[serde(serialize_with = "number::in_microseconds")]
    pub p99_ms: Option<f64>,
}

/// The evidence at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountPoint {
    /// When.
    pub at_ms: u64,
    /// The canary's share then.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// What it said: `pass`, `fail`, `shared` (stable breaks a limit, too) or `not-enough`; nothing if nothing was asked.
    pub verdict: Option<String>,
    /// Against the canary, all metrics together.
    #[serde(serialize_with = "number::finite")]
    pub ln_abort: f64,
    /// Metric by metric.
    pub metrics: Vec<MetricStatus>,
}

// === impl AccountArms ===

impl From<Arms<ArmEvidence>> for AccountArms {
    fn from(Arms { canary, stable }: Arms<ArmEvidence>) -> Self {
        Self { canary: canary.into(), stable: stable.into() }
    }
}

// === impl AccountArm ===

impl From<ArmEvidence> for AccountArm {
    fn from(arm: ArmEvidence) -> Self {
        let ArmEvidence { requests: scored, errors: failed, p50_ms, p90_ms, p99_ms } = arm;
        Self { scored, failed, p50_ms, p90_ms, p99_ms }
    }
}
