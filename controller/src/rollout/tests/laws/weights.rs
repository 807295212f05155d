//! The canary's share, and its way up.

use canary_config::plan::Strategy;
use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::scenario::probed;
use crate::rollout::tests::world::{is_standing, position, weight_at};
use crate::rollout::{Command, Event, Leaving, Phase, PhaseName, Raises, Readiness, Reason, Rollout, Stride};

pub(super) const LAWS: [Law; 7] = [
    ("the weight follows the phase", the_weight_follows_the_phase),
    ("a weight has been earned in this generation", |seen| seen.after.rollout.weight() <= seen.after.ceiling),
    ("a raise has one of five reasons", a_raise_has_one_of_five_reasons),
    ("a step is not skipped", a_step_is_not_skipped),
    ("a canary begins where it is to begin", a_canary_begins_where_it_is_to_begin),
    ("stable serves but beside what it cannot run beside", stable_serves),
    ("somebody serves again before long", somebody_serves_again),
];

fn the_weight_follows_the_phase(seen: &Seen) -> bool {
    let phase = seen.after.rollout.phase();
    let expected = if is_standing(phase.name()) { weight_at(phase, position(phase)) } else { Weight::ZERO };
    expected == seen.after.rollout.weight()
}

fn a_raise_has_one_of_five_reasons(seen: &Seen) -> bool {
    let is_reason_of_a_raise = |reason| {
        matches!(reason, Reason::Ready | Reason::Certificate | Reason::Time | Reason::Policy | Reason::Command)
    };
    seen.after.rollout.weight() <= seen.before.rollout.weight() || seen.reason().is_some_and(is_reason_of_a_raise)
}

fn a_step_is_not_skipped(seen: &Seen) -> bool {
    if !is_standing(seen.from()) || !is_standing(seen.to()) {
        return true;
    }
    let (from, to) = (position(seen.phase()), position(seen.after.rollout.phase()));
    let is_driven =
        matches!(seen.reason(), Some(Reason::Certificate | Reason::Policy | Reason::Time | Reason::Command));
    let is_full = seen.command() == Some(&Command::Promote(Stride::Full));
    to == from || (is_driven && to == from.map(|from| from + 1)) || (is_full && seen.to() == PhaseName::Probation)
}

fn a_canary_begins_where_it_is_to_begin(seen: &Seen) -> bool {
    let is_begun = seen.from() == PhaseName::Preparing && is_standing(seen.to());
    let is_prepared =
        seen.from() == PhaseName::Draining && seen.to() == PhaseName::Preparing && !seen.is_new_generation();
    !(is_begun || is_prepared) || position(seen.after.rollout.phase()) == position(seen.phase())
}

fn stable_serves(seen: &Seen) -> bool {
    let phase = seen.after.rollout.phase();
    let is_recreated = phase.trial().is_some_and(|trial| trial.plan.strategy == Strategy::Recreate);
    let expected = match phase {
        Phase::Idle | Phase::Aborted { .. } | Phase::Draining { leaving: Leaving::Canary(_), .. } => true,
        _ => !is_recreated,
    };
    expected == seen.after.rollout.is_stable_serving()
}

/// Where nobody serves, time alone leads on, freeze or not: stable has gone, or the new one comes or does not.
fn somebody_serves_again(seen: &Seen) -> bool {
    let mut rollout = seen.after.rollout.clone();
    let serves = |rollout: &Rollout| rollout.is_stable_serving() || rollout.weight() == Weight::FULL;
    // A test that has to be passed ends by its own deadline, and then bars nothing.
    let raises = if seen.after.raises == Raises::Gated { Raises::Allowed } else { seen.after.raises };
    for event in [Event::Ticked, probed(Readiness::None, Readiness::None)] {
        let now = rollout.next_deadline().map_or(seen.after.now, |deadline| deadline.max(seen.after.now));
        if !serves(&rollout) && rollout.handle(event, now, raises).is_err() {
            return false;
        }
    }
    serves(&rollout)
}
