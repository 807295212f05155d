//! What happens while stable has no ready backend.

use super::scenario::{
    BREACH, FAVOURABLE, OPEN, PASS, aborted, commanded, given, held, in_probation, judged, paused, probed, progressing,
    unchanged,
};
use super::{MAX, MIN, manual, plan};
use crate::rollout::{Command, Readiness, Reason, Stride};

#[test]
fn losing_stable_suspends_the_comparison_at_its_weight() {
    given(plan(&[10, 25])).at(25).paused().then(paused(25, Reason::StableUnready));
}

#[test]
fn nothing_is_judged_in_a_pause() {
    let paused = given(plan(&[10])).at(10).paused().later(MAX);
    for judgement in [PASS, BREACH, FAVOURABLE, OPEN] {
        paused.clone().when(judged(judgement)).then(unchanged());
    }
}

#[test]
fn a_pause_ends_when_stable_is_back_and_the_step_begins_anew() {
    let paused = given(plan(&[10, 25])).at(10).later(MIN).paused();
    let back = paused.when(probed(Readiness::Some, Readiness::Some)).then(progressing(10, Reason::StableReady));
    back.clone().when(judged(PASS)).then(unchanged());
    back.later(MIN).when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn a_pause_forgets_that_a_humans_word_was_awaited_until_the_evidence_is_good_again() {
    let waiting = given(manual(plan(&[10]))).at(10).later(MIN).when(judged(PASS));
    let back = waiting.paused().when(probed(Readiness::All, Readiness::All));
    back.later(MIN).when(judged(PASS)).then(held(10, Reason::Approval));
}

#[test]
fn a_promotion_raises_the_share_and_does_not_end_the_pause() {
    let promoted = given(plan(&[10, 25])).at(10).paused().when(commanded(Command::Promote(Stride::Next)));
    let promoted = promoted.then(paused(25, Reason::Command));
    promoted.clone().when(judged(BREACH)).then(unchanged());
    promoted.clone().when(probed(Readiness::None, Readiness::All)).then(unchanged());
    promoted.when(commanded(Command::Promote(Stride::Next))).then(in_probation(Reason::Command));
}

#[test]
fn a_canary_can_be_brought_to_all_requests_when_stable_stays_away() {
    let paused = given(plan(&[10, 25])).at(10).paused();
    paused.when(commanded(Command::Promote(Stride::Full))).then(in_probation(Reason::Command));
}

#[test]
fn a_canary_that_is_lost_in_a_pause_is_aborted_once_stable_is_back() {
    let paused = given(plan(&[10])).at(10).paused();
    let both = paused.when(probed(Readiness::None, Readiness::None)).then(unchanged());
    both.when(probed(Readiness::Some, Readiness::None)).then(aborted(Reason::Unready));
}
