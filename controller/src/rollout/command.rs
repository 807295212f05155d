//! What an operator can order, and when it is allowed. How a rollout begins is in `start`.

use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::plan::Plan;

use crate::rollout::{Generation, Phase, Position, Raises, Reason, Refusal, Rollout, Start, Transition, Trial};

/// An operator's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin to bring in a release.
    Start(Start),
    /// Try the release again that was sent back last, as a new rollout.
    Retry {
        /// By which plan.
        plan: Plan,
        /// See [`Trial::is_reversible`].
        is_reversible: bool,
    },
    /// Go on without waiting for the evidence.
    Promote(Stride),
    /// Stay at this step, whatever the evidence.
    Pause,
    /// Go on by the evidence again.
    Resume,
    /// Take the canary's share away, and let nothing that waits for its turn begin.
    Abort,
    /// Take back a release that has reached 100 %.
    Undo,
    /// Make a release stable without a trial.
    Adopt(ReleaseId),
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
            Self::Next => trial.after(step),
            Self::Full => Position::Full,
        }
    }
}

// === impl Rollout ===

impl Rollout {
    /// Does what was ordered, or says why not. With a generation it is done only if that is the present one.
    pub(super) fn obey(
        &mut self,
        command: Command,
        generation: Option<Generation>,
        now: Instant,
        raises: Raises,
    ) -> Result<Transition, Refusal> {
        if let Some(expected) = generation.filter(|expected| *expected != self.generation) {
            return Err(Refusal::AnotherGeneration { expected, present: self.generation });
        }
        match command {
            Command::Start(start) => self.start(start, now, raises),
            Command::Retry { plan, is_reversible } => self.retry(plan, is_reversible, now, raises),
            Command::Promote(stride) => self.promote(stride, now, raises),
            Command::Pause => self.pause(now),
            Command::Resume => self.resume(now),
            Command::Abort => self.give_up(),
            Command::Undo => self.undo(),
            Command::Adopt(release) => self.adopt(release, raises),
        }
    }

    fn promote(&mut self, stride: Stride, now: Instant, raises: Raises) -> Result<Transition, Refusal> {
        let (trial, step, pause) = match (self.phase.clone(), stride) {
            (Phase::Idle | Phase::Aborted { .. }, _) => return Err(Refusal::NothingUnderWay),
            // It may be ready, and wait for the end of the freeze alone.
            (Phase::Preparing { trial, then, .. }, _) if !self.may_enter(&trial, then, raises) => {
                return Err(barred(trial.canary, raises));
            }
            (Phase::Draining { trial, .. } | Phase::Preparing { trial, .. }, _) => {
                return Err(Refusal::NotReady(trial.canary));
            }
            (Phase::Probation { trial, .. }, Stride::Full) => return Err(Refusal::AlreadyFull(trial.canary)),
            (Phase::Probation { .. }, Stride::Next) => {
                return self.complete(Reason::Command).ok_or(Refusal::NothingUnderWay);
            }
            (Phase::Progressing { trial, step, .. } | Phase::Held { trial, step, .. }, _) => (trial, step, None),
            (Phase::Paused { trial, step, pause, .. }, _) => (trial, step, Some(pause)),
        };
        let next = stride.onward(&trial, step);
        // A human has seen the doubt, and goes on.
        let trial = Trial { doubt: None, ..trial };
        if !self.may_enter(&trial, next, raises) {
            return Err(barred(trial.canary, raises));
        }
        match (next, pause) {
            // What it is paused for holds at the next step too.
            (Position::Step(step), Some(pause)) => {
                Ok(self.enter(Phase::Paused { trial, step, since: now, pause }, Reason::Command))
            }
            (next, _) => Ok(self.enter_position(trial, next, Reason::Command, now)),
        }
    }

    fn give_up(&mut self) -> Result<Transition, Refusal> {
        let waiting = self.queue.drain(..).next();
        match (self.phase.trial(), waiting) {
            (Some(_), _) => Ok(self.abort(Reason::Command)),
            (None, Some(start)) => Ok(self.remark(Some(start.trial.canary), Reason::Command)),
            (None, None) => Err(Refusal::NothingUnderWay),
        }
    }

    fn undo(&mut self) -> Result<Transition, Refusal> {
        match (&self.phase, self.canary().cloned()) {
            (Phase::Probation { .. }, Some(_)) => self.give_up(),
            (_, Some(canary)) => Err(Refusal::NotPromoted(canary)),
            (_, None) => Err(Refusal::NothingToUndo),
        }
    }
}

/// What a promotion is refused with that is not open.
fn barred(canary: ReleaseId, raises: Raises) -> Refusal {
    if raises == Raises::Gated { Refusal::Gated(canary) } else { Refusal::Frozen }
}
