//! What the evidence says, and what a rollout makes of it.

use std::time::Instant;

use canary_config::plan::{Gate, OnThinEvidence};

use crate::analysis::Metric;
use crate::rollout::{Phase, Position, Reason, Rollout, Transition, Trial};

/// What the evidence says at the present step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// The canary is certified for the next step.
    Pass,
    /// The canary is worse than stable.
    Breach(Metric),
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

// === impl Rollout ===

impl Rollout {
    /// Draws the conclusions from the evidence. While stable is away nothing is compared, and nothing concluded.
    ///
    /// A breach counts in probation too: a promotion may overtake a conviction, and the canary that was convicted must
    /// not become stable.
    pub(super) fn judge(&mut self, judgement: Judgement, now: Instant) -> Option<Transition> {
        match (self.phase.clone(), judgement) {
            (Phase::Progressing { .. } | Phase::Held { .. } | Phase::Probation { .. }, Judgement::Breach(metric)) => {
                Some(self.abort(Reason::Breach(metric)))
            }
            (Phase::Progressing { trial, step, since }, Judgement::Pass) => {
                let is_long_enough = lasts_at_least(since, now, trial.step(step)?.min_duration);
                is_long_enough.then(|| self.pass(trial, step, now))
            }
            (Phase::Held { trial, step, reason, .. }, Judgement::Pass) => {
                (reason != Reason::Approval).then(|| self.pass(trial, step, now))
            }
            (Phase::Progressing { trial, step, since }, Judgement::Thin(inclination)) => {
                let limits = trial.step(step)?;
                let is_over = lasts_at_least(since, now, limits.min_duration.max(limits.max_duration));
                is_over.then(|| self.stay_thin(trial, step, inclination, now))
            }
            (Phase::Held { trial, step, reason: Reason::ThinEvidence, .. }, Judgement::Thin(inclination)) => {
                goes_on(&trial, step, inclination)
                    .then(|| self.advance(trial, Position::Step(step), Reason::Policy, now))
            }
            _ => None,
        }
    }

    /// The evidence is good: on, unless the step wants a human's word.
    fn pass(&mut self, trial: Trial, step: usize, now: Instant) -> Transition {
        match trial.gate(step) {
            Gate::Evidence => self.advance(trial, Position::Step(step), Reason::Certificate, now),
            Gate::Manual => self.hold(trial, step, Reason::Approval, now),
        }
    }

    /// The step's time is up, and there is too little evidence.
    fn stay_thin(&mut self, trial: Trial, step: usize, inclination: Inclination, now: Instant) -> Transition {
        match trial.plan.on_thin_evidence {
            OnThinEvidence::Abort => self.abort(Reason::ThinEvidence),
            _ if goes_on(&trial, step, inclination) => self.advance(trial, Position::Step(step), Reason::Policy, now),
            OnThinEvidence::Hold | OnThinEvidence::Promote => self.hold(trial, step, Reason::ThinEvidence, now),
        }
    }

    fn hold(&mut self, trial: Trial, step: usize, reason: Reason, now: Instant) -> Transition {
        self.enter(Phase::Held { trial, step, since: now, reason }, reason)
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
