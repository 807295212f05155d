//! How an operator keeps a rollout where it is, and lets it go on.

use std::time::Instant;

use crate::rollout::{Pause, Phase, Position, Reason, Refusal, Rollout, Transition};

// === impl Rollout ===

impl Rollout {
    pub(super) fn pause(&mut self, now: Instant) -> Result<Transition, Refusal> {
        let phase = match self.phase.clone() {
            Phase::Idle | Phase::Aborted { .. } => return Err(Refusal::NothingUnderWay),
            Phase::Paused { trial, pause, .. } if pause.is_commanded() => {
                return Err(Refusal::AlreadyPaused(trial.canary));
            }
            Phase::Draining { trial, then: Position::PausedAt(_), .. }
            | Phase::Preparing { trial, then: Position::PausedAt(_), .. } => {
                return Err(Refusal::AlreadyPaused(trial.canary));
            }
            Phase::Draining { trial, leaving, then, since } => match then.paused() {
                Some(then) => Phase::Draining { trial, leaving, then, since },
                None => return Err(Refusal::NothingToPauseAt(trial.canary)),
            },
            Phase::Preparing { trial, then, regains, since } => match then.paused() {
                Some(then) => Phase::Preparing { trial, then, regains, since },
                None => return Err(Refusal::NothingToPauseAt(trial.canary)),
            },
            Phase::Progressing { trial, step, .. } | Phase::Held { trial, step, .. } => {
                Phase::Paused { trial, step, since: now, pause: Pause::Command }
            }
            Phase::Paused { trial, step, .. } => Phase::Paused { trial, step, since: now, pause: Pause::Both },
            Phase::Probation { trial, .. } => return Err(Refusal::AlreadyFull(trial.canary)),
        };
        Ok(self.enter(phase, Reason::Command))
    }

    pub(super) fn resume(&mut self, now: Instant) -> Result<Transition, Refusal> {
        let phase = match self.phase.clone() {
            Phase::Idle | Phase::Aborted { .. } => return Err(Refusal::NothingUnderWay),
            Phase::Draining { trial, leaving, then: Position::PausedAt(step), since } => {
                Phase::Draining { trial, leaving, then: Position::Step(step), since }
            }
            Phase::Preparing { trial, then: Position::PausedAt(step), regains, since } => {
                Phase::Preparing { trial, then: Position::Step(step), regains, since }
            }
            Phase::Paused { trial, step, pause: Pause::Command, .. } => {
                return Ok(self.enter_position(trial, Position::Step(step), Reason::Command, now));
            }
            Phase::Paused { trial, step, pause: Pause::Both, .. } => {
                Phase::Paused { trial, step, since: now, pause: Pause::StableUnready }
            }
            Phase::Draining { trial, .. }
            | Phase::Preparing { trial, .. }
            | Phase::Progressing { trial, .. }
            | Phase::Held { trial, .. }
            | Phase::Paused { trial, .. }
            | Phase::Probation { trial, .. } => return Err(Refusal::NotPaused(trial.canary)),
        };
        Ok(self.enter(phase, Reason::Command))
    }
}
