//! A step that wants a human's word, and how long it wants it.

use std::time::Duration;

use super::scenario::{
    OPEN, PASS, Scenario, aborted, given, held, in_probation, judged, paused, probed, progressing, unchanged,
};
use super::{APPROVAL_DEADLINE, MANUAL, MAX, MIN, blue_green, manual, plan};
use crate::rollout::{Command, Readiness, Reason, Stop, Stride};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn waiting() -> Scenario {
    let step = given(manual(plan(&[10, 25]))).at(10).later(MIN);
    step.when(judged(PASS)).then(held(10, Reason::Approval))
}

#[test]
fn whoever_is_not_approved_of_in_time_is_sent_back() {
    let last = waiting().ticked(APPROVAL_DEADLINE - NANOSECOND).then(unchanged());
    last.clone().told_to(Command::Promote(Stride::Next)).then(progressing(25, Reason::Command));
    last.ticked(NANOSECOND).then(aborted(Reason::NotApproved));
}

#[test]
fn the_deadline_is_that_of_the_hold_and_not_of_the_step() {
    let thin = given(manual(plan(&[10]))).at(10).later(MAX).when(judged(OPEN)).then(held(10, Reason::ThinEvidence));
    let thin = thin.ticked(APPROVAL_DEADLINE).then(unchanged());
    let good = thin.when(judged(PASS)).then(held(10, Reason::Approval));
    let good = good.ticked(APPROVAL_DEADLINE - NANOSECOND).then(unchanged());
    good.ticked(NANOSECOND).then(aborted(Reason::NotApproved));
}

#[test]
fn without_a_request_the_human_is_waited_for_at_once() {
    let ready = given(blue_green(MANUAL)).ready().then(held(0, Reason::Ready));
    ready.clone().told_to(Command::Promote(Stride::Next)).then(in_probation(Reason::Command));
    ready.ticked(APPROVAL_DEADLINE).then(aborted(Reason::NotApproved));
}

#[test]
fn after_a_restart_the_human_has_the_whole_time_again() {
    let restarted = given(blue_green(MANUAL)).ready().later(APPROVAL_DEADLINE).restarted(Stop::Orderly);
    let ready = restarted.when(probed(Readiness::All, Readiness::All)).then(held(0, Reason::Ready));
    ready.ticked(APPROVAL_DEADLINE - NANOSECOND).then(unchanged());
}

#[test]
fn while_it_is_paused_nobody_is_waited_for() {
    let paused = waiting().told_to(Command::Pause).then(paused(10, Reason::Command));
    let paused = paused.ticked(APPROVAL_DEADLINE * 9).then(unchanged());
    paused.told_to(Command::Resume).then(progressing(10, Reason::Command));
}

#[test]
fn the_deadline_goes_on_through_a_freeze() {
    waiting().frozen().ticked(APPROVAL_DEADLINE).then(aborted(Reason::NotApproved));
}
