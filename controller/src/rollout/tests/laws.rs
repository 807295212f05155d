//! What holds at every step of every way, each law by its own reading of the phases.

mod answers;
mod causes;
mod deadlines;
mod doubts;
mod freezes;
mod gates;
mod pauses;
mod queues;
mod trials;
mod verdicts;
mod weights;

use std::time::Duration;

use canary_config::plan::{Gate, Step};
use canary_config::weight::Weight;

use super::happenings::Happening;
use super::world::{Answer, World, hold};
use crate::rollout::{Command, Event, Hold, Judgement, Phase, PhaseName, Raises, Reason, Transition};

/// One step of a way.
struct Seen<'a> {
    before: &'a World,
    happening: &'a Happening,
    after: &'a World,
    answer: &'a Answer,
}

type Law = (&'static str, fn(&Seen) -> bool);

const ALL: [&[Law]; 11] = [
    &weights::LAWS,
    &causes::LAWS,
    &answers::LAWS,
    &trials::LAWS,
    &deadlines::LAWS,
    &doubts::LAWS,
    &verdicts::LAWS,
    &pauses::LAWS,
    &freezes::LAWS,
    &gates::LAWS,
    &queues::LAWS,
];

/// The world after this happening, how the rollout answered, and the first law that was broken.
pub(super) fn step(before: &World, happening: &Happening) -> (World, Answer, Option<&'static str>) {
    let (after, answer) = before.after(happening);
    let seen = Seen { before, happening, after: &after, answer: &answer };
    let broken = ALL.into_iter().flatten().find(|(_, holds)| !holds(&seen)).map(|(law, _)| *law);
    (after, answer, broken)
}

// === impl Seen ===

impl<'a> Seen<'a> {
    fn transition(&self) -> Option<&Transition> {
        self.answer.as_ref().ok()?.as_ref()
    }

    fn reason(&self) -> Option<Reason> {
        self.transition().map(|transition| transition.reason)
    }

    fn event(&self) -> Option<&Event> {
        if let Happening::Told(event) = self.happening { Some(event) } else { None }
    }

    fn command(&self) -> Option<&Command> {
        if let Some(Event::Commanded { command, .. }) = self.event() { Some(command) } else { None }
    }

    fn is_judged(&self, expected: Judgement) -> bool {
        matches!(self.event(), Some(Event::Judged(judgement)) if *judgement == expected)
    }

    fn is_ticked(&self) -> bool {
        matches!(self.event(), Some(Event::Ticked))
    }

    fn is_frozen(&self) -> bool {
        self.before.raises == Raises::Frozen
    }

    /// Whether a test had to be passed before the try could go on.
    fn is_gated(&self) -> bool {
        self.before.raises == Raises::Gated
    }

    fn phase(&self) -> &'a Phase {
        self.before.rollout.phase()
    }

    fn from(&self) -> PhaseName {
        self.phase().name()
    }

    fn to(&self) -> PhaseName {
        self.after.rollout.phase().name()
    }

    /// The step at which the canary stood.
    fn step(&self) -> Option<&'a Step> {
        let phase = self.phase();
        phase.trial()?.plan.steps.get(phase.step()?)
    }

    fn gate(&self) -> Option<Gate> {
        self.step().map(|step| step.gate)
    }

    /// Whether a human's word alone was awaited.
    fn was_awaiting_approval(&self) -> bool {
        hold(self.phase()) == Some(Hold::Approval)
    }

    /// Whether nothing was under way, so that a release may begin.
    fn was_free(&self) -> bool {
        matches!(self.from(), PhaseName::Idle | PhaseName::Aborted)
    }

    fn is_new_generation(&self) -> bool {
        self.after.rollout.generation() != self.before.rollout.generation()
    }

    /// Whether only a human may send back what is on trial, as it has served.
    fn is_for_good(&self) -> bool {
        let is_irreversible = self.phase().trial().is_some_and(|trial| !trial.is_reversible);
        is_irreversible && self.before.rollout.weight() > Weight::ZERO
    }

    /// Whether it was aborted, for this reason.
    fn is_aborted_for(&self, expected: Reason) -> bool {
        self.to() == PhaseName::Aborted && self.reason() == Some(expected)
    }

    /// Whether it was sent back for this reason; or a human is asked, where only a human does that.
    fn is_sent_back_for(&self, expected: Reason) -> bool {
        if self.is_for_good() { self.after.rollout.phase().is_in_doubt() } else { self.is_aborted_for(expected) }
    }

    /// Whether a human was asked already what becomes of it.
    fn was_in_doubt(&self) -> bool {
        self.phase().is_in_doubt()
    }

    /// Whether it had all requests.
    fn was_full(&self) -> bool {
        matches!(self.phase(), Phase::Probation { .. })
    }

    /// Whether the step before has been compared without a break for so long.
    fn compared_for(&self, duration: Duration) -> bool {
        self.before.now.duration_since(self.before.compared_since) >= duration
    }

    /// Whether the phase before has lasted so long.
    fn lasted(&self, duration: Duration) -> bool {
        self.phase().since().is_some_and(|since| self.before.now.duration_since(since) >= duration)
    }
}
