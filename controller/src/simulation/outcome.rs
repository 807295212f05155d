//! What came of one simulated rollout.

use std::time::Duration;

use canary_config::weight::Weight;

use crate::rollout::Reason;

/// What came of one rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// When it ended, since the canary got its first request.
    pub at: Duration,
    /// When the canary had all requests, if it came so far.
    pub full_at: Option<Duration>,
    /// When the canary turned from one like stable into what it is, if the rollout came so far.
    pub turned_at: Option<Duration>,
    /// Whether a step was left without a certificate.
    pub is_uncertified: bool,
    /// The canary's share at the end, before it was taken away.
    pub weight: Weight,
    /// Requests that the canary got.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The canary was sent back.
    Aborted(Reason),
    /// It has all requests, or is stable by now.
    Promoted,
    /// It waits for evidence or for a human.
    Held(Reason),
    /// It was not followed to its end.
    Unfinished,
}

// === impl Outcome ===

impl Outcome {
    /// Nothing has come of it yet.
    pub(super) const BEGUN: Self = Self {
        end: End::Unfinished,
        at: Duration::ZERO,
        full_at: None,
        turned_at: None,
        is_uncertified: false,
        weight: Weight::ZERO,
        requests: 0,
        failed: 0,
    };
}
