//! What an operator can order, and when it is allowed.

use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::plan::Plan;

use crate::rollout::{Phase, PhaseName, Position, Reason, Refusal, Rollout, Transition, Trial};

/// An operator's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin to bring in a release.
    Start {
        /// The release.
        canary: ReleaseId,
        /// By which plan.
        plan: Plan,
    },
    /// Go on without waiting for the evidence.
    Promote(Stride),
    /// Take the canary's share away.
    Abort,
    /// Take back a release that has reached 100 %.
    Undo,
}

/// How far a promotion goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stride {
    /// To the next step; from 100 % to the end of probation.
    Next,
    /// To 100 %.
    Full,
}

// === impl Stride ===

impl Stride {
    fn onward(self, trial: &Trial, step: usize) -> Position {
        match self {
            Self::Next => trial.after(Position::Step(step)),
            Self::Full => Position::Full,
        }
    }
}

// === impl Rollout ===

impl Rollout {
    /// Does what was ordered, or says why not.
    pub(super) fn obey(&mut self, command: Command, now: Instant) -> Result<Transition, Refusal> {
        match command {
            Command::Start { canary, plan } => self.start(canary, plan, now),
            Command::Promote(stride) => self.promote(stride, now),
            Command::Abort if self.phase.trial().is_some() => Ok(self.abort(Reason::Command)),
            Command::Abort => Err(Refusal::NothingUnderWay),
            Command::Undo => self.undo(),
        }
    }

    fn start(&mut self, canary: ReleaseId, plan: Plan, now: Instant) -> Result<Transition, Refusal> {
        match &self.phase {
            Phase::Idle | Phase::Aborted { .. } => {}
            Phase::Probation { trial, .. } => {
                return Err(Refusal::InProbation { canary: trial.canary.clone() });
            }
            phase => {
                let busy = phase.trial().map_or(&self.stable, |trial| &trial.canary).clone();
                return Err(Refusal::Busy { canary: busy, phase: phase.name().label() });
            }
        }
        if canary == self.stable {
            return Err(Refusal::AlreadyStable(canary));
        }
        self.generation = self.generation.next();
        let trial = Trial { canary, plan };
        let then = trial.first();
        Ok(self.enter(Phase::Preparing { trial, then, since: now }, Reason::Command))
    }

    fn promote(&mut self, stride: Stride, now: Instant) -> Result<Transition, Refusal> {
        match (self.phase.clone(), stride) {
            (Phase::Idle | Phase::Aborted { .. }, _) => Err(Refusal::NothingUnderWay),
            (Phase::Preparing { trial, .. }, _) => Err(Refusal::NotReady(trial.canary)),
            (Phase::Probation { trial, .. }, Stride::Full) => Err(Refusal::AlreadyFull(trial.canary)),
            (Phase::Probation { .. }, Stride::Next) => self.complete(Reason::Command).ok_or(Refusal::NothingUnderWay),
            (Phase::Progressing { trial, step, .. } | Phase::Held { trial, step, .. }, stride) => {
                let next = stride.onward(&trial, step);
                Ok(self.enter_position(trial, next, Reason::Command, now))
            }
            (Phase::Paused { trial, step, .. }, stride) => match stride.onward(&trial, step) {
                // Stable is still away: at the next step there is nothing to compare with either.
                Position::Step(step) => Ok(self.enter(Phase::Paused { trial, step, since: now }, Reason::Command)),
                full @ Position::Full => Ok(self.enter_position(trial, full, Reason::Command, now)),
            },
        }
    }

    fn undo(&mut self) -> Result<Transition, Refusal> {
        match (self.phase.name(), self.canary().cloned()) {
            (PhaseName::Probation, Some(_)) => Ok(self.abort(Reason::Command)),
            (_, Some(canary)) => Err(Refusal::NotPromoted(canary)),
            (_, None) => Err(Refusal::NothingToUndo),
        }
    }
}
