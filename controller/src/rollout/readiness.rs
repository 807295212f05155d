//! What the probes say of a release, and what a rollout makes of it.

use std::time::Instant;

use crate::rollout::{Pause, Phase, Position, Raises, Reason, Rollout, Transition};

/// How many backends of a release pass their probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Readiness {
    /// Not one.
    None,
    /// At least one.
    Some,
    /// Every one.
    All,
}

// === impl Readiness ===

impl Readiness {
    /// So many of so many.
    #[must_use]
    pub const fn of(ready: usize, all: usize) -> Self {
        match ready {
            0 => Self::None,
            _ if ready >= all => Self::All,
            _ => Self::Some,
        }
    }
}

// === impl Rollout ===

impl Rollout {
    /// Draws the conclusions from the probes.
    ///
    /// That a canary was never ready is decided here and not by a tick alone: a canary that became ready while a freeze
    /// kept it waiting must not be given up at the freeze's end, and of several services only the one that is not ready
    /// is to blame.
    pub(super) fn look(
        &mut self,
        stable: Readiness,
        canary: Readiness,
        now: Instant,
        raises: Raises,
    ) -> Option<Transition> {
        let is_canary_lost = canary == Readiness::None && stable != Readiness::None;
        let is_stable_lost = stable == Readiness::None && canary != Readiness::None;
        match self.phase.clone() {
            Phase::Preparing { trial, then, .. } if canary == Readiness::All => {
                let may_enter = self.may_enter(&trial, then, raises);
                may_enter.then(|| self.enter_position(trial, then, Reason::Ready, now))
            }
            Phase::Preparing { trial, then, .. } if self.is_overdue(now) => {
                self.may_enter(&trial, then, raises).then(|| self.abort(Reason::NeverReady))
            }
            Phase::Progressing { .. } | Phase::Held { .. } | Phase::Paused { .. } | Phase::Probation { .. }
                if is_canary_lost =>
            {
                self.send_back(Reason::Unready, now)
            }
            Phase::Progressing { trial, step, .. } | Phase::Held { trial, step, .. } if is_stable_lost => {
                let pause = Pause::StableUnready;
                Some(self.enter(Phase::Paused { trial, step, since: now, pause }, Reason::StableUnready))
            }
            Phase::Paused { trial, step, pause: Pause::Command, .. } if is_stable_lost => {
                Some(self.enter(Phase::Paused { trial, step, since: now, pause: Pause::Both }, Reason::StableUnready))
            }
            Phase::Paused { trial, step, pause: Pause::StableUnready, .. } if stable != Readiness::None => {
                Some(self.enter_position(trial, Position::Step(step), Reason::StableReady, now))
            }
            Phase::Paused { trial, step, pause: Pause::Both, .. } if stable != Readiness::None => {
                Some(self.enter_position(trial, Position::PausedAt(step), Reason::StableReady, now))
            }
            _ => None,
        }
    }
}
