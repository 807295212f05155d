//! The words of the control socket: what `canaryctl` sends and what it is told. Both sides use these types.
//!
//! Everything is JSON under `/v1`. Weights are basis points in fields that end in `_bp`, times are milliseconds in
//! fields that end in `_ms`, evidence is the natural logarithm of an e-value in fields that begin with `ln_`.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::{PhaseName, Transition};

/// `GET /v1/services`: everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The store's health.
    pub store: StoreHealth,
    /// Every service, by name.
    pub services: Vec<ServiceStatus>,
}

/// Whether what is decided can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHealth {
    /// Whether it takes what it is given.
    pub healthy: bool,
    /// What is wrong, and what to do about it.
    pub message: Option<String>,
}

/// `GET /v1/services/{name}`: one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its name.
    pub name: ServiceName,
    /// What is wrong with the store and what to do about it, while it is not healthy: see [`StoreHealth::message`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_trouble: Option<String>,
    /// Which requests are its own, as it was written.
    pub rule: String,
    /// Where its rollout stands.
    pub phase: PhaseName,
    /// Why it stands there, as the label of a reason; nothing before the first transition of this process.
    pub reason: Option<String>,
    /// The number of the try that is under way or was the last; 0 before any.
    pub generation: u64,
    /// The release that clients are served by unless the weight says otherwise.
    pub stable: ReleaseId,
    /// The release on trial, or the one that was sent back last.
    pub canary: Option<ReleaseId>,
    /// The canary's share as it is set.
    #[serde(rename = "weight_bp")]
    pub weight: Weight,
    /// The canary's share of the requests picked at this weight, as it is measured; nothing before the first request.
    pub measured_bp: Option<u16>,
    /// How long it has been in this phase.
    pub in_phase_ms: Option<u64>,
    /// The step that it stands at.
    pub step: Option<StepStatus>,
    /// What each role has to show.
    pub tracks: Vec<TrackStatus>,
    /// What the judge has seen of the trial that has begun, or of the one that was aborted last.
    pub evidence: Option<EvidenceStatus>,
    /// What the next step waits for: backends while preparing, evidence or a human at a step, time in probation.
    pub missing: Option<Missing>,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStatus {
    /// Which one, counted from 1.
    pub number: usize,
    /// Of how many, 100 % included.
    pub of: usize,
    /// It lasts at least so long.
    pub min_ms: u64,
    /// After so long without enough evidence the plan decides.
    pub max_ms: u64,
    /// Whether it ends with a human's word.
    pub manual: bool,
}

/// What one role of a service has to show. Beside [`ServiceStatus::evidence`] the requests are the scored ones that it
/// was drawn from, and the latencies are times to first byte of successes; without evidence they are all answers since
/// canaryd started. After an abort the canary keeps its row, so that what convicted it can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackStatus {
    /// `stable` or `canary`.
    pub track: String,
    /// The release that plays it.
    pub release: ReleaseId,
    /// Backends that pass their probes.
    pub ready: usize,
    /// Backends in all.
    pub backends: usize,
    /// Requests.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// The median latency.
    pub p50_ms: Option<f64>,
    /// The latency that one request in a hundred exceeds.
    pub p99_ms: Option<f64>,
}

/// What the judge has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceStatus {
    /// Against the canary, all metrics together. The rollout is aborted when it reaches [`Self::ln_abort_at`].
    pub ln_abort: f64,
    /// The bound of the abort.
    pub ln_abort_at: f64,
    /// For the next step, metric by metric. All must reach [`Self::ln_promote_at`].
    pub metrics: Vec<MetricStatus>,
    /// The bound of the promotion.
    pub ln_promote_at: f64,
    /// The canary's error rate minus stable's lies between these, with 95 % confidence at every moment, in percent.
    pub error_difference_percent: Option<(f64, f64)>,
}

/// One metric's evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricStatus {
    /// `err`, `l50`, `l90` or `l99`.
    pub metric: String,
    /// Against the canary.
    pub ln_abort: f64,
    /// For the next step; nothing while stable has shown too few latencies to compare with.
    pub ln_promote: Option<f64>,
}

/// What the next step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// In words.
    pub what: String,
    /// About how many canary requests.
    pub canary_requests: Option<u64>,
    /// About how long, at the present rate of requests.
    pub eta_ms: Option<u64>,
}

/// `POST /v1/services/{name}/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The release to bring in.
    pub release: ReleaseId,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/promote`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promote {
    /// To 100 % at once instead of the next step.
    #[serde(default)]
    pub full: bool,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/abort` and `POST /v1/services/{name}/undo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retreat {
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to a command that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Of which service.
    pub service: ServiceName,
    /// What changed.
    pub transition: Transition,
    /// Whether it is stored. If not, it is in force and a crash would forget it.
    pub durable: bool,
}

/// `POST /v1/reload`: what a changed file changed, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// In force now.
    pub changed: Vec<String>,
    /// Written in the file and not in force before a restart.
    pub needs_restart: Vec<String>,
}

/// `GET /v1/history?service=NAME&limit=N`: the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// What changed, and who changed it.
    pub entries: Vec<HistoryEntry>,
}

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// Of which service.
    pub service: ServiceName,
    /// Who: `uid 1000` for a command, `canaryd` for what it did itself.
    pub actor: String,
    /// The command, if it was one.
    pub command: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// What changed.
    pub transition: Transition,
    /// What the judge had seen by then.
    pub evidence: Option<EvidenceStatus>,
}

/// The answer to what was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Problem {
    /// Its kind, from which the exit code follows.
    pub kind: ProblemKind,
    /// What, where, and what to do.
    pub message: String,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request could not be understood (HTTP 400).
    BadRequest,
    /// There is no such service, release or page (HTTP 404).
    NotFound,
    /// The phase does not allow it, or the configuration does not (HTTP 409).
    Refused,
    /// It cannot be kept, so it was not done (HTTP 503).
    StoreUnavailable,
    /// The fault is canaryd's (HTTP 500).
    Internal,
}
