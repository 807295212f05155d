//! What of a rollout outlives the process, and how it goes on afterwards. A restart never raises.

use std::time::Instant;

use canary_config::name::ReleaseId;
use serde::{Deserialize, Serialize};

use crate::rollout::{Generation, Phase, Position, Reason, Rollout, Trial};

/// A rollout without its clocks, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The release that clients are served by unless a trial says otherwise.
    pub stable: ReleaseId,
    /// The number of the last try.
    pub generation: Generation,
    /// Where that try stood.
    pub state: State,
}

/// Where a try stood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// None was under way.
    Idle,
    /// It was under way.
    UnderWay {
        /// What was tried.
        trial: Trial,
        /// How far it had come.
        position: Position,
    },
    /// It had been sent back.
    Aborted {
        /// The release that was sent back.
        canary: ReleaseId,
        /// Why.
        reason: Reason,
    },
}

/// How the process ended that saved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was told to stop, and did.
    Orderly,
    /// It was killed, or lost its power.
    Unclean,
}

// === impl Rollout ===

impl Rollout {
    /// What the store must keep of it.
    #[must_use]
    pub fn save(&self) -> Saved {
        let state = match &self.phase {
            Phase::Idle => State::Idle,
            Phase::Preparing { trial, then, .. } => State::UnderWay { trial: trial.clone(), position: *then },
            Phase::Progressing { trial, step, .. }
            | Phase::Held { trial, step, .. }
            | Phase::Paused { trial, step, .. } => {
                State::UnderWay { trial: trial.clone(), position: Position::Step(*step) }
            }
            Phase::Probation { trial, .. } => State::UnderWay { trial: trial.clone(), position: Position::Full },
            Phase::Aborted { canary, reason } => State::Aborted { canary: canary.clone(), reason: *reason },
        };
        Saved { stable: self.stable.clone(), generation: self.generation, state }
    }

    /// Goes on from what was kept. The canary begins at zero until its backends have passed their probes again; then
    /// it goes to where it was, with the step's clock restarted, or to the first step if the end was not orderly.
    #[must_use]
    pub fn restore(saved: Saved, stop: Stop, now: Instant) -> Self {
        let phase = match saved.state {
            State::Idle => Phase::Idle,
            State::Aborted { canary, reason } => Phase::Aborted { canary, reason },
            State::UnderWay { trial, position } => {
                let then = match stop {
                    Stop::Orderly => position,
                    Stop::Unclean => trial.first(),
                };
                Phase::Preparing { trial, then, since: now }
            }
        };
        Self { stable: saved.stable, generation: saved.generation, phase }
    }
}
