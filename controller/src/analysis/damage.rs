//! The damage that a canary has done, and how much the plan allows: then it goes, whatever the statistics say.

use std::num::NonZeroU64;

use canary_config::criteria::BlastRadius;
use serde::{Deserialize, Serialize};

use super::ground::BlastLimit;

/// What a canary has done to its clients in one try, whoever compared it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Requests that failed by its fault.
    pub failed_requests: u64,
    /// With keyed assignment, clients with such a request.
    pub failed_users: u64,
}

// === impl Damage ===

impl Damage {
    /// The budget that is used up, if one is.
    pub(super) fn beyond(&self, allowed: &BlastRadius) -> Option<BlastLimit> {
        let is_reached = |limit: Option<NonZeroU64>, done| limit.is_some_and(|limit| done >= limit.get());
        if is_reached(allowed.max_failed_requests, self.failed_requests) {
            return Some(BlastLimit::Requests);
        }
        is_reached(allowed.max_users, self.failed_users).then_some(BlastLimit::Users)
    }
}
