//! A rollout together with what the laws must remember of its past.

use std::rc::Rc;
use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::plan::Plan;
use canary_config::weight::Weight;

use super::scenario::{BREACH, FAVOURABLE, OPEN, PASS, commanded, judged, probed, start_of};
use super::{APPROVAL_DEADLINE, release, start};
use crate::rollout::{
    Again, Command, Event, Phase, PhaseName, Position, Raises, Readiness, Reason, Refusal, Rollout, Start, Stop,
    Stride, Transition,
};

pub(super) type Answer = Result<Option<Transition>, Refusal>;

/// What can happen to a process that holds a rollout.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Told(Event),
    Passed(Duration),
    Restarted(Stop),
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) rollout: Rollout,
    pub(super) plan: Rc<Plan>,
    pub(super) now: Instant,
    /// The greatest weight that this generation has earned since the last restart, or brought over it.
    pub(super) ceiling: Weight,
    /// Since when the comparison at this step runs without a break.
    pub(super) compared_since: Instant,
}

/// All by which two worlds can differ in what they will do. Only differences of time matter, and none beyond the
/// plan's longest duration; the generation is a name that nothing depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    stable: ReleaseId,
    canary: Option<ReleaseId>,
    phase: PhaseName,
    position: Option<usize>,
    reason: Option<Reason>,
    in_phase: Option<Duration>,
    compared: Option<Duration>,
    ceiling: Weight,
}

// === impl World ===

impl World {
    pub(super) fn new(plan: Plan) -> Self {
        let (rollout, now) = (Rollout::new(release("v1")), start());
        Self { rollout, plan: Rc::new(plan), now, ceiling: Weight::ZERO, compared_since: now }
    }

    pub(super) fn after(&self, happening: &Happening) -> (Self, Answer) {
        let mut after = self.clone();
        let answer = match happening {
            Happening::Passed(duration) => {
                after.now += *duration;
                Ok(None)
            }
            Happening::Restarted(stop) => {
                after.restart(*stop);
                Ok(None)
            }
            Happening::Told(event) => after.rollout.handle(event.clone(), after.now, Raises::Allowed),
        };
        if let Ok(Some(transition)) = &answer {
            after.remember(transition);
        }
        (after, answer)
    }

    fn restart(&mut self, stop: Stop) {
        let saved = self.rollout.save();
        let text = serde_json::to_string(&saved).expect("every state can be written");
        let read = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(saved, read, "what was written is what is read");
        self.rollout = Rollout::restore(read, stop, self.now);
        self.compared_since = self.now;
        let position = match stop {
            Stop::Orderly => position(self.rollout.phase()),
            Stop::Unclean => Some(0),
        };
        self.ceiling = self.ceiling.min(position.map_or(Weight::ZERO, |position| weight_at(&self.plan, position)));
    }

    fn remember(&mut self, transition: &Transition) {
        match (transition.reason, transition.to) {
            (_, PhaseName::Aborted | PhaseName::Idle) => self.ceiling = Weight::ZERO,
            (Reason::Command, PhaseName::Preparing) => self.ceiling = weight_at(&self.plan, 0),
            (Reason::Command | Reason::Certificate | Reason::Policy, _) => self.ceiling = transition.weight,
            _ => {}
        }
        if transition.to != PhaseName::Held {
            self.compared_since = self.now;
        }
    }

    pub(super) fn key(&self) -> Key {
        let phase = self.rollout.phase();
        let longest = self.plan.steps.iter().flat_map(|step| [step.min_duration, step.max_duration]);
        let longest =
            longest.chain([self.plan.ready_timeout, self.plan.probation, APPROVAL_DEADLINE]).max().unwrap_or_default();
        let bounded = |since: Instant| self.now.duration_since(since).min(longest);
        Key {
            stable: self.rollout.stable().clone(),
            canary: canary(phase).cloned(),
            phase: phase.name(),
            position: position(phase),
            reason: reason(phase),
            in_phase: phase.since().map(bounded),
            compared: phase.step().map(|_| bounded(self.compared_since)),
            ceiling: self.ceiling,
        }
    }
}

/// Everything that can happen, once each; time passes by seconds.
pub(super) fn everything(plan: &Plan) -> Vec<Happening> {
    let start = |name| Command::Start(Start { again: Again::Force, ..start_of(name, plan.clone()) });
    let commands = [
        start("v1"),
        start("v2"),
        Command::Promote(Stride::Next),
        Command::Promote(Stride::Full),
        Command::Abort,
        Command::Undo,
    ];
    let readiness = [Readiness::None, Readiness::Some, Readiness::All];
    let probes = readiness.iter().flat_map(|stable| readiness.iter().map(|canary| probed(*stable, *canary)));
    let events = commands.into_iter().map(commanded).chain(probes);
    let events = events.chain([PASS, BREACH, FAVOURABLE, OPEN].map(judged)).chain([Event::Ticked]);
    let second = Happening::Passed(Duration::from_secs(1));
    let others = [Stop::Orderly, Stop::Unclean].map(Happening::Restarted).into_iter().chain([second]);
    events.map(Happening::Told).chain(others).collect()
}

// === the phase, read a second time ===

/// How far the canary has come, or will go when it is ready: a step, or the number of steps for all requests.
pub(super) fn position(phase: &Phase) -> Option<usize> {
    match phase {
        Phase::Idle | Phase::Aborted { .. } => None,
        Phase::Draining { then: Position::Step(step) | Position::PausedAt(step), .. }
        | Phase::Preparing { then: Position::Step(step) | Position::PausedAt(step), .. }
        | Phase::Progressing { step, .. }
        | Phase::Held { step, .. }
        | Phase::Paused { step, .. } => Some(*step),
        Phase::Draining { trial, then: Position::Full, .. }
        | Phase::Preparing { trial, then: Position::Full, .. }
        | Phase::Probation { trial, .. } => Some(trial.plan.steps.len()),
    }
}

pub(super) fn weight_at(plan: &Plan, position: usize) -> Weight {
    plan.steps.get(position).map_or(Weight::FULL, |step| step.weight)
}

pub(super) fn reason(phase: &Phase) -> Option<Reason> {
    match phase {
        Phase::Held { hold, .. } => Some(hold.reason()),
        Phase::Aborted { reason, .. } => Some(*reason),
        _ => None,
    }
}

fn canary(phase: &Phase) -> Option<&ReleaseId> {
    match phase {
        Phase::Aborted { canary, .. } => Some(canary),
        _ => phase.trial().map(|trial| &trial.canary),
    }
}
