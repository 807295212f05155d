//! What the passing of time changes, and when.

use std::time::Instant;

use canary_config::plan::{Gate, Strategy};

use crate::rollout::{Hold, Phase, Position, Raises, Reason, Rollout, Transition, Trial};

// === impl Rollout ===

impl Rollout {
    /// When the passing of time alone will change something, if nothing else happens before. It is then that the
    /// rollout must be shown the probes and a tick. What a freeze keeps from being done is due until the freeze ends.
    ///
    /// A queue has no deadline: whatever waits in it is taken up by the first tick at which nothing is under way.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Draining { trial, since, .. } => since.checked_add(trial.plan.drain_timeout),
            Phase::Preparing { trial, since, .. } => since.checked_add(trial.plan.ready_timeout),
            // What would have been sent back does not become stable by waiting.
            Phase::Probation { trial, .. } if trial.doubt.is_some() => None,
            Phase::Probation { trial, since } => since.checked_add(trial.plan.probation),
            Phase::Progressing { trial, step, since } => match trial.step(*step) {
                Some(step) if step.gate == Gate::Time => since.checked_add(step.min_duration),
                // It ends by its evidence, and the evidence is looked at as it comes in.
                _ => None,
            },
            Phase::Held { trial, step, since, hold: Hold::Approval } => match trial.gate(*step) {
                // It goes on through a freeze: what nobody may approve of does not stay half done for its whole length.
                Gate::Manual { deadline } => since.checked_add(deadline),
                Gate::Evidence | Gate::Time => None,
            },
            Phase::Idle | Phase::Held { .. } | Phase::Paused { .. } | Phase::Aborted { .. } => None,
        }
    }

    /// Whether the phase has lasted as long as it may.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.next_deadline().is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn tick(&mut self, now: Instant, raises: Raises) -> Option<Transition> {
        if let (Phase::Idle | Phase::Aborted { .. }, Raises::Allowed | Raises::Gated) = (&self.phase, raises) {
            return self.take_turn(now);
        }
        if !self.is_overdue(now) {
            return None;
        }
        match self.phase.clone() {
            Phase::Draining { .. } => self.drained(Reason::DrainTimeout, now, raises),
            Phase::Progressing { trial, step, .. } => self.advance(trial, step, Reason::Time, now, raises),
            Phase::Held { .. } => self.send_back(Reason::NotApproved, now),
            Phase::Probation { .. } => self.complete(Reason::ProbationOver),
            // The probes must say whether it is ready at last, see `look`.
            Phase::Preparing { .. } | Phase::Idle | Phase::Paused { .. } | Phase::Aborted { .. } => None,
        }
    }

    /// Whether the way to a position is open. A freeze lets what has taken stable away already go on to its end, and
    /// gives back what an orderly stop took; a test that has to be passed first does neither.
    pub(super) fn may_enter(&self, trial: &Trial, position: Position, raises: Raises) -> bool {
        let weight = trial.weight_at(position);
        match raises {
            Raises::Allowed => true,
            Raises::Frozen => weight <= self.phase.exposure() || trial.plan.strategy == Strategy::Recreate,
            Raises::Gated => !matches!(self.phase, Phase::Preparing { .. }) && weight <= self.weight(),
        }
    }
}
