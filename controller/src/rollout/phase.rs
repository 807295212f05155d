//! Where a rollout is. What is known in a phase lives in its variant.

use std::collections::BTreeSet;
use std::time::Instant;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rollout::{Position, Reason, Trial};

/// Where a rollout is.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Nothing is under way, and the last try, if there was one, went well.
    Idle,
    /// A release has to go before the canary's turn comes; no new request reaches it.
    Draining {
        /// What is tried.
        trial: Trial,
        /// Who goes.
        leaving: Leaving,
        /// Where the canary goes when it is ready.
        then: Position,
        /// Since when.
        since: Instant,
    },
    /// The canary's backends are to pass their probes; no request reaches them.
    Preparing {
        /// What is tried.
        trial: Trial,
        /// Where the canary goes when it is ready: the first step, or after a restart the one it had come to.
        then: Position,
        /// The share that an orderly stop took from it. To give it back is no raise.
        regains: Weight,
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
        hold: Hold,
    },
    /// The canary keeps its share and does not go on, whatever the evidence.
    Paused {
        /// What is tried.
        trial: Trial,
        /// The step it stands at.
        step: usize,
        /// Since when.
        since: Instant,
        /// Why.
        pause: Pause,
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
        /// The services that moved with it.
        peers: BTreeSet<ServiceName>,
    },
}

/// Who has to go before a canary's turn comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The canary of the rollout that was superseded. Stable serves.
    Canary(ReleaseId),
    /// Stable itself, as the new release takes its place. Nobody serves.
    Stable,
}

/// What a rollout that stands at a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hold {
    /// More evidence, or a human.
    ThinEvidence,
    /// A human's word.
    Approval,
    /// That stable keeps its absolute limits again: canary and stable both break one.
    SharedBreach,
    /// A human's word: it would have been sent back, and stable is not as good as before any more.
    Irreversible,
}

/// Why a rollout does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pause {
    /// An operator said so. The canary is judged as ever, and a breach aborts.
    Command,
    /// Stable has no ready backend, so nothing is compared.
    StableUnready,
    /// Both.
    Both,
}

/// The name of a phase, without what is known in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PhaseName {
    /// See [`Phase::Idle`].
    Idle,
    /// See [`Phase::Draining`].
    Draining,
    /// See [`Phase::Preparing`].
    Preparing,
    /// See [`Phase::Progressing`].
    Progressing,
    /// See [`Phase::Held`]; and [`Phase::Probation`], where a human is asked what becomes of it.
    Held,
    /// See [`Phase::Paused`].
    Paused,
    /// See [`Phase::Probation`].
    Probation,
    /// See [`Phase::Aborted`].
    Aborted,
}

// === impl Phase ===

impl Phase {
    /// The canary's share. It follows from the phase and is kept nowhere beside it.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Idle | Self::Draining { .. } | Self::Preparing { .. } | Self::Aborted { .. } => Weight::ZERO,
            Self::Progressing { trial, step, .. }
            | Self::Held { trial, step, .. }
            | Self::Paused { trial, step, .. } => trial.step(*step).map_or(Weight::ZERO, |step| step.weight),
            Self::Probation { .. } => Weight::FULL,
        }
    }

    /// The share up to which nobody is newly exposed to the canary: the one that it has, or that it regains.
    pub(super) fn exposure(&self) -> Weight {
        if let Self::Preparing { regains, .. } = self { *regains } else { self.weight() }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> PhaseName {
        match self {
            Self::Idle => PhaseName::Idle,
            Self::Draining { .. } => PhaseName::Draining,
            Self::Preparing { .. } => PhaseName::Preparing,
            Self::Progressing { .. } => PhaseName::Progressing,
            Self::Held { .. } => PhaseName::Held,
            Self::Paused { .. } => PhaseName::Paused,
            // It waits for a human, and for nothing else any more.
            Self::Probation { trial, .. } if trial.doubt.is_some() => PhaseName::Held,
            Self::Probation { .. } => PhaseName::Probation,
            Self::Aborted { .. } => PhaseName::Aborted,
        }
    }

    /// Whether the canary stands somewhere, would have been sent back, and a human is asked.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let is_standing = !matches!(self, Self::Draining { .. } | Self::Preparing { .. });
        is_standing && self.trial().is_some_and(|trial| trial.doubt.is_some())
    }

    /// Why the rollout holds, if it does.
    #[must_use]
    pub fn holds_for(&self) -> Option<Reason> {
        match self {
            Self::Held { hold: Hold::ThinEvidence, .. } => Some(Reason::ThinEvidence),
            Self::Held { hold: Hold::Approval, .. } => Some(Reason::Approval),
            Self::Held { hold: Hold::SharedBreach, .. } => Some(Reason::SharedBreach),
            Self::Held { trial, hold: Hold::Irreversible, .. } | Self::Probation { trial, .. } => trial.doubt,
            _ => None,
        }
    }

    /// What is tried, while something is.
    #[must_use]
    pub const fn trial(&self) -> Option<&Trial> {
        match self {
            Self::Idle | Self::Aborted { .. } => None,
            Self::Draining { trial, .. }
            | Self::Preparing { trial, .. }
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
            Self::Idle
            | Self::Draining { .. }
            | Self::Preparing { .. }
            | Self::Probation { .. }
            | Self::Aborted { .. } => None,
        }
    }

    /// Since when the rollout has been in this phase, while one is under way.
    #[must_use]
    pub const fn since(&self) -> Option<Instant> {
        match self {
            Self::Idle | Self::Aborted { .. } => None,
            Self::Draining { since, .. }
            | Self::Preparing { since, .. }
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
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Draining,
        Self::Preparing,
        Self::Progressing,
        Self::Held,
        Self::Paused,
        Self::Probation,
        Self::Aborted,
    ];

    /// Its value of the label `phase`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Draining => "draining",
            Self::Preparing => "preparing",
            Self::Progressing => "progressing",
            Self::Held => "held",
            Self::Paused => "paused",
            Self::Probation => "probation",
            Self::Aborted => "aborted",
        }
    }
}

// === impl Pause ===

impl Pause {
    /// Whether both arms serve, so that the canary is judged.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Command)
    }

    /// Whether an operator has a part in it.
    #[must_use]
    pub const fn is_commanded(self) -> bool {
        matches!(self, Self::Command | Self::Both)
    }
}
