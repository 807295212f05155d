//! Where a rollout is. What is known in a phase lives in its variant.

use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::plan::{Gate, Plan, Step};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::Reason;

/// Where a rollout is.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Nothing is under way, and the last try, if there was one, went well.
    Idle,
    /// The canary's backends are to pass their probes; no request reaches them.
    Preparing {
        /// What is tried.
        trial: Trial,
        /// Where the canary goes when it is ready: the first step, or after a restart the one it had come to.
        then: Position,
        /// Since when.
        since: Instant,
    },
    /// The canary has a share and is being judged.
    Progressing {
        /// What is tried.
        trial: Trial,
        /// The step it stands at.
        step: usize,
        /// Since when.
        since: Instant,
    },
    /// The canary keeps its share and waits for evidence, or for a human.
    Held {
        /// What is tried.
        trial: Trial,
        /// The step it stands at.
        step: usize,
        /// Since when.
        since: Instant,
        /// What it waits for.
        reason: Reason,
    },
    /// The comparison is suspended, as stable has no ready backend.
    Paused {
        /// What is tried.
        trial: Trial,
        /// The step it stands at.
        step: usize,
        /// Since when.
        since: Instant,
    },
    /// The canary has all requests, and the old release is kept warm.
    Probation {
        /// What is tried.
        trial: Trial,
        /// Since when.
        since: Instant,
    },
    /// The canary was sent back, and stable has all requests.
    Aborted {
        /// The release that was sent back.
        canary: ReleaseId,
        /// Why.
        reason: Reason,
    },
}

/// The name of a phase, without what is known in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseName {
    /// See [`Phase::Idle`].
    Idle,
    /// See [`Phase::Preparing`].
    Preparing,
    /// See [`Phase::Progressing`].
    Progressing,
    /// See [`Phase::Held`].
    Held,
    /// See [`Phase::Paused`].
    Paused,
    /// See [`Phase::Probation`].
    Probation,
    /// See [`Phase::Aborted`].
    Aborted,
}

/// The release on trial, and the plan by which it is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The release.
    pub canary: ReleaseId,
    /// The plan, as it was when the rollout started.
    pub plan: Plan,
}

/// A place on the way from zero to all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// One of the plan's steps, counted from zero.
    Step(usize),
    /// All requests.
    Full,
}

// === impl Phase ===

impl Phase {
    /// The canary's share. It follows from the phase and is kept nowhere beside it.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Idle | Self::Preparing { .. } | Self::Aborted { .. } => Weight::ZERO,
            Self::Progressing { trial, step, .. }
            | Self::Held { trial, step, .. }
            | Self::Paused { trial, step, .. } => trial.step(*step).map_or(Weight::ZERO, |step| step.weight),
            Self::Probation { .. } => Weight::FULL,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> PhaseName {
        match self {
            Self::Idle => PhaseName::Idle,
            Self::Preparing { .. } => PhaseName::Preparing,
            Self::Progressing { .. } => PhaseName::Progressing,
            Self::Held { .. } => PhaseName::Held,
            Self::Paused { .. } => PhaseName::Paused,
            Self::Probation { .. } => PhaseName::Probation,
            Self::Aborted { .. } => PhaseName::Aborted,
        }
    }

    /// What is tried, while something is.
    #[must_use]
    pub const fn trial(&self) -> Option<&Trial> {
        match self {
            Self::Idle | Self::Aborted { .. } => None,
            Self::Preparing { trial, .. }
            | Self::Progressing { trial, .. }
            | Self::Held { trial, .. }
            | Self::Paused { trial, .. }
            | Self::Probation { trial, .. } => Some(trial),
        }
    }

    /// The step that the canary stands at, while it stands at one.
    #[must_use]
    pub const fn step(&self) -> Option<usize> {
        match self {
            Self::Progressing { step, .. } | Self::Held { step, .. } | Self::Paused { step, .. } => Some(*step),
            Self::Idle | Self::Preparing { .. } | Self::Probation { .. } | Self::Aborted { .. } => None,
        }
    }

    /// Since when the rollout has been in this phase, while one is under way.
    #[must_use]
    pub const fn since(&self) -> Option<Instant> {
        match self {
            Self::Idle | Self::Aborted { .. } => None,
            Self::Preparing { since, .. }
            | Self::Progressing { since, .. }
            | Self::Held { since, .. }
            | Self::Paused { since, .. }
            | Self::Probation { since, .. } => Some(*since),
        }
    }
}

// === impl PhaseName ===

impl PhaseName {
    /// Every phase, in the order of a rollout's way.
    pub const ALL: [Self; 7] =
        [Self::Idle, Self::Preparing, Self::Progressing, Self::Held, Self::Paused, Self::Probation, Self::Aborted];

    /// Its value of the label `phase`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Preparing => "preparing",
            Self::Progressing => "progressing",
            Self::Held => "held",
            Self::Paused => "paused",
            Self::Probation => "probation",
            Self::Aborted => "aborted",
        }
    }
}

// === impl Trial ===

impl Trial {
    /// A step of the plan.
    #[must_use]
    pub fn step(&self, step: usize) -> Option<&Step> {
        self.plan.steps.get(step)
    }

    /// Who opens the way out of a step.
    pub(super) fn gate(&self, step: usize) -> Gate {
        self.step(step).map_or(Gate::Evidence, |step| step.gate)
    }

    /// Where the way goes on behind a position.
    pub(super) fn after(&self, position: Position) -> Position {
        match position {
            Position::Step(step) => self.at(step + 1),
            Position::Full => Position::Full,
        }
    }

    /// Where the way begins.
    pub(super) fn first(&self) -> Position {
        self.at(0)
    }

    fn at(&self, step: usize) -> Position {
        if step < self.plan.steps.len() { Position::Step(step) } else { Position::Full }
    }
}
