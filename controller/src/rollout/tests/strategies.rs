//! Four shapes of one machine, from the start to the end.

use std::num::NonZeroUsize;
use std::time::Duration;

use canary_config::plan::Gate;
use canary_config::weight::Weight;

use super::scenario::{
    BREACH, ERROR_RATE, OPEN, PASS, aborted, completed, draining, given, in_probation, judged, preparing, probed,
    progressing, unchanged,
};
use super::{DRAIN_TIMEOUT, MAX, MIN, PROBATION, READY_TIMEOUT, blue_green, plan, recreate, rolling};
use crate::rollout::{Command, Event, Readiness, Reason, Stop, Stride};

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn green_stands_ready_and_gets_all_requests_at_once() {
    let green = given(blue_green(Gate::Time)).ready().then(progressing(0, Reason::Ready));
    let green = green.ticked(MIN - NANOSECOND).then(unchanged());
    let full = green.ticked(NANOSECOND).then(in_probation(Reason::Time));
    full.clone().told_to(Command::Undo).then(aborted(Reason::Command));
    full.ticked(PROBATION).then(completed(Reason::ProbationOver));
}

#[test]
fn green_is_not_judged_by_evidence_that_there_cannot_be() {
    let green = given(blue_green(Gate::Time)).ready().later(MAX);
    for judgement in [PASS, OPEN] {
        green.clone().when(judged(judgement)).then(unchanged());
    }
}

#[test]
fn instances_join_one_by_one_and_time_alone_lets_them() {
    let first = given(rolling()).ready();
    let second = first.clone().when(judged(PASS)).then(unchanged()).ticked(MIN);
    let third = second.clone().ticked(MIN - NANOSECOND).then(unchanged()).ticked(NANOSECOND);
    let weights = [&first, &second, &third].map(|at| at.rollout.weight().bp());
    assert_eq!(weights, [3_333, 6_666, 10_000]);
    let instances = [&first, &second].map(|at| {
        let (phase, step) = (at.rollout.phase(), at.rollout.phase().step());
        let step = phase.trial().zip(step).and_then(|(trial, step)| trial.step(step));
        step.and_then(|step| step.instances).map(NonZeroUsize::get)
    });
    assert_eq!(instances, [Some(1), Some(2)]);
    second.when(judged(BREACH)).then(aborted(ERROR_RATE));
}

#[test]
fn one_goes_and_then_the_other_comes() {
    let going = given(recreate()).preparing().then(draining(Reason::Command));
    assert!(!going.rollout.is_stable_serving());
    let going = going.ticked(DRAIN_TIMEOUT - NANOSECOND).then(unchanged());
    going.clone().ticked(NANOSECOND).then(preparing(Reason::DrainTimeout));
    let gone = going.when(Event::Drained).then(preparing(Reason::Drained));
    let full = gone.when(probed(Readiness::None, Readiness::All)).then(in_probation(Reason::Ready));
    assert!(!full.rollout.is_stable_serving());
    let stable = full.ticked(PROBATION).then(completed(Reason::ProbationOver));
    assert!(stable.rollout.is_stable_serving());
}

#[test]
fn what_does_not_come_lets_the_other_come_back() {
    let gone = given(recreate()).preparing().when(Event::Drained).later(READY_TIMEOUT - NANOSECOND);
    let unready = || probed(Readiness::None, Readiness::None);
    let gone = gone.when(unready()).then(unchanged());
    let back = gone.later(NANOSECOND).when(unready()).then(aborted(Reason::NeverReady));
    assert!(back.rollout.is_stable_serving());
}

#[test]
fn an_undo_brings_the_other_back() {
    let undone = given(recreate()).preparing().when(Event::Drained).when(probed(Readiness::None, Readiness::All));
    let undone = undone.told_to(Command::Undo).then(aborted(Reason::Command));
    assert!(undone.rollout.is_stable_serving());
    assert_eq!(undone.rollout.weight(), Weight::ZERO);
}

#[test]
fn after_a_restart_the_other_is_still_away() {
    for stop in [Stop::Orderly, Stop::Unclean] {
        let going = given(recreate()).preparing().restarted(stop);
        assert!(!going.rollout.is_stable_serving());
        going.when(probed(Readiness::All, Readiness::All)).then(in_probation(Reason::Ready));
    }
}

#[test]
fn every_shape_has_the_same_verbs() {
    for plan in [plan(&[10]), blue_green(Gate::Time), rolling()] {
        let at_step = given(plan).ready();
        at_step.clone().told_to(Command::Promote(Stride::Full)).then(in_probation(Reason::Command));
        at_step.clone().told_to(Command::Abort).then(aborted(Reason::Command));
        let paused = at_step.told_to(Command::Pause).ticked(MAX).then(unchanged());
        assert_eq!(paused.told_to(Command::Resume).rollout.phase().step(), Some(0));
    }
}
