//! The boundaries of time: one tick before, and exactly at.

use std::time::Duration;

use canary_config::plan::OnThinEvidence;

use super::scenario::{
    OPEN, PASS, aborted, completed, given, held, in_probation, judged, probed, progressing, unchanged,
};
use super::{MAX, MIN, PROBATION, READY_TIMEOUT, on_thin, plan};
use crate::rollout::{Event, Readiness, Reason};

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn a_step_lasts_its_minimum_however_good_the_evidence() {
    let step = given(plan(&[10, 25])).at(10);
    step.clone().later(MIN - NANOSECOND).when(judged(PASS)).then(unchanged());
    step.later(MIN).when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn the_last_step_leads_to_all_requests() {
    let step = given(plan(&[10, 25])).at(25);
    step.clone().later(MIN - NANOSECOND).when(judged(PASS)).then(unchanged());
    step.later(MIN).when(judged(PASS)).then(in_probation(Reason::Certificate));
}

#[test]
fn each_step_has_a_clock_of_its_own() {
    let second = given(plan(&[10, 25])).at(10).later(MAX).when(judged(PASS)).then(progressing(25, Reason::Certificate));
    second.clone().when(judged(PASS)).then(unchanged());
    second.clone().later(MIN).when(judged(OPEN)).then(unchanged());
    second.later(MAX).when(judged(OPEN)).then(held(25, Reason::ThinEvidence));
}

#[test]
fn thin_evidence_is_waited_for_until_the_maximum() {
    let step = given(plan(&[10, 25])).at(10);
    step.clone().later(MAX - NANOSECOND).when(judged(OPEN)).then(unchanged());
    step.later(MAX).when(judged(OPEN)).then(held(10, Reason::ThinEvidence));
}

#[test]
fn a_maximum_below_the_minimum_does_not_shorten_the_step() {
    let mut short = on_thin(OnThinEvidence::Abort, plan(&[10]));
    short.steps[0].max_duration = MIN / 2;
    let step = given(short).at(10);
    step.clone().later(MIN - NANOSECOND).when(judged(OPEN)).then(unchanged());
    step.later(MIN).when(judged(OPEN)).then(aborted(Reason::ThinEvidence));
}

#[test]
fn a_canary_that_is_not_ready_in_time_is_aborted() {
    let preparing = given(plan(&[10])).preparing();
    let unready = || probed(Readiness::All, Readiness::Some);
    preparing.clone().later(READY_TIMEOUT - NANOSECOND).when(unready()).then(unchanged());
    preparing.clone().later(READY_TIMEOUT).when(unready()).then(aborted(Reason::NeverReady));
    preparing.later(READY_TIMEOUT).when(Event::Ticked).then(unchanged());
}

#[test]
fn a_canary_that_is_ready_before_the_timeout_was_noticed_goes_on() {
    let late = given(plan(&[10])).preparing().later(READY_TIMEOUT * 2);
    late.when(probed(Readiness::All, Readiness::All)).then(progressing(10, Reason::Ready));
}

#[test]
fn probation_ends_on_time_and_makes_the_canary_stable() {
    let probation = given(plan(&[10])).at(100);
    probation.clone().later(PROBATION - NANOSECOND).when(Event::Ticked).then(unchanged());
    let over = probation.later(PROBATION).when(Event::Ticked).then(completed(Reason::ProbationOver));
    assert_eq!(over.rollout.stable().as_str(), "v2");
}

#[test]
fn a_deadline_beyond_all_time_never_comes() {
    let mut endless = plan(&[10]);
    endless.ready_timeout = Duration::MAX;
    let preparing = given(endless).preparing();
    assert_eq!(preparing.rollout.next_deadline(), None);
    preparing.later(PROBATION * 1_000_000).when(probed(Readiness::All, Readiness::Some)).then(unchanged());
}
