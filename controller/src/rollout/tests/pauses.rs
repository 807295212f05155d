//! What happens while stable has no ready backend, and while an operator wants it so.

use super::scenario::{
    BREACH, ERROR_RATE, FAVOURABLE, OPEN, PASS, Scenario, aborted, commanded, given, held, in_probation, judged,
    paused, preparing, probed, progressing, unchanged,
};
use super::{MAX, MIN, READY_TIMEOUT, manual, plan, release};
use crate::rollout::{Command, Event, Readiness, Reason, Refusal, Stop, Stride};

fn kept_at(share: u16) -> Scenario {
    given(plan(&[10, 25])).at(share).told_to(Command::Pause).then(paused(share, Reason::Command))
}

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

#[test]
fn neither_evidence_nor_time_moves_what_an_operator_has_paused() {
    let kept = kept_at(10).later(MAX);
    for event in [judged(PASS), judged(FAVOURABLE), judged(OPEN), Event::Ticked] {
        kept.clone().when(event).then(unchanged());
    }
    assert_eq!(kept.rollout.next_deadline(), None);
}

#[test]
fn a_breach_sends_back_what_an_operator_has_paused() {
    kept_at(25).when(judged(BREACH)).then(aborted(ERROR_RATE));
}

#[test]
fn a_resumption_begins_the_step_anew() {
    let resumed = kept_at(10).later(MIN).told_to(Command::Resume).then(progressing(10, Reason::Command));
    resumed.clone().when(judged(PASS)).then(unchanged());
    resumed.later(MIN).when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn a_promotion_moves_what_an_operator_has_paused_and_keeps_the_pause() {
    let moved = kept_at(10).told_to(Command::Promote(Stride::Next)).then(paused(25, Reason::Command));
    moved.told_to(Command::Promote(Stride::Full)).then(in_probation(Reason::Command));
}

#[test]
fn stable_may_go_and_come_back_while_an_operator_has_paused() {
    let both = kept_at(10).paused().then(paused(10, Reason::StableUnready));
    let both = both.when(judged(BREACH)).then(unchanged());
    let back = || probed(Readiness::All, Readiness::All);
    both.clone().when(back()).then(paused(10, Reason::StableReady)).when(judged(BREACH)).then(aborted(ERROR_RATE));
    let alone = both.told_to(Command::Resume).then(paused(10, Reason::Command));
    alone.when(back()).then(progressing(10, Reason::StableReady));
}

#[test]
fn an_operator_may_pause_what_waits_for_stable() {
    let both = given(plan(&[10])).at(10).paused().told_to(Command::Pause).then(paused(10, Reason::Command));
    both.when(probed(Readiness::All, Readiness::All)).then(paused(10, Reason::StableReady));
}

#[test]
fn a_pause_outlives_the_process() {
    for (stop, share) in [(Stop::Orderly, 25), (Stop::Unclean, 10)] {
        for before in [kept_at(25), kept_at(25).paused()] {
            let after = before.restarted(stop).restarted(stop);
            let back = after.when(probed(Readiness::All, Readiness::All)).then(paused(share, Reason::Ready));
            back.told_to(Command::Resume).then(progressing(share, Reason::Command));
        }
    }
}

#[test]
fn a_pause_can_be_ordered_ahead_and_buys_no_time() {
    let ahead = given(plan(&[10])).preparing().later(READY_TIMEOUT / 2).told_to(Command::Pause);
    let ahead = ahead.then(preparing(Reason::Command));
    ahead.clone().when(probed(Readiness::All, Readiness::All)).then(paused(10, Reason::Ready));
    ahead
        .clone()
        .told_to(Command::Resume)
        .when(probed(Readiness::All, Readiness::All))
        .then(progressing(10, Reason::Ready));
    let late = ahead.later(READY_TIMEOUT / 2).when(probed(Readiness::All, Readiness::None));
    late.then(aborted(Reason::NeverReady));
}

#[test]
fn there_is_nothing_to_pause_where_there_is_no_step() {
    let ahead = given(plan(&[])).preparing().told_to(Command::Pause);
    ahead.refused(&Refusal::NothingToPauseAt(release("v2")));
}
