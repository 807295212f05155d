//! What is paused stays where it is.

use super::{Law, Seen};
use crate::rollout::tests::world::{is_standing, pause};
use crate::rollout::{Command, Event, Judgement, Pause, Phase, PhaseName, Position, Reason};

pub(super) const LAWS: [Law; 4] = [
    ("while stable is away nothing is judged", while_stable_is_away_nothing_is_judged),
    ("a pause for stable lasts until stable is back", a_pause_for_stable_lasts_until_it_is_back),
    ("what an operator has paused stays paused", what_an_operator_has_paused_stays_paused),
    ("nothing but a command raises what an operator has paused", nothing_but_a_command_raises_it),
];

fn while_stable_is_away_nothing_is_judged(seen: &Seen) -> bool {
    let is_away = pause(seen.phase()).is_some_and(|pause| pause != Pause::Command);
    let is_judged = matches!(seen.event(), Some(Event::Judged(_)));
    !(is_away && is_judged) || seen.before.rollout == seen.after.rollout
}

fn a_pause_for_stable_lasts_until_it_is_back(seen: &Seen) -> bool {
    let is_back = seen.reason() == Some(Reason::StableReady);
    let is_away = |pause: Option<Pause>| pause.is_some_and(|pause| pause != Pause::Command);
    let (before, after) = (pause(seen.phase()), pause(seen.after.rollout.phase()));
    let is_asked = seen.after.rollout.phase().is_in_doubt() && !seen.was_in_doubt();
    if is_away(before) && is_standing(seen.to()) && seen.to() != PhaseName::Probation && !is_asked {
        is_back != is_away(after)
    } else {
        !is_back
    }
}

/// The phase says what the operator said last, over restarts and the loss of stable.
fn what_an_operator_has_paused_stays_paused(seen: &Seen) -> bool {
    let is_kept = match seen.after.rollout.phase() {
        Phase::Draining { then, .. } | Phase::Preparing { then, .. } => matches!(then, Position::PausedAt(_)),
        Phase::Paused { pause, .. } => *pause != Pause::StableUnready,
        _ => false,
    };
    let is_ended = seen.before.wants_pause && !seen.after.wants_pause;
    let may_end = match (seen.command(), seen.to()) {
        (Some(Command::Resume | Command::Abort | Command::Start(_)), _) => true,
        (Some(Command::Promote(_)), to) => to == PhaseName::Probation,
        (_, to) => to == PhaseName::Aborted || seen.after.rollout.phase().is_in_doubt(),
    };
    is_kept == seen.after.wants_pause && (!is_ended || may_end)
}

fn nothing_but_a_command_raises_it(seen: &Seen) -> bool {
    let (before, after) = (seen.before.rollout.weight(), seen.after.rollout.weight());
    let is_convicted = matches!(seen.event(), Some(Event::Judged(Judgement::Breach(_))));
    let is_raised = after > before;
    // Back where it was before the restart.
    let is_back = seen.reason() == Some(Reason::Ready);
    let is_unmoved_by_evidence =
        !matches!(seen.event(), Some(Event::Judged(_))) || is_convicted || seen.before.rollout == seen.after.rollout;
    !seen.before.wants_pause || (!is_raised || seen.command().is_some() || is_back) && is_unmoved_by_evidence
}
