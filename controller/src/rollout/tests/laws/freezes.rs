//! What a freeze forbids, and what it does not.

use canary_config::plan::Strategy;

use super::{Law, Seen, causes};
use crate::rollout::{Command, PhaseName, Reason, Refusal};

pub(super) const LAWS: [Law; 4] = [
    ("a freeze lets nothing begin", a_freeze_lets_nothing_begin),
    ("a freeze lets no share rise", a_freeze_lets_no_share_rise),
    ("a freeze lets stable stay", a_freeze_lets_stable_stay),
    ("a freeze gives up nobody whom it keeps waiting", a_freeze_gives_up_nobody),
];

fn a_freeze_lets_nothing_begin(seen: &Seen) -> bool {
    // What alone is left serves, whatever is frozen.
    let is_replaced = seen.reason() == Some(Reason::Replaced);
    let is_begun =
        seen.is_new_generation() && !is_replaced || seen.after.rollout.queue().len() > seen.before.queue.len();
    let is_refused = match seen.command() {
        Some(Command::Start(_)) => *seen.answer == Err(Refusal::Frozen),
        Some(Command::Retry { .. } | Command::Adopt(_)) => seen.answer.is_err(),
        _ => true,
    };
    !seen.is_frozen() || !is_begun && is_refused
}

/// But for one that has taken stable away already, and for what an orderly stop took.
fn a_freeze_lets_no_share_rise(seen: &Seen) -> bool {
    let is_risen = seen.after.rollout.weight() > seen.before.rollout.weight();
    let is_recreated = seen.phase().trial().is_some_and(|trial| trial.plan.strategy == Strategy::Recreate);
    let is_regained = seen.reason() == Some(Reason::Ready) && seen.after.rollout.weight() <= seen.before.taken;
    !(seen.is_frozen() && is_risen) || is_recreated && !seen.before.rollout.is_stable_serving() || is_regained
}

fn a_freeze_lets_stable_stay(seen: &Seen) -> bool {
    let was_serving = seen.before.rollout.is_stable_serving();
    !(seen.is_frozen() && was_serving) || seen.after.rollout.is_stable_serving()
}

fn a_freeze_gives_up_nobody(seen: &Seen) -> bool {
    let is_given_up = seen.to() == PhaseName::Aborted && seen.reason() == Some(Reason::NeverReady);
    !(seen.is_frozen() && is_given_up && causes::goes_up(seen))
}
