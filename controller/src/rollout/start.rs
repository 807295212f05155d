//! How a rollout begins: at once, in the place of another one, after it, or once more.

use std::time::Instant;

use canary_config::plan::{OnBusy, Plan, Strategy};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::{Leaving, Phase, Raises, Reason, Refusal, Rollout, Transition, Trial};

/// So many releases of a service may wait for their turn.
pub const QUEUE_LIMIT: usize = 8;

/// What is to be begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The release, its plan, and the services that move with it.
    pub trial: Trial,
    /// Whether it may have been sent back before.
    pub again: Again,
    /// What becomes of it while another rollout is under way.
    pub on_busy: OnBusy,
}

/// What to do with a release that was sent back before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// It is refused.
    Refuse,
    /// It is tried again.
    Force,
}

// === impl Rollout ===

impl Rollout {
    pub(super) fn start(&mut self, start: Start, now: Instant, raises: Raises) -> Result<Transition, Refusal> {
        if raises == Raises::Frozen {
            return Err(Refusal::Frozen);
        }
        if self.stable.is_none() {
            return Err(Refusal::NothingStable);
        }
        let canary = &start.trial.canary;
        if let Some(before) = self.sent_back(canary).filter(|_| start.again == Again::Refuse) {
            return Err(Refusal::SentBackBefore {
                release: before.release.clone(),
                generation: before.generation,
                reason: before.reason,
            });
        }
        match (self.phase.clone(), start.on_busy) {
            (Phase::Idle | Phase::Aborted { .. }, _) if *canary == self.stable => {
                Err(Refusal::AlreadyStable(canary.clone()))
            }
            (Phase::Idle | Phase::Aborted { .. }, _) => Ok(self.begin(start.trial, Reason::Command, now)),
            (phase, OnBusy::Reject) => Err(busy(&phase).unwrap_or(Refusal::NothingUnderWay)),
            (_, on_busy) if self.is_joined() || !start.trial.peers.is_empty() => {
                let what =
                    if on_busy == OnBusy::Queue { "wait or be waited for" } else { "supersede or be superseded" };
                Err(Refusal::Joined { what })
            }
            // What is stable now may be wanted again after the release that is on trial.
            (_, OnBusy::Queue) => self.enqueue(start),
            (phase, OnBusy::Supersede) => self.supersede(phase, start.trial, now),
        }
    }

    /// Tries the release again that was sent back last, with those that moved with it.
    pub(super) fn retry(
        &mut self,
        plan: Plan,
        is_reversible: bool,
        now: Instant,
        raises: Raises,
    ) -> Result<Transition, Refusal> {
        let Phase::Aborted { canary, peers, .. } = self.phase.clone() else { return Err(Refusal::NothingToRetry) };
        let trial = Trial { peers, is_reversible, ..Trial::new(canary, plan) };
        self.start(Start { trial, again: Again::Force, on_busy: OnBusy::Reject }, now, raises)
    }

    /// Begins with the release that has waited longest, if nothing is in its way any more.
    pub(super) fn take_turn(&mut self, now: Instant) -> Option<Transition> {
        let start = self.queue.pop_front()?;
        let canary = start.trial.canary.clone();
        let is_sent_back = self.sent_back(&canary).is_some() && start.again == Again::Refuse;
        if canary == self.stable || is_sent_back {
            return Some(self.remark(Some(canary), Reason::Obsolete));
        }
        Some(self.begin(start.trial, Reason::Turn, now))
    }

    /// Makes room for the canary, and then goes on to prepare it.
    pub(super) fn prepare(&mut self, trial: Trial, reason: Reason, now: Instant) -> Transition {
        let then = trial.first();
        let phase = match trial.plan.strategy {
            Strategy::Recreate => Phase::Draining { trial, leaving: Leaving::Stable, then, since: now },
            Strategy::Canary | Strategy::BlueGreen | Strategy::Rolling => {
                Phase::Preparing { trial, then, regains: Weight::ZERO, since: now }
            }
        };
        self.enter(phase, reason)
    }

    /// The release that had to go has gone.
    pub(super) fn drained(&mut self, reason: Reason, now: Instant, raises: Raises) -> Option<Transition> {
        let Phase::Draining { trial, leaving, then, .. } = self.phase.clone() else { return None };
        let takes_stable_away = leaving != Leaving::Stable && trial.plan.strategy == Strategy::Recreate;
        let phase = match raises {
            // Until stable has begun to go, a freeze can still keep it.
            Raises::Frozen if takes_stable_away => return None,
            _ if takes_stable_away => Phase::Draining { trial, leaving: Leaving::Stable, then, since: now },
            _ => Phase::Preparing { trial, then, regains: Weight::ZERO, since: now },
        };
        Some(self.enter(phase, reason))
    }

    fn begin(&mut self, trial: Trial, reason: Reason, now: Instant) -> Transition {
        self.generation = self.generation.next();
        self.prepare(trial, reason, now)
    }

    fn enqueue(&mut self, start: Start) -> Result<Transition, Refusal> {
        if self.queue.len() >= QUEUE_LIMIT {
            return Err(Refusal::QueueFull { limit: QUEUE_LIMIT });
        }
        let canary = start.trial.canary.clone();
        self.queue.push_back(start);
        Ok(self.remark(Some(canary), Reason::Queued))
    }

    /// Takes the place of the rollout that is under way. What has a share goes first; a release in probation becomes
    /// stable, so that nobody's version changes.
    fn supersede(&mut self, phase: Phase, trial: Trial, now: Instant) -> Result<Transition, Refusal> {
        let then = trial.first();
        let leaving = match phase {
            Phase::Probation { trial: before, .. } if before.canary == trial.canary => {
                return Err(Refusal::InProbation { canary: trial.canary });
            }
            Phase::Probation { trial: before, .. } => {
                self.settle_on(before.canary);
                None
            }
            Phase::Draining { leaving: leaving @ Leaving::Canary(_), .. } => Some(leaving),
            Phase::Progressing { trial: before, .. }
            | Phase::Held { trial: before, .. }
            | Phase::Paused { trial: before, .. } => Some(Leaving::Canary(before.canary)),
            Phase::Idle | Phase::Draining { .. } | Phase::Preparing { .. } | Phase::Aborted { .. } => None,
        };
        if trial.canary == self.stable {
            return Err(Refusal::AlreadyStable(trial.canary));
        }
        let Some(leaving) = leaving else { return Ok(self.begin(trial, Reason::Superseded, now)) };
        self.generation = self.generation.next();
        Ok(self.enter(Phase::Draining { trial, leaving, then, since: now }, Reason::Superseded))
    }
}

/// What a start is refused with while another rollout is under way.
fn busy(phase: &Phase) -> Option<Refusal> {
    let canary = phase.trial()?.canary.clone();
    Some(match phase {
        Phase::Probation { .. } => Refusal::InProbation { canary },
        _ => Refusal::Busy { canary, phase: phase.name().label() },
    })
}
