//! The words of the control socket: what `canaryctl` sends and what it is told. Both sides use these types.
//!
//! Everything is JSON under `/v1`. Weights are basis points in fields that end in `_bp`, times are milliseconds in
//! fields that end in `_ms`, evidence is the natural logarithm of an e-value in fields that begin with `ln_`.

use std::collections::BTreeMap;
use std::fmt;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::OnBusy;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::{Generation, PhaseName, Transition};

/// `GET /v1/services`: everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The store's health.
    pub store: StoreHealth,
    /// Every service, by name.
    pub services: Vec<ServiceStatus>,
    /// The freezes that are in force.
    #[serde(default)]
    pub freezes: Vec<FreezeStatus>,
}

/// A freeze that is in force: nothing is started and no weight is raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeStatus {
    /// The service that it is about; nothing for all of them.
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
    /// The rule that wins where several match is the one with the greatest priority.
    #[serde(default)]
    pub priority: u32,
    /// Whether canaryd is healthy only while this service has a ready backend.
    #[serde(default)]
    pub critical: bool,
    /// The shape of the rollout that is under way, else of the next one: `canary`, `blue-green`, `rolling`, `recreate`.
    #[serde(default)]
    pub strategy: String,
    /// The services that move with this one, as one rollout.
    #[serde(default)]
    pub peers: Vec<ServiceName>,
    /// The releases that wait for their turn, the next one first.
    #[serde(default)]
    pub queue: Vec<ReleaseId>,
    /// The freeze that forbids to start and to raise; the one that ends last.
    #[serde(default)]
    pub freeze: Option<FreezeStatus>,
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
    /// Who opens the way out of it: `evidence`, `manual` or `time`.
    pub gate: String,
    /// How long a human may take, at a manual gate.
    pub deadline_ms: Option<u64>,
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
    /// Backends in all; at a step of a rolling plan those that take part.
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
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_busy: Option<OnBusy>,
    /// Also if the release was sent back before.
    #[serde(default)]
    pub force: bool,
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/rollouts`: several services as one rollout. One plan, one verdict, weights that change together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartTogether {
    /// The release to bring in, of each service.
    pub releases: BTreeMap<ServiceName, ReleaseId>,
    /// The service whose plan all of them follow; one of the above.
    pub plan_of: ServiceName,
    /// Also if a release was sent back before.
    #[serde(default)]
    pub force: bool,
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
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/abort`, and the same with `undo`, `pause`, `resume` and `retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// The rollout that is meant. If another one is under way or was the last, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/freeze`, `POST /v1/services/{name}/freeze`, and the same with `unfreeze`, which takes a reason only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// For how long; until somebody lifts it, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to a freeze or its end: what is in force now. It is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freezes {
    /// Every freeze that is in force.
    pub freezes: Vec<FreezeStatus>,
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
    /// What changed of the services that move with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Moved>,
}

/// What changed of one service among several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Of which service.
    pub service: ServiceName,
    /// What changed.
    pub transition: Transition,
}

/// `GET /v1/services/{name}/rollouts?limit=N`: the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rollouts {
    /// One line for each.
    pub rollouts: Vec<RolloutSummary>,
}

/// One try at bringing in a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutSummary {
    /// Its number.
    pub generation: Generation,
    /// The release.
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
    pub weight_max_bp: Weight,
}

/// `GET /v1/services/{name}/rollouts/{generation}`: one of them, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutStory {
    /// In short.
    pub summary: RolloutSummary,
    /// What changed, the oldest first.
    pub entries: Vec<HistoryEntry>,
}

/// `GET /v1/why?url=URL&method=METHOD&header=NAME:VALUE&client=IP`: who would serve a request, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// The service that would serve a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyServed {
    /// Its name.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyTrack {
    /// `stable` or `canary`.
    pub track: String,
    /// The release that plays it.
    pub release: ReleaseId,
    /// Its share of such requests.
    pub weight_bp: Weight,
    /// Why it has that share, in words.
    pub because: String,
    /// The backends, and whether they can serve.
    pub backends: Vec<BackendStatus>,
}

/// A backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyPassedOver {
    /// Its name.
    pub service: ServiceName,
    /// Its rule.
    pub rule: String,
    /// The rule's priority.
    pub priority: u32,
    /// The condition that the request does not fulfil, in words.
    pub because: String,
}

/// `POST /v1/reload`: what a changed file changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// In force now.
    pub changed: Vec<Changed>,
    /// The tables of the file that differ from what is in force and need a restart, such as `listen`.
    pub needs_restart: Vec<String>,
    /// What is understood and should be written otherwise.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A service that a changed file changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Its name.
    pub service: ServiceName,
    /// What became of it.
    pub change: Change,
}

/// What a changed file made of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is declared in another way.
    Changed,
    /// It is gone.
    Removed,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.change {
            Change::Added => "added",
            Change::Changed => "changed",
            Change::Removed => "removed",
        };
        write!(f, "services.{} {effect}", self.service)
    }
}

/// `GET /v1/history?service=NAME&limit=N`: the newest first. `GET /v1/events` gives the same entries as they come.
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
    /// Of which service; nothing for all of them.
    pub service: Option<ServiceName>,
    /// Who: `uid 1000` for a command, `canaryd` for what it did itself.
    pub actor: String,
    /// The command, if it was one.
    pub command: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// What changed of its rollout; nothing for what is about none, such as a freeze.
    pub transition: Option<Transition>,
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
