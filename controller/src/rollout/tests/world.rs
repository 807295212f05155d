//! A rollout together with what the laws must remember of its past.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::plan::{Gate, OnBusy, Plan};
use canary_config::weight::Weight;

use super::happenings::Happening;
use super::{release, start};
use crate::rollout::{
    Again, Command, Event, Hold, Leaving, Pause, Phase, PhaseName, Position, Raises, Reason, Refusal, Rollout, Stop,
    Transition,
};

pub(super) type Answer = Result<Option<Transition>, Refusal>;

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) rollout: Rollout,
    pub(super) now: Instant,
    pub(super) raises: Raises,
    /// The greatest weight that this generation has earned since the last restart, or brought over it.
    pub(super) ceiling: Weight,
    /// The share that an orderly stop took, until the canary stands again.
    pub(super) taken: Weight,
    /// Since when the comparison at this step runs without a break.
    pub(super) compared_since: Instant,
    /// Whether an operator's last word was to pause.
    pub(super) wants_pause: bool,
    /// What was sent back for its own sake, and has not become stable since.
    pub(super) sent_back: BTreeSet<ReleaseId>,
    /// What waits for its turn, as it was told.
    pub(super) queue: VecDeque<(ReleaseId, Again)>,
}

/// All by which two worlds can differ in what they will do. Only differences of time matter, and none beyond the
/// plan's longest duration; the generation is a name that nothing depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    stable: ReleaseId,
    canary: Option<ReleaseId>,
    strategy: Option<&'static str>,
    phase: PhaseName,
    leaving: Option<Option<ReleaseId>>,
    hold: Option<Hold>,
    doubt: Option<Reason>,
    pause: Option<Pause>,
    position: Option<usize>,
    wants_pause: bool,
    in_phase: Option<Duration>,
    compared: Option<Duration>,
    ceiling: Weight,
    taken: Weight,
    raises: Raises,
    sent_back: BTreeSet<ReleaseId>,
    queue: VecDeque<(ReleaseId, Again)>,
}

// === impl World ===

impl World {
    pub(super) fn new() -> Self {
        let (rollout, now) = (Rollout::new(release("v1")), start());
        Self {
            rollout,
            now,
            raises: Raises::Allowed,
            ceiling: Weight::ZERO,
            taken: Weight::ZERO,
            compared_since: now,
            wants_pause: false,
            sent_back: BTreeSet::new(),
            queue: VecDeque::new(),
        }
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
            Happening::Ruled(raises) => {
                after.raises = *raises;
                Ok(None)
            }
            Happening::Told(event) => after.rollout.handle(event.clone(), after.now, after.raises),
        };
        if let (Happening::Told(event), Ok(Some(transition))) = (happening, &answer) {
            after.remember(self, event, transition);
        }
        (after, answer)
    }

    fn restart(&mut self, stop: Stop) {
        let saved = self.rollout.save();
        let text = serde_json::to_string(&saved).expect("every state can be written");
        let read = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(saved, read, "what was written is what is read");
        let before = position(self.rollout.phase());
        self.taken = match stop {
            Stop::Orderly => self.taken.max(self.rollout.weight()),
            Stop::Unclean => Weight::ZERO,
        };
        self.rollout = Rollout::restore(read, stop, self.now);
        self.compared_since = self.now;
        let position = match stop {
            Stop::Orderly => before,
            Stop::Unclean => before.map(|_| 0),
        };
        self.ceiling = self.ceiling.min(weight_at(self.rollout.phase(), position));
    }

    fn remember(&mut self, before: &Self, event: &Event, transition: &Transition) {
        let (from, to) = (transition.from, transition.to);
        let is_new = self.rollout.generation() != before.rollout.generation();
        if is_new || to != PhaseName::Preparing {
            self.taken = Weight::ZERO;
        }
        if is_new {
            self.ceiling = weight_at(self.rollout.phase(), Some(0));
            self.wants_pause = false;
        } else if matches!(to, PhaseName::Aborted | PhaseName::Idle) {
            self.ceiling = Weight::ZERO;
        } else if is_standing(from)
            && matches!(transition.reason, Reason::Command | Reason::Certificate | Reason::Policy | Reason::Time)
        {
            self.ceiling = transition.weight;
        }
        let is_same_step = matches!(from, PhaseName::Progressing | PhaseName::Held) && to == PhaseName::Held;
        if !is_same_step && transition.reason != Reason::Queued {
            self.compared_since = self.now;
        }
        match event {
            Event::Commanded { command: Command::Pause, .. } => self.wants_pause = true,
            Event::Commanded { command: Command::Resume, .. } => self.wants_pause = false,
            _ if matches!(to, PhaseName::Aborted | PhaseName::Idle | PhaseName::Probation) => self.wants_pause = false,
            // Who is asked what becomes of it says more than that.
            _ if to == PhaseName::Held && self.rollout.phase().is_in_doubt() => self.wants_pause = false,
            _ => {}
        }
        self.remember_releases(before, event, transition);
    }

    fn remember_releases(&mut self, before: &Self, event: &Event, transition: &Transition) {
        let trial = before.rollout.canary();
        if transition.to == PhaseName::Aborted && transition.from != PhaseName::Aborted {
            self.sent_back.extend(trial.cloned());
        }
        let is_settled = matches!(before.rollout.phase(), Phase::Probation { .. })
            && (transition.to == PhaseName::Idle || transition.reason == Reason::Superseded);
        if let Some(settled) = trial.filter(|_| is_settled) {
            self.sent_back.remove(settled);
        }
        if matches!(transition.reason, Reason::Adopted | Reason::Replaced) {
            self.sent_back.remove(self.rollout.stable());
        }
        match (transition.reason, event) {
            (Reason::Queued, Event::Commanded { command: Command::Start(start), .. }) => {
                self.queue.push_back((start.trial.canary.clone(), start.again));
            }
            (Reason::Turn | Reason::Obsolete, _) => drop(self.queue.pop_front()),
            (_, Event::Commanded { command: Command::Abort | Command::Undo, .. }) => self.queue.clear(),
            _ => {}
        }
    }

    /// Whether this would make a world of those that are not looked at: one in which more than one release waits.
    pub(super) fn is_too_much(&self, happening: &Happening) -> bool {
        match happening {
            Happening::Told(Event::Commanded { command: Command::Start(start), .. }) => {
                start.on_busy == OnBusy::Queue && !self.queue.is_empty()
            }
            _ => false,
        }
    }

    pub(super) fn key(&self) -> Key {
        let phase = self.rollout.phase();
        let longest = phase.trial().map_or(Duration::ZERO, |trial| longest(&trial.plan));
        let bounded = |since: Instant| self.now.duration_since(since).min(longest);
        Key {
            stable: self.rollout.stable().clone(),
            canary: canary(phase).cloned(),
            strategy: phase.trial().map(|trial| trial.plan.strategy.as_str()),
            phase: phase.name(),
            leaving: leaving(phase),
            hold: hold(phase),
            doubt: phase.trial().and_then(|trial| trial.doubt),
            pause: pause(phase),
            position: position(phase),
            wants_pause: self.wants_pause,
            in_phase: phase.since().map(bounded),
            compared: phase.step().map(|_| bounded(self.compared_since)),
            ceiling: self.ceiling,
            taken: self.taken,
            raises: self.raises,
            sent_back: self.sent_back.clone(),
            queue: self.queue.clone(),
        }
    }
}

