//! Where a service stands.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{
    CheckStatus, ContainerStatus, DeploymentStatus, EvidenceStatus, FreezeStatus, KeptRelease, LastWords, LimitStatus,
    ParkedStatus, Rollback, number, schema,
};
use crate::rollout::PhaseName;

/// `GET /v1/services/{name}`: one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStatus {
    /// Its name.
    #[schema(value_type = schema::ServiceName)]
    pub name: ServiceName,
    /// What is wrong with the store and what to do about it, while it is not healthy.
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
    #[schema(value_type = Vec<schema::ServiceName>)]
    pub peers: Vec<ServiceName>,
    /// The releases that wait for their turn, the next one first.
    #[serde(default)]
    #[schema(value_type = Vec<schema::ReleaseId>)]
    pub queue: Vec<ReleaseId>,
    /// The freeze that forbids to start and to raise; the one that ends last.
    #[serde(default)]
    pub freeze: Option<FreezeStatus>,
    /// That an operator has parked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<ParkedStatus>,
    /// How many of its requests wait for a backend, whatever for.
    #[serde(default)]
    pub waiting: usize,
    /// Where its rollout stands.
    pub phase: PhaseName,
    /// Why it stands there, as the label of a reason; nothing before the first transition of this process.
    pub reason: Option<String>,
    /// What keeps it where it is, or at its first share when it is ready: `command` for an operator's word,
    /// `stable-unready`, or `both`.
    #[serde(default)]
    pub pause: Option<String>,
    /// The number of the try that is under way or was the last; 0 before any.
    pub generation: u64,
    /// The release that clients are served by unless the weight says otherwise.
    #[schema(value_type = schema::ReleaseId)]
    pub stable: ReleaseId,
    /// The release on trial, or the one that was sent back last.
    #[schema(value_type = Option<schema::ReleaseId>)]
    pub canary: Option<ReleaseId>,
    /// The canary's share as it is set.
    #[serde(rename = "weight_bp")]
    #[schema(value_type = schema::Weight)]
    pub weight: Weight,
    /// The canary's share of the requests picked at this weight, as it is measured; nothing before the first request.
    #[schema(maximum = 10000)]
    pub measured_bp: Option<u16>,
    /// How long it has been in this phase.
    pub in_phase_ms: Option<u64>,
    /// The step that it stands at.
    pub step: Option<StepStatus>,
    /// What each role has to show.
    pub tracks: Vec<TrackStatus>,
    /// The making of a new release's containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentStatus>,
    /// The releases that can be brought back, the last one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptRelease>,
    /// The hooks and smoke tests of the rollout that is under way or was the last, as they were begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckStatus>,
    /// Its containers, if they are found by their labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStatus>,
    /// Where the release on trial stands to what its containers may use, if they are found by their labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitStatus>,
    /// How much more than stable the release used that was sent back for that last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<String>,
    /// What the containers of the release on trial, or of the one that was sent back last, left behind: its end, since
    /// this process has started. The account has all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_words: Vec<LastWords>,
    /// What the judge has seen of the trial that has begun, or of the one that was aborted last.
    pub evidence: Option<EvidenceStatus>,
    /// How the canary left the data path, if it was aborted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// What the next step waits for: backends while preparing, evidence or a human at a step, time in probation.
    pub missing: Option<Missing>,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// What one role of a service has to show. Beside evidence the requests are the scored ones that it
/// was drawn from, and the latencies are times to first byte of successes; without evidence they are all answers since
/// canaryd started. After an abort the canary keeps its row, so that what convicted it can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackStatus {
    /// `stable` or `canary`.
    pub track: String,
    /// The release that plays it.
    #[schema(value_type = schema::ReleaseId)]
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
    #[serde(serialize_with = "number::in_microseconds")]
    pub p50_ms: Option<f64>,
    /// The latency that one request in a hundred exceeds.
    #[serde(serialize_with = "number::in_microseconds")]
    pub p99_ms: Option<f64>,
}

/// What the next step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Missing {
    /// In words.
    pub what: String,
    /// About how many canary requests.
    pub canary_requests: Option<u64>,
    /// About how long, at the present rate of requests.
    pub eta_ms: Option<u64>,
}

// === impl ServiceStatus ===

impl ServiceStatus {
    /// Whether nobody can serve for stable, although it should.
    #[must_use]
    pub fn is_down(&self) -> bool {
        let is_stable = |track: &&TrackStatus| track.track == "stable";
        let is_recreated = self.strategy == "recreate" && !matches!(self.phase, PhaseName::Idle | PhaseName::Aborted);
        let is_gone = self.tracks.iter().find(is_stable).is_some_and(|track| track.ready == 0);
        // What it is paused for is said once.
        let is_said = self.pause.as_deref().is_some_and(|pause| pause != "command");
        is_gone && !is_recreated && !is_said && self.phase != PhaseName::Probation
    }
}
