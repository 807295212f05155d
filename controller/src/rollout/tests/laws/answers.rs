//! What is obeyed, what is refused, and what is said of it.

use canary_config::plan::{OnBusy, Strategy};
use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::world::{is_standing, position, weight_at};
use crate::rollout::{
    Again, Command, Event, Generation, Pause, Phase, PhaseName, QUEUE_LIMIT, Reason, Refusal, Start, Stride, Transition,
};

pub(super) const LAWS: [Law; 10] = [
    ("what changes nothing leaves no trace", what_changes_nothing_leaves_no_trace),
    ("a command is obeyed or refused, and nothing else is", a_command_is_obeyed_or_refused),
    ("a command about another rollout changes nothing", a_command_about_another_rollout_changes_nothing),
    ("a start is obeyed when its time has come", a_start_is_obeyed_when_its_time_has_come),
    ("a retry is obeyed after an abort", a_retry_is_obeyed_after_an_abort),
    ("a promotion is obeyed where there is a way on", a_promotion_is_obeyed_where_there_is_a_way_on),
    ("an abort is obeyed when there is something to abort", an_abort_is_obeyed),
    ("an undo is obeyed in probation", an_undo_is_obeyed_in_probation),
    ("a pause and a resumption are obeyed in turn", a_pause_and_a_resumption_are_obeyed_in_turn),
    ("a transition tells the truth", a_transition_tells_the_truth),
];

fn what_changes_nothing_leaves_no_trace(seen: &Seen) -> bool {
    let is_same = seen.before.rollout == seen.after.rollout;
    seen.event().is_none() || is_same == seen.transition().is_none()
}

fn a_command_is_obeyed_or_refused(seen: &Seen) -> bool {
    match seen.command() {
        Some(_) => seen.answer.is_err() || seen.transition().is_some(),
        None => seen.answer.is_ok(),
    }
}

/// With the present generation it is done as if none was named, with any other not at all.
fn a_command_about_another_rollout_changes_nothing(seen: &Seen) -> bool {
    let Some(command) = seen.command() else { return true };
    let present = seen.before.rollout.generation();
    let told = |generation| {
        let mut rollout = seen.before.rollout.clone();
        let event = Event::Commanded { command: command.clone(), generation: Some(generation) };
        let answer = rollout.handle(event, seen.before.now, seen.before.raises);
        (rollout, answer)
    };
    let (rollout, answer) = told(present);
    let is_done = rollout == seen.after.rollout && answer == *seen.answer;
    let before = present.get().checked_sub(1).map(Generation);
    is_done
        && [Some(present.next()), before].into_iter().flatten().all(|expected| {
            let refusal = Refusal::AnotherGeneration { expected, present };
            told(expected) == (seen.before.rollout.clone(), Err(refusal))
        })
}

fn a_start_is_obeyed_when_its_time_has_come(seen: &Seen) -> bool {
    let Some(Command::Start(start)) = seen.command() else { return true };
    let Start { trial, again, on_busy } = start;
    let before = &seen.before.rollout;
    let is_held_back = *again == Again::Refuse && seen.before.sent_back.contains(&trial.canary);
    let is_stable = trial.canary == *before.stable();
    let (is_begun, is_queued) = match (seen.from(), on_busy) {
        _ if seen.is_frozen() || is_held_back => (false, false),
        (PhaseName::Idle | PhaseName::Aborted, _) => (!is_stable, false),
        (_, OnBusy::Reject) => (false, false),
        (_, OnBusy::Queue) => (false, seen.before.queue.len() < QUEUE_LIMIT),
        // Its canary becomes stable then.
        (_, OnBusy::Supersede) if seen.was_full() => (before.canary() != Some(&trial.canary), false),
        (_, OnBusy::Supersede) => (!is_stable, false),
    };
    seen.answer.is_ok() == (is_begun || is_queued)
        && seen.is_new_generation() == is_begun
        && (!is_begun || seen.after.rollout.phase().trial() == Some(trial) && begins(seen))
}

fn a_retry_is_obeyed_after_an_abort(seen: &Seen) -> bool {
    let Some(Command::Retry { plan, .. }) = seen.command() else { return true };
    let is_allowed = seen.from() == PhaseName::Aborted && !seen.is_frozen();
    let last = seen.before.rollout.sent_back.last().map(|last| &last.release);
    let trial = seen.after.rollout.phase().trial();
    let is_same = || trial.is_some_and(|trial| Some(&trial.canary) == last && trial.plan == *plan);
    seen.answer.is_ok() == is_allowed && (!is_allowed || is_same() && begins(seen) && seen.is_new_generation())
}

