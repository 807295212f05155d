//! What the evidence and the probes bring about.

use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::rollout::tests::world::{hold, is_standing, pause};
use crate::rollout::{Event, Hold, Judgement, Pause, PhaseName, Readiness, Reason};

pub(super) const LAWS: [Law; 7] = [
    ("a breach convicts wherever the canary is judged", a_breach_convicts),
    ("a breach that stable shares freezes the share", a_shared_breach_freezes_the_share),
    ("what was frozen by a shared breach is frozen no longer than that", a_shared_breach_is_left),
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
    !is_judged || seen.is_sent_back_for(Reason::of(*ground))
}

fn a_shared_breach_freezes_the_share(seen: &Seen) -> bool {
    if !seen.is_judged(Judgement::Shared) {
        return true;
    }
    let is_frozen = hold(seen.after.rollout.phase()) == Some(Hold::SharedBreach);
    let is_expected =
        if seen.from() == PhaseName::Progressing { is_frozen } else { seen.before.rollout == seen.after.rollout };
    is_expected && seen.before.rollout.weight() == seen.after.rollout.weight()
}

/// By evidence alone it goes back to where the evidence counts, and no further.
fn a_shared_breach_is_left(seen: &Seen) -> bool {
    let Some(Event::Judged(judgement)) = seen.event() else { return true };
    let is_over = matches!(judgement, Judgement::Pass | Judgement::Thin(_));
    hold(seen.phase()) != Some(Hold::SharedBreach)
        || !is_over
        || seen.to() == PhaseName::Progressing && seen.before.rollout.weight() == seen.after.rollout.weight()
}

fn what_stands_nowhere_is_not_judged(seen: &Seen) -> bool {
    !matches!(seen.event(), Some(Event::Judged(_)))
        || is_standing(seen.from())
        || seen.before.rollout == seen.after.rollout
}

fn a_lost_canary_is_aborted(seen: &Seen) -> bool {
    let Some(Event::Probed { stable, canary: Readiness::None }) = seen.event() else { return true };
    *stable == Readiness::None || seen.before.rollout.weight() == Weight::ZERO || seen.is_sent_back_for(Reason::Unready)
}

fn a_lost_stable_pauses_the_comparison(seen: &Seen) -> bool {
    let Some(Event::Probed { stable: Readiness::None, canary }) = seen.event() else { return true };
    let expected = match seen.from() {
        _ if seen.was_full() => return true,
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
