//! A decided change of one service, as it is stored, published, logged and answered.

use std::time::{Instant, SystemTime};

use canary_config::name::ServiceName;

use crate::analysis::Evidence;
use crate::api::{self, Done};
use crate::clock;
use crate::engine::managed::Managed;
use crate::rollout::{Charge, PhaseName, Reason, Rollout, Transition};

/// What becomes of one service.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) service: ServiceName,
    pub(super) next: Rollout,
    pub(super) transition: Transition,
    /// When it was decided, by the clock and by the date.
    pub(super) decided: Instant,
    pub(super) date: SystemTime,
    /// What the judge had seen by then.
    pub(super) evidence: Option<Evidence>,
    /// Why a backend of the canary is not ready, its check has failed or it uses too much, if it is sent back.
    pub(super) unready: Option<String>,
}

// === impl Moved ===

impl Moved {
    /// Decided now of a service as it still is.
    pub(super) fn of(managed: &Managed, (next, transition): (Rollout, Transition)) -> Self {
        let (decided, date) = (clock::now(), clock::today());
        let service = managed.declared.name.clone();
        let is_end = transition.to == PhaseName::Aborted;
        let canary = managed.rollout.canary().filter(|_| is_end);
        let unready = match transition.reason {
            Reason::Charged(Charge::Hook | Charge::SmokeTest) => managed.failed_check(),
            Reason::Charged(Charge::Memory | Charge::Processor) => managed.excess_of(transition.reason),
            _ => canary.and_then(|canary| managed.pools.why_unready(canary)),
        };
        Self { service, next, transition, decided, date, evidence: managed.judged(), unready }
    }

    pub(super) fn is_retreat(&self) -> bool {
        self.transition.to == PhaseName::Aborted && self.transition.from != PhaseName::Aborted
    }

    /// Whether it waits for no disk: a retreat, and what takes the place of a release that has gone, as nobody serves.
    /// Forgotten in a crash, it is found out again.
    pub(super) fn is_published_first(&self) -> bool {
        self.is_retreat() || self.transition.reason == Reason::Replaced
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
