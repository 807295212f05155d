//! What waits, what takes another's place, and what is not begun again.

use canary_config::weight::Weight;

use super::{Law, Seen, causes};
use crate::rollout::tests::release;
use crate::rollout::tests::world::is_standing;
use crate::rollout::{Again, Command, Event, Leaving, Phase, PhaseName, QUEUE_LIMIT, Reason};

pub(super) const LAWS: [Law; 6] = [
    ("a queue is what was told, in its order", a_queue_is_what_was_told),
    ("what waits begins, is obsolete, or was given up", what_waits_is_not_lost),
    ("what was sent back for its own sake is remembered", what_was_sent_back_is_remembered),
    ("what was sent back does not begin again unasked", what_was_sent_back_does_not_begin_unasked),
    ("what is superseded goes before its heir comes", what_is_superseded_goes_first),
    ("whoever drains has no share until it has drained", whoever_drains_has_no_share),
];

fn a_queue_is_what_was_told(seen: &Seen) -> bool {
    let queue = seen.after.rollout.queue();
    let told = queue.iter().map(|start| (&start.trial.canary, &start.again));
    queue.len() <= QUEUE_LIMIT && told.eq(seen.after.queue.iter().map(|(release, again)| (release, again)))
}

fn what_waits_is_not_lost(seen: &Seen) -> bool {
    let (before, after) = (seen.before.queue.len(), seen.after.rollout.queue().len());
    if after >= before {
        return true;
    }
    let is_given_up = matches!(seen.command(), Some(Command::Abort | Command::Undo)) && after == 0;
    let is_first = seen.transition().and_then(|transition| transition.canary.as_ref())
        == seen.before.queue.front().map(|(release, _)| release);
    let is_served = match seen.reason() {
        Some(Reason::Turn) => !causes::is_obsolete(seen) && seen.phase().trial().is_none() && seen.is_new_generation(),
        Some(Reason::Obsolete) => causes::is_obsolete(seen) && seen.phase() == seen.after.rollout.phase(),
        _ => false,
    };
    is_given_up || is_served && is_first && after + 1 == before
}

fn what_was_sent_back_is_remembered(seen: &Seen) -> bool {
    ["v1", "v2", "v3"]
        .map(release)
        .iter()
        .all(|release| seen.after.rollout.sent_back(release).is_some() == seen.after.sent_back.contains(release))
}

fn what_was_sent_back_does_not_begin_unasked(seen: &Seen) -> bool {
    let Some(trial) = seen.after.rollout.phase().trial().filter(|_| seen.is_new_generation()) else { return true };
    let is_asked = match seen.command() {
        Some(Command::Start(start)) => start.again == Again::Force,
        Some(Command::Retry { .. }) => true,
        _ => seen.before.queue.front().is_some_and(|(_, again)| *again == Again::Force),
    };
    is_asked || !seen.before.sent_back.contains(&trial.canary)
}

fn what_is_superseded_goes_first(seen: &Seen) -> bool {
    if seen.reason() != Some(Reason::Superseded) {
        return true;
    }
    let leaving = match (seen.phase(), seen.from()) {
        (Phase::Draining { leaving: Leaving::Canary(canary), .. }, _) => Some(canary),
        (phase, from) if is_standing(from) && !seen.was_full() => phase.trial().map(|trial| &trial.canary),
        _ => None,
    };
    let is_leaving = match (seen.after.rollout.phase(), leaving) {
        (Phase::Draining { leaving: Leaving::Canary(canary), .. }, Some(leaving)) => canary == leaving,
        (Phase::Draining { leaving, .. }, None) => *leaving == Leaving::Stable,
        (Phase::Preparing { .. }, leaving) => leaving.is_none(),
        _ => false,
    };
    is_leaving && seen.after.rollout.weight() == Weight::ZERO && seen.after.sent_back.is_subset(&seen.before.sent_back)
}

fn whoever_drains_has_no_share(seen: &Seen) -> bool {
    if seen.from() != PhaseName::Draining {
        return true;
    }
    let is_drained = matches!(seen.reason(), Some(Reason::Drained | Reason::DrainTimeout));
    let is_due = seen.event() == Some(&Event::Drained) && !seen.is_frozen();
    let is_next = matches!(seen.to(), PhaseName::Preparing | PhaseName::Draining);
    seen.after.rollout.weight() == Weight::ZERO && (!is_drained || is_next) && (!is_due || is_drained)
}
