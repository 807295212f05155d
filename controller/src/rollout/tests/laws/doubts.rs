//! What only a human sends back, once it has served.

use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::happenings::Happening;
use crate::rollout::tests::world::pause;
use crate::rollout::{Event, Judgement, Pause, PhaseName, Reason, Trial};

pub(super) const LAWS: [Law; 4] = [
    ("what only a human sends back loses a share by a human alone", a_human_alone_takes_it_back),
    ("what would have been sent back keeps its share, and a human is asked why", a_human_is_asked),
    ("a doubt ends by a human's word alone", a_doubt_ends_by_a_word),
    ("what may be sent back is never doubted", |seen| {
        of_after(seen).is_none_or(|trial| !trial.is_reversible || trial.doubt.is_none())
    }),
];

fn of_after<'a>(seen: &Seen<'a>) -> Option<&'a Trial> {
    seen.after.rollout.phase().trial()
}

fn a_human_alone_takes_it_back(seen: &Seen) -> bool {
    let is_lowered = seen.after.rollout.weight() < seen.before.rollout.weight();
    // That it has become stable lowers nothing but the number.
    let is_settled = seen.before.rollout.canary() == Some(seen.after.rollout.stable());
    let is_allowed = seen.command().is_some() || matches!(seen.happening, Happening::Restarted(_)) || is_settled;
    !(seen.is_for_good() && is_lowered) || is_allowed
}

fn a_human_is_asked(seen: &Seen) -> bool {
    let before = seen.phase().trial().and_then(|trial| trial.doubt);
    let expected = match seen.event() {
        Some(Event::Charged(charge)) => Reason::Charged(*charge),
        Some(Event::Judged(Judgement::Breach(ground))) if !is_unjudged(seen) => Reason::of(*ground),
        _ => return true,
    };
    let after = of_after(seen);
    !seen.is_for_good()
        || after.is_some_and(|trial| trial.doubt == before.or(Some(expected)))
            && seen.after.rollout.weight() == seen.before.rollout.weight()
}

/// Whether nothing is judged now, as there is nothing to compare with.
fn is_unjudged(seen: &Seen) -> bool {
    seen.from() == PhaseName::Paused && pause(seen.phase()) != Some(Pause::Command)
}

fn a_doubt_ends_by_a_word(seen: &Seen) -> bool {
    let Some(doubt) = seen.phase().trial().and_then(|trial| trial.doubt) else { return true };
    let is_kept = of_after(seen).is_some_and(|trial| trial.doubt == Some(doubt));
    // A restart takes its share; if it is never ready again, nobody is moved by its end.
    is_kept || seen.command().is_some() || seen.before.rollout.weight() == Weight::ZERO
}
