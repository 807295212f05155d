//! Why a rollout went from one phase to another.

use serde::{Deserialize, Serialize};

use crate::analysis::Metric;

/// The cause of a transition. Every raise has one of `Ready`, `Certificate`, `Policy` and `Command`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// An operator said so.
    Command,
    /// Every backend of the canary passes its probe.
    Ready,
    /// The evidence certifies that the canary is not worse than stable.
    Certificate,
    /// The evidence stayed thin, and the plan says to go on.
    Policy,
    /// The evidence stayed thin, and the plan says to wait or to give up.
    ThinEvidence,
    /// The evidence is good, and the step wants a human's word.
    Approval,
    /// The canary is worse than stable.
    Breach(Metric),
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
}

// === impl Reason ===

impl Reason {
    /// Its value of the label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Ready => "ready",
            Self::Certificate => "certificate",
            Self::Policy => "policy",
            Self::ThinEvidence => "thin-evidence",
            Self::Approval => "approval",
            Self::Breach(Metric::ErrorRate) => "error-rate",
            Self::Breach(Metric::LatencyP50) => "latency-p50",
            Self::Breach(Metric::LatencyP90) => "latency-p90",
            Self::Breach(Metric::LatencyP99) => "latency-p99",
            Self::NeverReady => "never-ready",
            Self::Unready => "unready",
            Self::StableUnready => "stable-unready",
            Self::StableReady => "stable-ready",
            Self::ProbationOver => "probation-over",
        }
    }
}
