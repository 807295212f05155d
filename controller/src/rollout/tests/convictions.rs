//! What sends the canary back, and who has the last word.

use canary_config::plan::Gate;

use super::scenario::{
    BREACH, ERROR_RATE, OPEN, PASS, SHARED, aborted, commanded, given, held, judged, probed, progressing, retry,
    unchanged,
};
use super::{MAX, MIN, gated, manual, plan, release};
use crate::rollout::{Command, Readiness, Reason, Stop, Stride};

#[test]
fn a_breach_takes_the_canarys_share_away_at_every_step() {
    for share in [10, 25] {
        given(plan(&[10, 25])).at(share).when(judged(BREACH)).then(aborted(ERROR_RATE));
    }
}

#[test]
fn a_breach_counts_while_a_humans_word_is_awaited() {
    let held = given(manual(plan(&[10]))).at(10).later(MIN).when(judged(PASS)).then(held(10, Reason::Approval));
    held.when(judged(BREACH)).then(aborted(ERROR_RATE));
}

#[test]
fn a_conviction_that_a_promotion_overtook_still_counts() {
    let promoted = given(plan(&[10])).at(10).when(commanded(Command::Promote(Stride::Full)));
    let convicted = promoted.when(judged(BREACH)).then(aborted(ERROR_RATE));
    assert_eq!(convicted.rollout.stable(), &release("v1"));
}

#[test]
fn a_release_that_was_sent_back_can_be_tried_again_as_a_new_generation() {
    let aborted = given(plan(&[10])).at(10).when(judged(BREACH));
    assert_eq!(aborted.rollout.generation().get(), 1);
    aborted.clone().preparing().answer.expect_err("it was sent back");
    let again = aborted.when(commanded(retry(plan(&[10]))));
    assert_eq!(again.rollout.generation().get(), 2);
    again.when(probed(Readiness::All, Readiness::All)).then(progressing(10, Reason::Ready));
}

#[test]
fn an_undo_takes_the_release_back_as_long_as_the_old_one_is_warm() {
    let undone = given(plan(&[10])).at(100).when(commanded(Command::Undo)).then(aborted(Reason::Command));
    assert_eq!(undone.rollout.stable(), &release("v1"));
    undone.when(judged(PASS)).then(unchanged());
}

#[test]
fn an_operator_may_abort_although_stable_has_no_ready_backend() {
    let paused = given(plan(&[10])).at(10).paused();
    paused.when(commanded(Command::Abort)).then(aborted(Reason::Command));
}

#[test]
fn losing_the_canary_aborts_in_every_phase_in_which_it_has_a_share() {
    for share in [10, 25, 100] {
        let scenario = given(plan(&[10, 25])).at(share);
        scenario.when(probed(Readiness::Some, Readiness::None)).then(aborted(Reason::Unready));
    }
}

#[test]
fn losing_both_releases_at_once_blames_neither() {
    for share in [10, 25, 100] {
        given(plan(&[10, 25])).at(share).when(probed(Readiness::None, Readiness::None)).then(unchanged());
    }
}

#[test]
fn a_breach_that_stable_shares_freezes_the_share_until_it_is_over() {
    let held = given(plan(&[10, 25])).at(10).later(MIN).when(judged(SHARED)).then(held(10, Reason::SharedBreach));
    let still = held.later(MAX).when(judged(SHARED)).then(unchanged());
    let over = still.when(judged(PASS)).then(progressing(10, Reason::SharedBreachOver));
    let again = over.when(judged(PASS)).then(unchanged());
    again.later(MIN).when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn a_shared_breach_stops_a_step_that_goes_by_time() {
    let held = given(gated(Gate::Time, plan(&[10, 25]))).at(10).when(judged(SHARED));
    let over = held.ticked(MAX).then(unchanged()).when(judged(OPEN)).then(progressing(10, Reason::SharedBreachOver));
    over.ticked(MIN).then(progressing(25, Reason::Time));
}

#[test]
fn a_canary_that_turns_worse_than_stable_is_sent_back_from_a_shared_breach() {
    given(plan(&[10])).at(10).when(judged(SHARED)).when(judged(BREACH)).then(aborted(ERROR_RATE));
}

#[test]
fn an_operator_may_go_on_or_stay_in_a_shared_breach() {
    let held = given(plan(&[10, 25])).at(10).when(judged(SHARED));
    held.clone().told_to(Command::Promote(Stride::Next)).then(progressing(25, Reason::Command));
    let paused = held.told_to(Command::Pause).when(judged(SHARED)).then(unchanged());
    paused.told_to(Command::Resume).when(judged(SHARED)).then(super::scenario::held(10, Reason::SharedBreach));
}

#[test]
fn a_shared_breach_undoes_nothing_in_probation() {
    given(plan(&[10])).at(100).when(judged(SHARED)).then(unchanged());
}

#[test]
fn a_shared_breach_is_seen_again_after_a_restart() {
    let held = given(plan(&[10])).at(10).when(judged(SHARED)).restarted(Stop::Orderly);
    let back = held.when(probed(Readiness::All, Readiness::All)).then(progressing(10, Reason::Ready));
    back.when(judged(SHARED)).then(super::scenario::held(10, Reason::SharedBreach));
}
