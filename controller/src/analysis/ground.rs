//! On what a canary is sent back.

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// What convicts a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// It is worse than stable.
    Evidence(Metric),
    /// It broke an absolute limit that stable keeps.
    Guardrail(Metric),
    /// It is dead (statistics.md, 2.7).
    Breaker(BreakerRule),
    /// It did as much damage as the plan allows.
    BlastRadius(BlastLimit),
}

/// How a canary shows that it is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerRule {
    /// B0: it has failed several times and never answered well.
    NeverHealthy,
    /// B1: several connections in a row could not be had.
    NoConnection,
    /// B2: it has failed several times in a row, for some time.
    FailureRun,
}

/// A budget of damage that can be used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlastLimit {
    /// Failed requests.
    Requests,
    /// Clients with a failed request.
    Users,
}
