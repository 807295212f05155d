//! The releases that were sent back, and are not begun again unasked.

use canary_config::name::ReleaseId;
use serde::{Deserialize, Serialize};

use crate::rollout::{Generation, Reason, Rollout};

/// So many releases that were sent back are remembered; the oldest are forgotten first.
pub(super) const SENT_BACK_MAX: usize = 64;

/// A release that was sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBack {
    /// The release.
    pub release: ReleaseId,
    /// By which try.
    pub generation: Generation,
    /// Why.
    pub reason: Reason,
}

// === impl Rollout ===

impl Rollout {
    /// How a release was sent back before, if it was.
    #[must_use]
    pub fn sent_back(&self, release: &ReleaseId) -> Option<&SentBack> {
        self.sent_back.iter().rfind(|before| before.release == *release)
    }

    /// Keeps in mind that a release was sent back for its own sake.
    pub(super) fn remember_sent_back(&mut self, release: ReleaseId, reason: Reason) {
        if reason == Reason::Peer {
            return;
        }
        self.sent_back.retain(|before| before.release != release);
        self.sent_back.push(SentBack { release, generation: self.generation, reason });
        let forgotten = self.sent_back.len().saturating_sub(SENT_BACK_MAX);
        self.sent_back.drain(..forgotten);
    }

    /// Makes a release stable. Whatever was held against it is settled.
    pub(super) fn settle_on(&mut self, stable: ReleaseId) {
        self.sent_back.retain(|before| before.release != stable);
        self.stable = stable;
    }
}