fn longest(plan: &Plan) -> Duration {
    let deadline = |gate| if let Gate::Manual { deadline } = gate { deadline } else { Duration::ZERO };
    let steps = plan.steps.iter().flat_map(|step| [step.min_duration, step.max_duration, deadline(step.gate)]);
    steps.chain([plan.ready_timeout, plan.probation, plan.drain_timeout]).max().unwrap_or_default()
}

// === the phase, read a second time ===

/// How far the canary has come, or will go when it is ready: a step, or the number of steps for all requests.
pub(super) fn position(phase: &Phase) -> Option<usize> {
    match phase {
        Phase::Idle | Phase::Aborted { .. } => None,
        Phase::Draining { trial, then, .. } | Phase::Preparing { trial, then, .. } => Some(match then {
            Position::Step(step) | Position::PausedAt(step) => *step,
            Position::Full => trial.plan.steps.len(),
        }),
        Phase::Progressing { step, .. } | Phase::Held { step, .. } | Phase::Paused { step, .. } => Some(*step),
        Phase::Probation { trial, .. } => Some(trial.plan.steps.len()),
    }
}

/// The share at a place of this phase's plan.
pub(super) fn weight_at(phase: &Phase, position: Option<usize>) -> Weight {
    let Some((trial, position)) = phase.trial().zip(position) else { return Weight::ZERO };
    trial.plan.steps.get(position).map_or(Weight::FULL, |step| step.weight)
}

/// Whether the canary stands at a place, rather than being on its way to one.
pub(super) fn is_standing(name: PhaseName) -> bool {
    match name {
        PhaseName::Idle | PhaseName::Draining | PhaseName::Preparing | PhaseName::Aborted => false,
        PhaseName::Progressing | PhaseName::Held | PhaseName::Paused | PhaseName::Probation => true,
    }
}

pub(super) fn hold(phase: &Phase) -> Option<Hold> {
    if let Phase::Held { hold, .. } = phase { Some(*hold) } else { None }
}

pub(super) fn pause(phase: &Phase) -> Option<Pause> {
    if let Phase::Paused { pause, .. } = phase { Some(*pause) } else { None }
}

/// Who has to go: stable is nobody by name.
fn leaving(phase: &Phase) -> Option<Option<ReleaseId>> {
    match phase {
        Phase::Draining { leaving: Leaving::Stable, .. } => Some(None),
        Phase::Draining { leaving: Leaving::Canary(canary), .. } => Some(Some(canary.clone())),
        _ => None,
    }
}

fn canary(phase: &Phase) -> Option<&ReleaseId> {
    match phase {
        Phase::Aborted { canary, .. } => Some(canary),
        _ => phase.trial().map(|trial| &trial.canary),
    }
}
