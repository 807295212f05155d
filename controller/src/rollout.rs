//! The rollout's decisions. Pure: time comes in as `now`, effects go out as [`Transition`].
//!
//! A [`Rollout`] is one service's way from a stable release to the next. [`Rollout::handle`] takes everything that can
//! happen and answers with what changed, or with why it must not. The weight is derived from the [`Phase`]; nothing
//! else sets it. Who publishes, stores and tells is the engine's affair.

mod command;
mod judgement;
mod phase;
mod readiness;
mod reason;
mod refusal;
mod saved;
mod transition;

#[cfg(test)]
mod tests;

use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

pub use self::command::{Command, Stride};
pub use self::judgement::{Inclination, Judgement};
pub use self::phase::{Phase, PhaseName, Position, Trial};
pub use self::readiness::Readiness;
pub use self::reason::Reason;
pub use self::refusal::Refusal;
pub use self::saved::{Saved, State, Stop};
pub use self::transition::Transition;

/// The number of one try at bringing a release to 100 %. The first is 1; 0 is before any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation(u64);

/// What can happen to a rollout.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An operator said so.
    Commanded(Command),
    /// The probes were looked at.
    Probed {
        /// What they say of the stable release.
        stable: Readiness,
        /// What they say of the canary, if there is one.
        canary: Readiness,
    },
    /// The ledgers were looked at.
    Judged(Judgement),
    /// Time has passed.
    Ticked,
}

/// One service: what is stable, and where the try stands that is under way or was the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    stable: ReleaseId,
    generation: Generation,
    phase: Phase,
}

// === impl Rollout ===

impl Rollout {
    /// A service that has never been rolled out.
    #[must_use]
    pub fn new(stable: ReleaseId) -> Self {
        Self { stable, generation: Generation::default(), phase: Phase::Idle }
    }

    /// Takes an event. What it changed is in the transition; an event that changes nothing gives none.
    ///
    /// # Errors
    /// A command that this phase does not allow; nothing has changed then.
    pub fn handle(&mut self, event: Event, now: Instant) -> Result<Option<Transition>, Refusal> {
        match event {
            Event::Commanded(command) => self.obey(command, now).map(Some),
            Event::Probed { stable, canary } => Ok(self.look(stable, canary, now)),
            Event::Judged(judgement) => Ok(self.judge(judgement, now)),
            Event::Ticked => Ok(self.tick(now)),
        }
    }

    /// When the passing of time alone will change something, if nothing else happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Preparing { trial, since, .. } => since.checked_add(trial.plan.ready_timeout),
            Phase::Probation { trial, since } => since.checked_add(trial.plan.probation),
            // A step ends by its evidence, and the evidence is looked at as it comes in.
            Phase::Idle
            | Phase::Progressing { .. }
            | Phase::Held { .. }
            | Phase::Paused { .. }
            | Phase::Aborted { .. } => None,
        }
    }

    /// The canary's share in this phase.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.phase.weight()
    }

    /// The release that clients are served by unless the weight says otherwise.
    #[must_use]
    pub fn stable(&self) -> &ReleaseId {
        &self.stable
    }

    /// The release on trial, while there is one.
    #[must_use]
    pub fn canary(&self) -> Option<&ReleaseId> {
        self.phase.trial().map(|trial| &trial.canary)
    }

    /// The number of the try that is under way or was the last.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Where the try stands.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    fn tick(&mut self, now: Instant) -> Option<Transition> {
        if self.next_deadline()? > now {
            return None;
        }
        match &self.phase {
            Phase::Preparing { .. } => Some(self.abort(Reason::NeverReady)),
            Phase::Probation { .. } => self.complete(Reason::ProbationOver),
            _ => None,
        }
    }

    /// Goes on from a position: to the next step, or behind the last one to probation.
    fn advance(&mut self, trial: Trial, from: Position, reason: Reason, now: Instant) -> Transition {
        let next = trial.after(from);
        self.enter_position(trial, next, reason, now)
    }

    fn enter_position(&mut self, trial: Trial, position: Position, reason: Reason, now: Instant) -> Transition {
        let phase = match position {
            Position::Step(step) => Phase::Progressing { trial, step, since: now },
            Position::Full => Phase::Probation { trial, since: now },
        };
        self.enter(phase, reason)
    }

    /// Takes the canary's share away for good.
    fn abort(&mut self, reason: Reason) -> Transition {
        let phase = match self.canary().cloned() {
            Some(canary) => Phase::Aborted { canary, reason },
            None => Phase::Idle,
        };
        self.enter(phase, reason)
    }

    /// Makes the canary the stable release.
    fn complete(&mut self, reason: Reason) -> Option<Transition> {
        self.stable = self.canary()?.clone();
        Some(self.enter(Phase::Idle, reason))
    }

    fn enter(&mut self, phase: Phase, reason: Reason) -> Transition {
        let from = self.phase.name();
        let canary = self.canary().or(phase.trial().map(|trial| &trial.canary)).cloned();
        self.phase = phase;
        Transition {
            generation: self.generation,
            canary,
            from,
            to: self.phase.name(),
            step: self.phase.step(),
            weight: self.weight(),
            reason,
        }
    }
}

// === impl Generation ===

impl Generation {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
