//! What the evidence says, and what a rollout makes of it.

use std::time::Instant;

use canary_config::plan::{Gate, OnThinEvidence};

use crate::analysis::{Ground, Judge, Verdict};
use crate::rollout::{Hold, Pause, Phase, Position, Raises, Reason, Rollout, Transition, Trial};

/// What the evidence says at the present step.
///
/// It names no generation, and the rollout could not tell that it is about a try before. Whoever shows it promises
/// that it is not: the engine makes a judge for each generation, and gives it only what that generation's ledgers
/// scored, however late that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// The canary is certified for the next step.
    Pass,
    /// The canary is to be sent back.
    Breach(Ground),
    /// The canary breaks an absolute limit that stable breaks too: nothing is raised, and nothing sent back.
    Shared,
    /// There is too little evidence.
    Thin(Inclination),
}

/// Whether thin evidence at least does not speak against the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inclination {
    /// Nothing speaks against it, and it has served some requests: a plan may choose to go on.
    Favourable,
    /// It has served too little, or something speaks against it.
    Open,
}

// === impl Judgement ===

impl Judgement {
    /// What this judge's verdict comes to.
    pub(crate) fn of(verdict: &Verdict, judge: &Judge) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail(breach) => Self::Breach(breach.ground),
            Verdict::Shared(_) => Self::Shared,
            Verdict::NotEnough(_) if judge.may_promote_uncertified() => Self::Thin(Inclination::Favourable),
            Verdict::NotEnough(_) => Self::Thin(Inclination::Open),
        }
    }
}

// === impl Rollout ===

impl Rollout {
    /// Draws the conclusions from the evidence. While stable is away nothing is compared, and nothing concluded.
    ///
    /// A breach counts in probation too: a promotion may overtake a conviction, and the canary that was convicted must
    /// not become stable. A breach that stable shares freezes the share and takes back nothing, also in probation.
    pub(super) fn judge(&mut self, judgement: Judgement, now: Instant, raises: Raises) -> Option<Transition> {
        match (self.phase.clone(), judgement) {
            (
                Phase::Progressing { .. }
                | Phase::Held { .. }
                | Phase::Paused { pause: Pause::Command, .. }
                | Phase::Probation { .. },
                Judgement::Breach(ground),
            ) => self.send_back(Reason::of(ground), now),
            (Phase::Progressing { trial, step, since }, Judgement::Pass) => {
                let is_long_enough = lasts_at_least(since, now, trial.step(step)?.min_duration);
                if is_long_enough { self.pass(trial, step, now, raises) } else { None }
            }
            (Phase::Held { trial, step, hold: Hold::ThinEvidence, .. }, Judgement::Pass) => {
                self.pass(trial, step, now, raises)
            }
            (Phase::Progressing { trial, step, since }, Judgement::Thin(inclination)) => {
                let limits = trial.step(step)?;
                let is_over = lasts_at_least(since, now, limits.min_duration.max(limits.max_duration));
                if is_over { self.stay_thin(trial, step, inclination, now, raises) } else { None }
            }
            (Phase::Held { trial, step, hold: Hold::ThinEvidence, .. }, Judgement::Thin(inclination)) => {
                if goes_on(&trial, step, inclination) {
                    self.advance(trial, step, Reason::Policy, now, raises)
                } else {
                    None
                }
            }
            (Phase::Progressing { trial, step, .. }, Judgement::Shared) => {
                Some(self.hold(trial, step, (Hold::SharedBreach, Reason::SharedBreach), now))
            }
            // The step begins anew: what the evidence says of it counts from here on.
            (Phase::Held { trial, step, hold: Hold::SharedBreach, .. }, Judgement::Pass | Judgement::Thin(_)) => {
                Some(self.enter_position(trial, Position::Step(step), Reason::SharedBreachOver, now))
            }
            _ => None,
        }
    }

    /// The evidence is good: on, unless the step wants a human's word, or only time.
    fn pass(&mut self, trial: Trial, step: usize, now: Instant, raises: Raises) -> Option<Transition> {
        match trial.gate(step) {
            Gate::Evidence => self.advance(trial, step, Reason::Certificate, now, raises),
            Gate::Manual { .. } => Some(self.hold(trial, step, (Hold::Approval, Reason::Approval), now)),
            Gate::Time => None,
        }
    }

    /// The step's time is up, and there is too little evidence.
    fn stay_thin(
        &mut self,
        trial: Trial,
        step: usize,
        inclination: Inclination,
        now: Instant,
        raises: Raises,
    ) -> Option<Transition> {
        match trial.plan.on_thin_evidence {
            _ if trial.gate(step) == Gate::Time => None,
            OnThinEvidence::Abort => self.send_back(Reason::ThinEvidence, now),
            _ if goes_on(&trial, step, inclination) => self.advance(trial, step, Reason::Policy, now, raises),
            OnThinEvidence::Hold | OnThinEvidence::Promote => {
                Some(self.hold(trial, step, (Hold::ThinEvidence, Reason::ThinEvidence), now))
            }
        }
    }

    fn hold(&mut self, trial: Trial, step: usize, (hold, reason): (Hold, Reason), now: Instant) -> Transition {
        self.enter(Phase::Held { trial, step, since: now, hold }, reason)
    }
}

/// Whether the plan goes on without a certificate. A step that wants a human's word still gets it.
fn goes_on(trial: &Trial, step: usize, inclination: Inclination) -> bool {
    trial.plan.on_thin_evidence == OnThinEvidence::Promote
        && inclination == Inclination::Favourable
        && trial.gate(step) == Gate::Evidence
}

fn lasts_at_least(since: Instant, now: Instant, duration: std::time::Duration) -> bool {
    now.saturating_duration_since(since) >= duration
}