/// Whether a release stands at its beginning, and whoever is in its way goes first.
fn begins(seen: &Seen) -> bool {
    let phase = seen.after.rollout.phase();
    let is_recreated = phase.trial().is_some_and(|trial| trial.plan.strategy == Strategy::Recreate);
    let is_superseded = seen.from() != PhaseName::Preparing && !seen.was_full() && !seen.was_free();
    let may_drain = is_recreated || is_superseded;
    position(phase) == Some(0)
        && (phase.name() == PhaseName::Preparing || phase.name() == PhaseName::Draining && may_drain)
        && phase.since() == Some(seen.after.now)
}

fn a_promotion_is_obeyed_where_there_is_a_way_on(seen: &Seen) -> bool {
    let Some(Command::Promote(stride)) = seen.command() else { return true };
    let here = position(seen.phase());
    let next = match stride {
        Stride::Next => weight_at(seen.phase(), here.map(|here| here + 1)),
        Stride::Full => Weight::FULL,
    };
    let is_barred = (seen.is_frozen() || seen.is_gated()) && next > seen.before.rollout.weight();
    let is_allowed = match seen.from() {
        _ if seen.was_full() => *stride == Stride::Next,
        name => is_standing(name) && !is_barred,
    };
    let is_on = position(seen.after.rollout.phase()) > here || seen.was_full() && seen.to() == PhaseName::Idle;
    seen.answer.is_ok() == is_allowed && is_on == is_allowed
}

fn an_abort_is_obeyed(seen: &Seen) -> bool {
    if seen.command() != Some(&Command::Abort) {
        return true;
    }
    let is_trial = seen.phase().trial().is_some();
    let is_queue = !seen.before.queue.is_empty();
    let is_done = match (is_trial, is_queue) {
        (true, _) => seen.is_aborted_for(Reason::Command),
        (false, true) => seen.phase() == seen.after.rollout.phase() && seen.reason() == Some(Reason::Command),
        (false, false) => seen.answer.is_err(),
    };
    is_done && seen.after.rollout.queue().is_empty()
}

fn an_undo_is_obeyed_in_probation(seen: &Seen) -> bool {
    seen.command() != Some(&Command::Undo)
        || if seen.was_full() { seen.is_aborted_for(Reason::Command) } else { seen.answer.is_err() }
}

fn a_pause_and_a_resumption_are_obeyed_in_turn(seen: &Seen) -> bool {
    let phase = seen.phase();
    let has_step = phase.trial().is_some_and(|trial| position(phase) < Some(trial.plan.steps.len()));
    let is_allowed = match seen.command() {
        Some(Command::Pause) => has_step && !seen.before.wants_pause,
        Some(Command::Resume) => seen.before.wants_pause,
        _ => return true,
    };
    let is_unmoved = (position(phase), seen.before.rollout.weight())
        == (position(seen.after.rollout.phase()), seen.after.rollout.weight());
    seen.answer.is_ok() == is_allowed && is_unmoved && !seen.is_new_generation()
}

fn a_transition_tells_the_truth(seen: &Seen) -> bool {
    let Some(transition) = seen.transition() else { return true };
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    // What is queued, or struck from the queue, is told of beside what is on trial.
    let of_queue = match (seen.command(), transition.reason) {
        (Some(Command::Start(start)), Reason::Queued) => Some(&start.trial.canary),
        (_, Reason::Obsolete) => seen.before.queue.front().map(|(release, _)| release),
        (_, Reason::Adopted | Reason::Replaced) => Some(after.stable()),
        (Some(Command::Abort), _) if seen.was_free() => seen.before.queue.front().map(|(release, _)| release),
        _ => None,
    };
    let expected = Transition {
        generation: after.generation(),
        canary: of_queue.or(after.canary()).or(before.canary()).cloned(),
        from: seen.from(),
        to: seen.to(),
        step: after.phase().step(),
        weight: after.weight(),
        reason: transition.reason,
    };
    // To be told to stay later, or not to, buys nobody time.
    let is_clock_kept = of_queue.is_some()
        || matches!(seen.command(), Some(Command::Pause | Command::Resume)) && !is_standing(seen.from());
    let since = if is_clock_kept { before.phase().since() } else { after.phase().since().map(|_| seen.after.now) };
    *transition == expected && after.phase().since() == since && is_reason_kept(seen)
}

/// What is kept of an abort, and what holds, is what was said of it.
fn is_reason_kept(seen: &Seen) -> bool {
    match (seen.after.rollout.phase(), seen.reason()) {
        (Phase::Aborted { reason, .. }, Some(given)) if seen.from() != PhaseName::Aborted => *reason == given,
        (Phase::Paused { pause, .. }, Some(Reason::StableUnready)) => *pause != Pause::Command,
        _ => true,
    }
}
