//! What a freeze holds back, and what goes on when it ends.

use canary_config::plan::{Gate, OnBusy, OnThinEvidence};

use super::scenario::{
    BREACH, ERROR_RATE, FAVOURABLE, PASS, aborted, completed, draining, given, held, in_probation, judged, paused,
    preparing, probed, progressing, start_of, starts, unchanged,
};
use super::{MAX, MIN, PROBATION, READY_TIMEOUT, blue_green, on_thin, plan, recreate, rolling};
use crate::rollout::{Command, Event, Readiness, Reason, Refusal, Start, Stop, Stride};

#[test]
fn a_certificate_waits_for_the_end_of_the_freeze() {
    let frozen = given(plan(&[10, 25])).at(10).frozen().later(MIN).when(judged(PASS)).then(unchanged());
    frozen.thawed().when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn a_policy_waits_for_the_end_of_the_freeze() {
    let thin = given(on_thin(OnThinEvidence::Promote, plan(&[10, 25]))).at(10).frozen().later(MAX);
    let thin = thin.when(judged(FAVOURABLE)).then(unchanged());
    thin.thawed().when(judged(FAVOURABLE)).then(progressing(25, Reason::Policy));
}

#[test]
fn a_clock_waits_for_the_end_of_the_freeze() {
    let step = given(rolling()).ready().frozen().ticked(MAX).then(unchanged());
    assert!(step.rollout.next_deadline().is_some());
    let second = step.thawed().when(Event::Ticked);
    assert_eq!(second.rollout.weight().bp(), 6_666);
}

#[test]
fn a_canary_that_is_ready_waits_as_long_as_the_freeze_lasts() {
    let ready = || probed(Readiness::All, Readiness::All);
    let frozen = given(plan(&[10])).preparing().frozen().when(ready()).then(unchanged());
    let frozen = frozen.later(READY_TIMEOUT * 100).when(ready()).then(unchanged());
    // One backend fails for a moment, in the freeze.
    let frozen = frozen.when(probed(Readiness::All, Readiness::Some)).then(unchanged()).when(Event::Ticked);
    frozen.thawed().when(Event::Ticked).then(unchanged()).when(ready()).then(progressing(10, Reason::Ready));
}

#[test]
fn a_canary_that_is_still_not_ready_when_the_freeze_ends_is_given_up() {
    let late = given(plan(&[10])).preparing().frozen().later(READY_TIMEOUT);
    late.thawed().when(probed(Readiness::All, Readiness::Some)).then(aborted(Reason::NeverReady));
}

#[test]
fn a_release_may_stand_ready_at_zero_in_a_freeze() {
    let green = given(blue_green(Gate::Time)).preparing().frozen();
    let green = green.when(probed(Readiness::All, Readiness::All)).then(progressing(0, Reason::Ready));
    let green = green.ticked(MIN).then(unchanged());
    green.thawed().when(Event::Ticked).then(in_probation(Reason::Time));
}

#[test]
fn whatever_lowers_is_done_in_a_freeze() {
    let frozen = |share| given(plan(&[10, 25])).at(share).frozen();
    frozen(25).when(judged(BREACH)).then(aborted(ERROR_RATE));
    frozen(25).when(probed(Readiness::All, Readiness::None)).then(aborted(Reason::Unready));
    frozen(25).told_to(Command::Abort).then(aborted(Reason::Command));
    frozen(100).told_to(Command::Undo).then(aborted(Reason::Command));
    frozen(100).when(judged(BREACH)).then(aborted(ERROR_RATE));
    let thin = given(on_thin(OnThinEvidence::Hold, plan(&[10]))).at(10).frozen().later(MAX);
    thin.when(judged(FAVOURABLE)).then(held(10, Reason::ThinEvidence));
}

#[test]
fn the_end_of_probation_is_no_raise() {
    let frozen = || given(plan(&[10])).at(100).frozen();
    frozen().ticked(PROBATION).then(completed(Reason::ProbationOver));
    frozen().told_to(Command::Promote(Stride::Next)).then(completed(Reason::Command));
}

#[test]
fn an_operator_may_pause_and_resume_in_a_freeze() {
    let paused = given(plan(&[10])).at(10).frozen().told_to(Command::Pause).then(paused(10, Reason::Command));
    paused.told_to(Command::Resume).then(progressing(10, Reason::Command));
}

#[test]
fn what_has_taken_stable_away_is_brought_to_its_end() {
    let begun = given(recreate()).preparing().frozen().when(Event::Drained).then(preparing(Reason::Drained));
    let full = begun.when(probed(Readiness::None, Readiness::All)).then(in_probation(Reason::Ready));
    let restarted = full.restarted(Stop::Orderly);
    restarted.clone().when(probed(Readiness::None, Readiness::All)).then(in_probation(Reason::Ready));
    let late = restarted.later(READY_TIMEOUT);
    late.when(probed(Readiness::None, Readiness::None)).then(aborted(Reason::NeverReady));
}

#[test]
fn stable_is_not_taken_away_in_a_freeze() {
    let canary = given(plan(&[10])).at(10);
    let start = Start { on_busy: OnBusy::Supersede, ..start_of("v3", recreate()) };
    let superseded = canary.when(starts(start)).then(draining(Reason::Superseded));
    let frozen = superseded.frozen().when(Event::Drained).then(unchanged()).ticked(MAX).then(unchanged());
    assert!(frozen.rollout.is_stable_serving());
    let going = frozen.clone().thawed().when(Event::Ticked).then(draining(Reason::DrainTimeout));
    assert!(!going.rollout.is_stable_serving());
    for stop in [Stop::Orderly, Stop::Unclean] {
        let restarted = frozen.clone().restarted(stop).restarted(Stop::Orderly).when(Event::Drained).then(unchanged());
        assert!(restarted.rollout.is_stable_serving(), "{stop:?}");
        let going = restarted.thawed().when(Event::Drained).then(draining(Reason::Drained));
        assert!(!going.rollout.is_stable_serving(), "{stop:?}");
        assert!(!going.frozen().restarted(stop).rollout.is_stable_serving(), "{stop:?}: it has begun to go");
    }
}

#[test]
fn what_waits_does_not_begin_in_a_freeze() {
    let waiting = given(plan(&[10])).at(10).started("v3", OnBusy::Queue).told_to(Command::Promote(Stride::Full));
    let idle = waiting.frozen().ticked(PROBATION).then(completed(Reason::ProbationOver));
    let idle = idle.when(Event::Ticked).then(unchanged());
    idle.thawed().when(Event::Ticked).then(preparing(Reason::Turn));
}

#[test]
fn an_orderly_restart_in_a_freeze_goes_back_to_its_step() {
    let ready = || probed(Readiness::All, Readiness::All);
    let restarted = |share| given(plan(&[10, 25])).at(share).frozen().restarted(Stop::Orderly);
    let back = restarted(25).when(ready()).then(progressing(25, Reason::Ready));
    back.told_to(Command::Promote(Stride::Next)).refused(&Refusal::Frozen);
    restarted(100).when(ready()).then(in_probation(Reason::Ready));
    let to_be_paused = restarted(25).told_to(Command::Pause).then(preparing(Reason::Command));
    to_be_paused.when(ready()).then(paused(25, Reason::Ready));
    let twice = restarted(25).when(probed(Readiness::All, Readiness::Some)).then(unchanged()).restarted(Stop::Orderly);
    twice.when(ready()).then(progressing(25, Reason::Ready)).when(judged(PASS)).then(unchanged());
    let late = restarted(25).later(READY_TIMEOUT);
    late.when(probed(Readiness::All, Readiness::Some)).then(aborted(Reason::NeverReady));
}

#[test]
fn any_other_restart_in_a_freeze_does_not_raise_again_what_it_lowered() {
    let ready = || probed(Readiness::All, Readiness::All);
    let at = || given(plan(&[10, 25])).at(25).frozen();
    for stops in [&[Stop::Unclean][..], &[Stop::Unclean, Stop::Orderly], &[Stop::Orderly, Stop::Unclean]] {
        let restarted = stops.iter().fold(at(), |scenario, stop| scenario.restarted(*stop));
        restarted.when(ready()).then(unchanged()).thawed().when(ready()).then(progressing(10, Reason::Ready));
    }
    let never_there = given(plan(&[10])).preparing().frozen().restarted(Stop::Orderly);
    never_there.when(ready()).then(unchanged());
}
