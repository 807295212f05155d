//! Why a rollout went from one phase to another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::{BlastLimit, BreakerRule, Ground, Metric};
use crate::rollout::Charge;

/// The cause of a transition. Every raise has one of `Ready`, `Certificate`, `Time`,
/// `Policy` and `Command`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// An operator said so.
    Command,
    /// Every backend of the canary passes its probe.
    Ready,
    /// The evidence certifies that the canary is not worse than stable.
    Certificate,
    /// The step's time is over, and the plan asks for no more.
    Time,
    /// The evidence stayed thin, and the plan says to go on.
    Policy,
    /// The evidence stayed thin, and the plan says to wait or to give up.
    ThinEvidence,
    /// The evidence is good, and the step wants a human's word.
    Approval,
    /// No human approved of the step in time.
    NotApproved,
    /// The canary is worse than stable.
    Breach(Metric),
    /// The canary broke an absolute limit that stable keeps.
    Guardrail(Metric),
    /// The canary is dead.
    Breaker(BreakerRule),
    /// The canary did as much damage as the plan allows.
    BlastRadius(BlastLimit),
    /// Canary and stable both break an absolute limit, so nothing is raised.
    SharedBreach,
    /// Stable or the canary keeps that limit again.
    SharedBreachOver,
    /// The canary's backends did not pass their probes in time.
    NeverReady,
    /// No backend of the canary passes its probe any more.
    Unready,
    /// No backend of stable passes its probe.
    StableUnready,
    /// Stable has a ready backend again.
    StableReady,
    /// The time in which an undo was instant is over.
    ProbationOver,
    /// Another service of the same rollout was aborted.
    Peer,
    /// Another rollout takes its place.
    Superseded,
    /// A release waits for the end of the rollout that is under way.
    Queued,
    /// The rollout before it has ended, and its turn has come.
    Turn,
    /// Its turn has come, and it is stable already or was sent back meanwhile.
    Obsolete,
    /// The release that had to go has answered its last request.
    Drained,
    /// What was decided just before is taken back: the rollout was sent back before it was in force.
    Overtaken,
    /// canaryd was killed, or its host lost power, and begins again before the first step.
    Restarted,
    /// The release that had to go took too long, and what it had begun is left to itself.
    DrainTimeout,
    /// What became of the canary's containers, or of the checks that it had to pass.
    Charged(Charge),
    /// An operator made it stable, without a trial.
    Adopted,
    /// Stable's containers have gone, and this release alone was there.
    Replaced,
}

// === impl Reason ===

impl Reason {
    /// Why a canary is sent back on this ground.
    #[must_use]
    pub const fn of(ground: Ground) -> Self {
        match ground {
            Ground::Evidence(metric) => Self::Breach(metric),
            Ground::Guardrail(metric) => Self::Guardrail(metric),
            Ground::Breaker(rule) => Self::Breaker(rule),
            Ground::BlastRadius(limit) => Self::BlastRadius(limit),
        }
    }

    /// Its value of the label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Ready => "ready",
            Self::Certificate => "certificate",
            Self::Time => "time",
            Self::Policy => "policy",
            Self::ThinEvidence => "thin-evidence",
            Self::Approval => "approval",
            Self::NotApproved => "not-approved",
            Self::Breach(Metric::ErrorRate) => "error-rate",
            Self::Breach(Metric::LatencyP50) => "latency-p50",
            Self::Breach(Metric::LatencyP90) => "latency-p90",
            Self::Breach(Metric::LatencyP99) => "latency-p99",
            Self::Guardrail(Metric::ErrorRate) => "guardrail-error-rate",
            Self::Guardrail(_) => "guardrail-latency",
            Self::Breaker(BreakerRule::NeverHealthy) => "never-healthy",
            Self::Breaker(BreakerRule::NoConnection) => "no-connection",
            Self::Breaker(BreakerRule::FailureRun) => "failure-run",
            Self::BlastRadius(BlastLimit::Requests) => "failed-requests",
            Self::BlastRadius(BlastLimit::Users) => "failed-users",
            Self::SharedBreach => "shared-breach",
            Self::SharedBreachOver => "shared-breach-over",
            Self::NeverReady => "never-ready",
            Self::Unready => "unready",
            Self::StableUnready => "stable-unready",
            Self::StableReady => "stable-ready",
            Self::ProbationOver => "probation-over",
            Self::Peer => "peer",
            Self::Superseded => "superseded",
            Self::Queued => "queued",
            Self::Turn => "turn",
            Self::Obsolete => "obsolete",
            Self::Drained => "drained",
            Self::Overtaken => "overtaken",
            Self::Restarted => "restarted",
            Self::DrainTimeout => "drain-timeout",
            Self::Charged(charge) => charge.label(),
            Self::Adopted => "adopted",
            Self::Replaced => "replaced",
        }
    }
}
