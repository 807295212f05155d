//! What holds at every step of every way, each law by its own reading of the phases.

use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence};
use canary_config::weight::Weight;

use super::scenario::{FAVOURABLE, PASS};
use super::world::{Answer, Happening, World, position, reason};
use super::{APPROVAL_DEADLINE, MANUAL};
use crate::rollout::{
    Command, Event, Judgement, Phase, PhaseName, Raises, Readiness, Reason, Stop, Stride, Transition, Trial,
};

/// One step of a way.
struct Seen<'a> {
    before: &'a World,
    happening: &'a Happening,
    after: &'a World,
    answer: &'a Answer,
}

type Law = (&'static str, fn(&Seen) -> bool);

const LAWS: [Law; 25] = [
    ("the weight follows the phase", the_weight_follows_the_phase),
    ("a weight has been earned in this generation", |seen| seen.after.rollout.weight() <= seen.after.ceiling),
    ("a raise has one of four reasons", a_raise_has_one_of_four_reasons),
    ("every reason has its cause", every_reason_has_its_cause),
    ("what is due is done", what_is_due_is_done),
    ("a step is not skipped", a_step_is_not_skipped),
    ("a canary begins where it is to begin", a_canary_begins_where_it_is_to_begin),
    ("what changes nothing leaves no trace", what_changes_nothing_leaves_no_trace),
    ("a command is obeyed or refused, and nothing else is", a_command_is_obeyed_or_refused),
    ("a start is obeyed when nothing is under way", a_start_is_obeyed_when_nothing_is_under_way),
    ("a promotion is obeyed where there is a way on", a_promotion_is_obeyed_where_there_is_a_way_on),
    ("an abort is obeyed when a trial is under way", an_abort_is_obeyed_when_a_trial_is_under_way),
    ("an undo is obeyed in probation", an_undo_is_obeyed_in_probation),
    ("a transition tells the truth", a_transition_tells_the_truth),
    ("a generation begins with a start", a_generation_begins_with_a_start),
    ("a trial does not change under way", a_trial_does_not_change_under_way),
    ("stable changes when probation is complete", stable_changes_when_probation_is_complete),
    ("the deadline is when time alone changes something", the_deadline_is_exact),
    ("a pause judges nothing", a_pause_judges_nothing),
    ("a pause lasts until stable is back", a_pause_lasts_until_stable_is_back),
    ("a breach convicts wherever the canary is judged", a_breach_convicts),
    ("a lost canary is aborted", a_lost_canary_is_aborted),
    ("a lost stable pauses the comparison", a_lost_stable_pauses_the_comparison),
    ("losing both releases blames neither", losing_both_releases_blames_neither),
    ("a restart goes on as it must", a_restart_goes_on_as_it_must),
];

/// The world after this happening, how the rollout answered, and the first law that was broken.
pub(super) fn step(before: &World, happening: &Happening) -> (World, Answer, Option<&'static str>) {
    let (after, answer) = before.after(happening);
    let seen = Seen { before, happening, after: &after, answer: &answer };
    let broken = LAWS.iter().find(|(_, holds)| !holds(&seen)).map(|(law, _)| *law);
    (after, answer, broken)
}

// === impl Seen ===

impl Seen<'_> {
    fn transition(&self) -> Option<&Transition> {
        self.answer.as_ref().ok()?.as_ref()
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

    fn from(&self) -> PhaseName {
        self.before.rollout.phase().name()
    }

    fn to(&self) -> PhaseName {
        self.after.rollout.phase().name()
    }

    /// Whether it was aborted, for this reason.
    fn is_aborted_for(&self, expected: Reason) -> bool {
        self.to() == PhaseName::Aborted && self.transition().is_some_and(|transition| transition.reason == expected)
    }

    /// Whether the step before has been compared without a break for so long.
    fn lasted(&self, duration: Duration) -> bool {
        self.before.now.duration_since(self.before.compared_since) >= duration
    }
}

// === weights ===

fn the_weight_follows_the_phase(seen: &Seen) -> bool {
    let phase = seen.after.rollout.phase();
    let expected = match phase.name() {
        PhaseName::Idle | PhaseName::Draining | PhaseName::Preparing | PhaseName::Aborted => Some(Weight::ZERO),
        PhaseName::Probation => Some(Weight::FULL),
        PhaseName::Progressing | PhaseName::Held | PhaseName::Paused => {
            phase.step().and_then(|step| seen.after.plan.steps.get(step)).map(|step| step.weight)
        }
    };
    expected == Some(seen.after.rollout.weight())
}

fn a_raise_has_one_of_four_reasons(seen: &Seen) -> bool {
    let is_reason_of_a_raise =
        |reason| matches!(reason, Reason::Ready | Reason::Certificate | Reason::Policy | Reason::Command);
    seen.after.rollout.weight() <= seen.before.rollout.weight()
        || seen.transition().is_some_and(|transition| is_reason_of_a_raise(transition.reason))
}

fn every_reason_has_its_cause(seen: &Seen) -> bool {
    let Some(transition) = seen.transition() else { return true };
    let is_probed = matches!(seen.event(), Some(Event::Probed { .. }));
    let is_ticked = matches!(seen.event(), Some(Event::Ticked));
    match transition.reason {
        Reason::Command => seen.command().is_some(),
        Reason::Ready => {
            seen.from() == PhaseName::Preparing
                && matches!(seen.event(), Some(Event::Probed { canary: Readiness::All, .. }))
        }
        Reason::Certificate => is_certified(seen, Gate::Evidence),
        Reason::Approval => is_certified(seen, MANUAL) && seen.to() == PhaseName::Held,
        Reason::Policy => is_policy(seen),
        Reason::ThinEvidence => is_overdue(seen) && seen.from() == PhaseName::Progressing,
        Reason::Breach(metric) => seen.is_judged(Judgement::Breach(metric)),
        Reason::NeverReady => is_probed && seen.from() == PhaseName::Preparing,
        Reason::ProbationOver => is_ticked && seen.from() == PhaseName::Probation,
        Reason::Unready => is_probed,
        Reason::StableUnready => is_probed && seen.to() == PhaseName::Paused,
        Reason::StableReady => is_probed && seen.from() == PhaseName::Paused && seen.to() == PhaseName::Progressing,
        Reason::NotApproved => is_ticked && seen.from() == PhaseName::Held,
        _ => false,
    }
}

/// Whether the evidence is good, the step has lasted its minimum, and this is its gate.
fn is_certified(seen: &Seen, gate: Gate) -> bool {
    let before = seen.before.rollout.phase();
    let step = before.step().and_then(|step| seen.before.plan.steps.get(step));
    seen.is_judged(PASS)
        && matches!(before.name(), PhaseName::Progressing | PhaseName::Held)
        && reason(before) != Some(Reason::Approval)
        && step.is_some_and(|step| step.gate == gate && seen.lasted(step.min_duration))
}

fn is_policy(seen: &Seen) -> bool {
    let before = seen.before.rollout.phase();
    let gate = before.step().and_then(|step| seen.before.plan.steps.get(step)).map(|step| step.gate);
    seen.is_judged(FAVOURABLE)
        && is_overdue(seen)
        && seen.before.plan.on_thin_evidence == OnThinEvidence::Promote
        && gate == Some(Gate::Evidence)
        && reason(before) != Some(Reason::Approval)
}

/// Whether the evidence is thin, and the step has lasted all that it may.
fn is_overdue(seen: &Seen) -> bool {
    let before = seen.before.rollout.phase();
    let step = before.step().and_then(|step| seen.before.plan.steps.get(step));
    matches!(seen.event(), Some(Event::Judged(Judgement::Thin(_))))
        && matches!(before.name(), PhaseName::Progressing | PhaseName::Held)
        && step.is_some_and(|step| seen.lasted(step.min_duration.max(step.max_duration)))
}

fn what_is_due_is_done(seen: &Seen) -> bool {
    let is_certified = is_certified(seen, Gate::Evidence) || is_certified(seen, MANUAL);
    let is_thin = is_overdue(seen) && seen.from() == PhaseName::Progressing;
    !(is_certified || is_thin || is_policy(seen)) || seen.transition().is_some()
}

fn a_step_is_not_skipped(seen: &Seen) -> bool {
    let is_standing = |name| !matches!(name, PhaseName::Idle | PhaseName::Preparing | PhaseName::Aborted);
    if !is_standing(seen.from()) || !is_standing(seen.to()) {
        return true;
    }
    let (from, to) = (position(seen.before.rollout.phase()), position(seen.after.rollout.phase()));
    let is_driven = seen
        .transition()
        .is_some_and(|transition| matches!(transition.reason, Reason::Certificate | Reason::Policy | Reason::Command));
    let is_full = seen.command() == Some(&Command::Promote(Stride::Full));
    to == from || (is_driven && to == from.map(|from| from + 1)) || (is_full && to == Some(seen.after.plan.steps.len()))
}

fn a_canary_begins_where_it_is_to_begin(seen: &Seen) -> bool {
    let (before, after) = (seen.before.rollout.phase(), seen.after.rollout.phase());
    let is_begun = before.name() == PhaseName::Preparing && seen.after.rollout.weight() > Weight::ZERO;
    !is_begun || position(after) == position(before)
}

// === answers ===

fn what_changes_nothing_leaves_no_trace(seen: &Seen) -> bool {
    let is_same = seen.before.rollout == seen.after.rollout;
    matches!(seen.happening, Happening::Restarted(_)) || is_same == seen.transition().is_none()
}

fn a_command_is_obeyed_or_refused(seen: &Seen) -> bool {
    match seen.command() {
        Some(_) => seen.answer.is_err() || seen.transition().is_some(),
        None => seen.answer.is_ok(),
    }
}

fn a_start_is_obeyed_when_nothing_is_under_way(seen: &Seen) -> bool {
    let Some(Command::Start(start)) = seen.command() else { return true };
    let Trial { canary, plan, .. } = &start.trial;
    let is_free = matches!(seen.from(), PhaseName::Idle | PhaseName::Aborted);
    if !is_free || canary == seen.before.rollout.stable() {
        return seen.answer.is_err();
    }
    let after = seen.after.rollout.phase();
    let is_trial = after.trial().is_some_and(|trial| trial.canary == *canary && trial.plan == *plan);
    seen.to() == PhaseName::Preparing && is_trial && position(after) == Some(0)
}

fn a_promotion_is_obeyed_where_there_is_a_way_on(seen: &Seen) -> bool {
    let Some(Command::Promote(stride)) = seen.command() else { return true };
    let is_allowed = match seen.from() {
        PhaseName::Idle | PhaseName::Draining | PhaseName::Preparing | PhaseName::Aborted => false,
        PhaseName::Progressing | PhaseName::Held | PhaseName::Paused => true,
        PhaseName::Probation => *stride == Stride::Next,
    };
    let (from, to) = (position(seen.before.rollout.phase()), position(seen.after.rollout.phase()));
    let is_on = to > from || seen.from() == PhaseName::Probation && seen.to() == PhaseName::Idle;
    seen.answer.is_ok() == is_allowed && is_on == is_allowed
}

fn an_abort_is_obeyed_when_a_trial_is_under_way(seen: &Seen) -> bool {
    let is_trial = seen.before.rollout.phase().trial().is_some();
    seen.command() != Some(&Command::Abort)
        || if is_trial { seen.is_aborted_for(Reason::Command) } else { seen.answer.is_err() }
}

fn an_undo_is_obeyed_in_probation(seen: &Seen) -> bool {
    let is_probation = seen.from() == PhaseName::Probation;
    seen.command() != Some(&Command::Undo)
        || if is_probation { seen.is_aborted_for(Reason::Command) } else { seen.answer.is_err() }
}

fn a_transition_tells_the_truth(seen: &Seen) -> bool {
    let Some(transition) = seen.transition() else { return true };
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    let expected = Transition {
        generation: after.generation(),
        canary: before.canary().or(after.canary()).cloned(),
        from: seen.from(),
        to: seen.to(),
        step: after.phase().step(),
        weight: after.weight(),
        reason: reason(after.phase()).unwrap_or(transition.reason),
    };
    let is_clock_restarted = after.phase().since().is_none_or(|since| since == seen.after.now);
    *transition == expected && is_clock_restarted
}

// === the trial ===

fn a_generation_begins_with_a_start(seen: &Seen) -> bool {
    let is_started = matches!(seen.command(), Some(Command::Start(_))) && seen.answer.is_ok();
    let before = seen.before.rollout.generation().get();
    seen.after.rollout.generation().get() == before + u64::from(is_started)
}

fn a_trial_does_not_change_under_way(seen: &Seen) -> bool {
    match (seen.before.rollout.phase().trial(), seen.after.rollout.phase()) {
        (None, after) => after.trial().is_none() || matches!(seen.command(), Some(Command::Start(_))),
        (Some(before), Phase::Aborted { canary, .. }) => before.canary == *canary,
        (Some(before), after) => after.trial().is_none_or(|after| after == before),
    }
}

fn stable_changes_when_probation_is_complete(seen: &Seen) -> bool {
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    let is_complete = seen.to() == PhaseName::Idle && seen.from() != PhaseName::Idle;
    let is_lawful = seen.from() == PhaseName::Probation
        && seen.transition().is_some_and(|by| matches!(by.reason, Reason::ProbationOver | Reason::Command))
        && before.canary() == Some(after.stable());
    if is_complete { is_lawful } else { before.stable() == after.stable() }
}

fn the_deadline_is_exact(seen: &Seen) -> bool {
    let rollout = &seen.after.rollout;
    if *rollout == seen.before.rollout {
        return true;
    }
    let ticked = |now| {
        let mut ticked = rollout.clone();
        ticked.handle(Event::Ticked, now, Raises::Allowed).is_ok_and(|transition| transition.is_some())
    };
    let (plan, phase) = (&seen.after.plan, rollout.phase());
    let limit = match phase.name() {
        PhaseName::Preparing => Some(plan.ready_timeout),
        PhaseName::Probation => Some(plan.probation),
        PhaseName::Held if reason(phase) == Some(Reason::Approval) => Some(APPROVAL_DEADLINE),
        _ => None,
    };
    let expected = phase.since().zip(limit).map(|(since, limit)| since + limit);
    if rollout.next_deadline() != expected {
        return false;
    }
    match expected {
        Some(deadline) if phase.name() != PhaseName::Preparing => {
            ticked(deadline) && !ticked(deadline - Duration::from_nanos(1))
        }
        Some(_) => true,
        None => !ticked(seen.after.now + Duration::from_secs(1_000_000_000)),
    }
}

// === verdicts and losses ===

fn a_pause_judges_nothing(seen: &Seen) -> bool {
    let is_judged = matches!(seen.event(), Some(Event::Judged(_)));
    seen.from() != PhaseName::Paused || !is_judged || seen.before.rollout == seen.after.rollout
}

fn a_pause_lasts_until_stable_is_back(seen: &Seen) -> bool {
    let is_stable_back = seen.transition().is_some_and(|transition| transition.reason == Reason::StableReady);
    match (seen.from(), seen.to()) {
        (PhaseName::Paused, PhaseName::Progressing) => is_stable_back,
        (PhaseName::Paused, to) => !matches!(to, PhaseName::Held | PhaseName::Idle),
        _ => !is_stable_back,
    }
}

fn a_breach_convicts(seen: &Seen) -> bool {
    let Some(Event::Judged(Judgement::Breach(metric))) = seen.event() else { return true };
    !matches!(seen.from(), PhaseName::Progressing | PhaseName::Held | PhaseName::Probation)
        || seen.is_aborted_for(Reason::Breach(*metric))
}

fn a_lost_canary_is_aborted(seen: &Seen) -> bool {
    let Some(Event::Probed { stable, canary: Readiness::None }) = seen.event() else { return true };
    *stable == Readiness::None || seen.before.rollout.weight() == Weight::ZERO || seen.is_aborted_for(Reason::Unready)
}

fn a_lost_stable_pauses_the_comparison(seen: &Seen) -> bool {
    let Some(Event::Probed { stable: Readiness::None, canary }) = seen.event() else { return true };
    !matches!(seen.from(), PhaseName::Progressing | PhaseName::Held)
        || *canary == Readiness::None
        || (seen.to() == PhaseName::Paused && seen.before.rollout.weight() == seen.after.rollout.weight())
}

fn losing_both_releases_blames_neither(seen: &Seen) -> bool {
    let both = Event::Probed { stable: Readiness::None, canary: Readiness::None };
    seen.event() != Some(&both) || seen.from() == PhaseName::Preparing || seen.before.rollout == seen.after.rollout
}

fn a_restart_goes_on_as_it_must(seen: &Seen) -> bool {
    let Happening::Restarted(stop) = seen.happening else { return true };
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    let expected = match stop {
        Stop::Orderly => position(before.phase()),
        Stop::Unclean => position(before.phase()).map(|_| 0),
    };
    after.weight() == Weight::ZERO
        && position(after.phase()) == expected
        && reason(after.phase()) == reason(before.phase()).filter(|_| expected.is_none())
        && after.phase().since().is_none_or(|since| since == seen.after.now)
        && (after.stable(), after.canary()) == (before.stable(), before.canary())
}
