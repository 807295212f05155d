//! What of a rollout outlives the process, and how it goes on afterwards. A restart never raises.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::Strategy;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::{Generation, Leaving, Phase, Position, Reason, Rollout, SentBack, Start, Trial};

/// A rollout without its clocks, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The release that clients are served by unless a trial says otherwise.
    pub stable: ReleaseId,
    /// The number of the last try.
    pub generation: Generation,
    /// Where that try stood.
    pub state: State,
    /// What waits for its turn, the next one first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub queue: VecDeque<Start>,
    /// The releases that were sent back, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent_back: Vec<SentBack>,
}

/// Where a try stood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "there is one for each service, and each may be under way")]
pub enum State {
    /// None was under way.
    Idle,
    /// It was under way.
    UnderWay {
        /// What was tried.
        trial: Trial,
        /// How far it had come.
        position: Position,
        /// The share that it has again after an orderly stop, even in a freeze: the one that it had, or that it still
        /// waited to regain after a stop before. Where nothing is kept, it is none.
        #[serde(default, skip_serializing_if = "is_no_share")]
        regains: Weight,
        /// The canary that has to go before stable goes, while stable still served and was to be taken away for the
        /// trial. Where nothing is kept, stable has gone, or need not go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        superseded: Option<ReleaseId>,
    },
    /// It had been sent back.
    Aborted {
        /// The release that was sent back.
        canary: ReleaseId,
        /// Why.
        reason: Reason,
        /// The services that moved with it.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        peers: BTreeSet<ServiceName>,
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
        let regains = self.phase.exposure();
        let superseded = self.superseded();
        let under_way = |trial: &Trial, position| {
            let superseded = superseded.cloned();
            State::UnderWay { trial: trial.clone(), position, regains, superseded }
        };
        let state = match &self.phase {
            Phase::Idle => State::Idle,
            Phase::Draining { trial, then, .. } | Phase::Preparing { trial, then, .. } => under_way(trial, *then),
            Phase::Paused { trial, step, pause, .. } if pause.is_commanded() => {
                under_way(trial, Position::PausedAt(*step))
            }
            Phase::Progressing { trial, step, .. }
            | Phase::Held { trial, step, .. }
            | Phase::Paused { trial, step, .. } => under_way(trial, Position::Step(*step)),
            Phase::Probation { trial, .. } => under_way(trial, Position::Full),
            Phase::Aborted { canary, reason, peers } => {
                State::Aborted { canary: canary.clone(), reason: *reason, peers: peers.clone() }
            }
        };
        Saved {
            stable: self.stable.clone(),
            generation: self.generation,
            state,
            queue: self.queue.clone(),
            sent_back: self.sent_back.clone(),
        }
    }

    /// Goes on from what was kept. The canary begins at zero until its backends have passed their probes again; then
    /// it goes to where it was, with the step's clock restarted, or to the first step if the end was not orderly. A
    /// freeze does not keep it from the share that an orderly stop took, and keeps it from any other. What an operator
    /// has paused stays paused, and stable that has not begun to go does not go by this.
    #[must_use]
    pub fn restore(saved: Saved, stop: Stop, now: Instant) -> Self {
        let Saved { stable, generation, state, queue, sent_back } = saved;
        let phase = match state {
            State::Idle => Phase::Idle,
            State::Aborted { canary, reason, peers } => Phase::Aborted { canary, reason, peers },
            State::UnderWay { trial, position, regains, superseded } => {
                let first = trial.first();
                let (then, regains) = match (stop, position) {
                    (Stop::Orderly, position) => (position, regains),
                    (Stop::Unclean, Position::PausedAt(_)) => (first.paused().unwrap_or(first), Weight::ZERO),
                    (Stop::Unclean, _) => (first, Weight::ZERO),
                };
                match superseded.map(Leaving::Canary) {
                    Some(leaving) => Phase::Draining { trial, leaving, then, since: now },
                    None => Phase::Preparing { trial, then, regains, since: now },
                }
            }
        };
        Self { stable, generation, phase, queue, sent_back }
    }

    /// The canary that has to go, if stable goes after it.
    fn superseded(&self) -> Option<&ReleaseId> {
        match &self.phase {
            Phase::Draining { trial, leaving: Leaving::Canary(canary), .. }
                if trial.plan.strategy == Strategy::Recreate =>
            {
                Some(canary)
            }
            _ => None,
        }
    }
}

// === impl Saved ===

impl Saved {
    /// A service that has never been rolled out.
    #[must_use]
    pub fn new(stable: ReleaseId) -> Self {
        Rollout::new(stable).save()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_no_share(weight: &Weight) -> bool {
    *weight == Weight::ZERO
}
