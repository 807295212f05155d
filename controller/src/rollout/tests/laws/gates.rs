//! What a test that has to be passed first forbids, and what it does not.

use super::{Law, Seen};
use crate::rollout::{Command, PhaseName, Reason, Refusal};

pub(super) const LAWS: [Law; 3] = [
    ("what has to pass a test first gets no greater share", what_is_tested_does_not_rise),
    ("what has to pass a test first is not given up for waiting", what_is_tested_is_not_given_up),
    ("a test keeps nobody from beginning", a_test_keeps_nobody_from_beginning),
];

/// Not even the share that an orderly stop took, nor the one for which stable has gone already.
fn what_is_tested_does_not_rise(seen: &Seen) -> bool {
    let has_gone_on = seen.from() == PhaseName::Preparing && seen.reason() == Some(Reason::Ready);
    !seen.is_gated() || seen.after.rollout.weight() <= seen.before.rollout.weight() && !has_gone_on
}

fn what_is_tested_is_not_given_up(seen: &Seen) -> bool {
    !seen.is_gated() || !seen.is_aborted_for(Reason::NeverReady)
}

fn a_test_keeps_nobody_from_beginning(seen: &Seen) -> bool {
    let is_beginning = matches!(seen.command(), Some(Command::Start(_) | Command::Retry { .. } | Command::Adopt(_)));
    let is_gated = matches!(seen.answer, Err(Refusal::Gated(_)));
    (!is_gated || !is_beginning && seen.is_gated()) && *seen.answer != Err(Refusal::Frozen)
        || seen.is_frozen() && !is_gated
}
