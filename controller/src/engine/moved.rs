//! A decided change of one service, as it is stored, published, logged and answered.

use canary_config::name::ServiceName;

use crate::api::{self, Done};
use crate::rollout::{PhaseName, Rollout, Transition};

/// What becomes of one service.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) service: ServiceName,
    pub(super) next: Rollout,
    pub(super) transition: Transition,
}

// === impl Moved ===

impl Moved {
    pub(super) fn is_retreat(&self) -> bool {
        self.transition.to == PhaseName::Aborted && self.transition.from != PhaseName::Aborted
    }

    pub(super) fn log(&self) {
        let transition = &self.transition;
        tracing::info!(
            service = %self.service,
            generation = transition.generation.get(),
            canary = transition.canary.as_ref().map(ToString::to_string),
            from = transition.from.label(),
            to = transition.to.label(),
            weight = %transition.weight,
            reason = transition.reason.label(),
            "rollout"
        );
    }
}

// === impl Done ===

impl Done {
    /// The answer to a command that changed these services, the one that it was given for first.
    pub(super) fn of(changed: impl Iterator<Item = (ServiceName, Transition)>) -> Option<Self> {
        let mut changed = changed.map(|(service, transition)| api::Moved { service, transition });
        let api::Moved { service, transition } = changed.next()?;
        Some(Self { service, transition, durable: false, rollback: None, peers: changed.collect() })
    }
}
