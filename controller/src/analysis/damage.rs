//! The damage that a canary has done, and how much the plan allows: then it goes, whatever the statistics say.

use canary_config::criteria::BlastRadius;
use serde::{Deserialize, Serialize};

use super::ground::BlastLimit;
use super::sample::ArmSample;

/// What a canary has done to its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Damage {
    failed_requests: u64,
    failed_users: u64,
}

// === impl Damage ===

impl Damage {
    /// Adds what came since the last look.
    pub(super) const fn add(&mut self, canary: &ArmSample<'_>) {
        self.failed_requests = self.failed_requests.saturating_add(canary.failures());
        if let Some(keys) = canary.failed_keys {
            self.failed_users = self.failed_users.saturating_add(keys);
        }
    }

    /// The budget that is used up, if one is.
    pub(super) fn beyond(&self, allowed: &BlastRadius) -> Option<BlastLimit> {
        let is_reached = |limit: Option<std::num::NonZeroU64>, done| limit.is_some_and(|limit| done >= limit.get());
        if is_reached(allowed.max_failed_requests, self.failed_requests) {
            return Some(BlastLimit::Requests);
        }
        is_reached(allowed.max_users, self.failed_users).then_some(BlastLimit::Users)
    }
}
