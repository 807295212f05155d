//! What a try is, and what outlives the process.

use canary_config::plan::Strategy;
use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::happenings::Happening;
use crate::rollout::tests::world::position;
use crate::rollout::{Command, Leaving, Phase, PhaseName, Reason, Stop, Trial};

pub(super) const LAWS: [Law; 4] = [
    ("a generation begins with a start, a retry or a turn", a_generation_begins),
    ("a trial does not change under way", a_trial_does_not_change_under_way),
    ("stable changes when probation is complete", stable_changes_when_probation_is_complete),
    ("a restart goes on as it must", a_restart_goes_on_as_it_must),
];

fn a_generation_begins(seen: &Seen) -> bool {
    let is_started = match (seen.command(), seen.reason()) {
        (Some(Command::Start(_)), Some(reason)) => reason != Reason::Queued,
        (Some(Command::Retry { .. } | Command::Adopt(_)), Some(_)) | (None, Some(Reason::Turn | Reason::Replaced)) => {
            true
        }
        _ => false,
    };
    let before = seen.before.rollout.generation().get();
    seen.after.rollout.generation().get() == before + u64::from(is_started)
}

fn a_trial_does_not_change_under_way(seen: &Seen) -> bool {
    match (seen.phase().trial(), seen.after.rollout.phase()) {
        _ if seen.is_new_generation() => true,
        (None, after) => after.trial().is_none(),
        (Some(before), Phase::Aborted { canary, .. }) => before.canary == *canary,
        // A doubt comes and goes, see `doubts`.
        (Some(before), after) => {
            after.trial().is_none_or(|after| *after == Trial { doubt: after.doubt, ..before.clone() })
        }
    }
}

fn stable_changes_when_probation_is_complete(seen: &Seen) -> bool {
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    if matches!(seen.reason(), Some(Reason::Adopted | Reason::Replaced)) {
        return seen.was_free() && seen.to() == PhaseName::Idle && before.stable() != after.stable();
    }
    let is_complete = seen.to() == PhaseName::Idle && seen.from() != PhaseName::Idle;
    let is_replaced = seen.was_full() && seen.is_new_generation();
    let is_lawful = seen.was_full()
        && matches!(seen.reason(), Some(Reason::ProbationOver | Reason::Command | Reason::Superseded))
        && before.canary() == Some(after.stable());
    if is_complete || is_replaced { is_lawful } else { before.stable() == after.stable() }
}

fn a_restart_goes_on_as_it_must(seen: &Seen) -> bool {
    let Happening::Restarted(stop) = seen.happening else { return true };
    let (before, after) = (&seen.before.rollout, &seen.after.rollout);
    let expected = match stop {
        Stop::Orderly => position(before.phase()),
        Stop::Unclean => position(before.phase()).map(|_| 0),
    };
    let is_alike = match (before.phase(), after.phase()) {
        (before @ (Phase::Idle | Phase::Aborted { .. }), after) => before == after,
        // Stable that has not begun to go does not go by this.
        (Phase::Draining { trial, leaving: leaving @ Leaving::Canary(_), .. }, after)
            if trial.plan.strategy == Strategy::Recreate =>
        {
            matches!(after, Phase::Draining { leaving: after, .. } if after == leaving)
        }
        (_, after) => after.name() == PhaseName::Preparing,
    };
    is_alike
        && after.weight() == Weight::ZERO
        && position(after.phase()) == expected
        && after.phase().since().is_none_or(|since| since == seen.after.now)
        && (after.stable(), after.canary()) == (before.stable(), before.canary())
        && after.phase().trial() == before.phase().trial()
        && (after.generation(), after.queue()) == (before.generation(), before.queue())
        && after.sent_back == before.sent_back
}
