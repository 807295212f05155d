//! What the evidence and the probes bring about.

use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::world::{is_standing, pause};
use crate::rollout::{Event, Judgement, Pause, PhaseName, Readiness, Reason};

pub(super) const LAWS: [Law; 5] = [
    ("a breach convicts wherever the canary is judged", a_breach_convicts),
    ("what stands nowhere is not judged", what_stands_nowhere_is_not_judged),
    ("a lost canary is aborted", a_lost_canary_is_aborted),
    ("a lost stable pauses the comparison", a_lost_stable_pauses_the_comparison),
    ("losing both releases blames neither", losing_both_releases_blames_neither),
];

fn a_breach_convicts(seen: &Seen) -> bool {
    let Some(Event::Judged(Judgement::Breach(ground))) = seen.event() else { return true };
    let is_judged = match seen.from() {
        PhaseName::Paused => pause(seen.phase()) == Some(Pause::Command),
        name => is_standing(name),
    };
    !is_judged || seen.is_aborted_for(Reason::of(*ground))
}

fn what_stands_nowhere_is_not_judged(seen: &Seen) -> bool {
    !matches!(seen.event(), Some(Event::Judged(_)))
        || is_standing(seen.from())
        || seen.before.rollout == seen.after.rollout
}

fn a_lost_canary_is_aborted(seen: &Seen) -> bool {
    let Some(Event::Probed { stable, canary: Readiness::None }) = seen.event() else { return true };
    *stable == Readiness::None || seen.before.rollout.weight() == Weight::ZERO || seen.is_aborted_for(Reason::Unready)
}

fn a_lost_stable_pauses_the_comparison(seen: &Seen) -> bool {
    let Some(Event::Probed { stable: Readiness::None, canary }) = seen.event() else { return true };
    let expected = match seen.from() {
        PhaseName::Progressing | PhaseName::Held => Pause::StableUnready,
        PhaseName::Paused if pause(seen.phase()) == Some(Pause::Command) => Pause::Both,
        _ => return true,
    };
    *canary == Readiness::None
        || pause(seen.after.rollout.phase()) == Some(expected)
            && seen.before.rollout.weight() == seen.after.rollout.weight()
}

fn losing_both_releases_blames_neither(seen: &Seen) -> bool {
    let both = Event::Probed { stable: Readiness::None, canary: Readiness::None };
    seen.event() != Some(&both) || !is_standing(seen.from()) || seen.before.rollout == seen.after.rollout
}
