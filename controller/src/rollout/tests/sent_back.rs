//! A release that was sent back is not begun again unasked.

use canary_config::plan::OnBusy;

use super::scenario::{
    BREACH, ERROR_RATE, Scenario, aborted, draining, given, judged, preparing, probed, retry, start_of, starts,
    unchanged,
};
use super::{APPROVAL_DEADLINE, MANUAL, PROBATION, READY_TIMEOUT, blue_green, plan, release};
use crate::rollout::sent_back::SENT_BACK_MAX;
use crate::rollout::{Again, Command, Event, Generation, Readiness, Reason, Refusal, Start, Stop, Stride};

fn sent_back() -> Scenario {
    given(plan(&[10])).at(10).when(judged(BREACH)).then(aborted(ERROR_RATE))
}

fn refusal(reason: Reason) -> Refusal {
    Refusal::SentBackBefore { release: release("v2"), generation: Generation(1), reason }
}

#[test]
fn a_start_of_it_is_refused_for_every_reason_of_its_own() {
    let at = |share| given(plan(&[10])).at(share);
    let late = given(plan(&[10])).preparing().later(READY_TIMEOUT);
    let aborts = [
        (at(10).when(judged(BREACH)), ERROR_RATE),
        (at(100).when(judged(BREACH)), ERROR_RATE),
        (at(10).told_to(Command::Abort), Reason::Command),
        (at(100).told_to(Command::Undo), Reason::Command),
        (at(10).when(probed(Readiness::All, Readiness::None)), Reason::Unready),
        (late.when(probed(Readiness::All, Readiness::None)), Reason::NeverReady),
        (given(blue_green(MANUAL)).ready().ticked(APPROVAL_DEADLINE), Reason::NotApproved),
    ];
    for (sent_back, reason) in aborts {
        let again = sent_back.then(aborted(reason)).preparing().refused(&refusal(reason));
        again.restarted(Stop::Unclean).preparing().refused(&refusal(reason));
    }
}

#[test]
fn whoever_insists_tries_it_again() {
    let forced = starts(Start { again: Again::Force, ..start_of("v2", plan(&[10])) });
    let again = sent_back().when(forced).then(preparing(Reason::Command));
    assert_eq!(again.rollout.generation(), Generation(2));
}

#[test]
fn a_retry_tries_it_again_as_a_new_generation_and_by_the_plan_of_now() {
    let again = sent_back().told_to(retry(plan(&[50]))).then(preparing(Reason::Command));
    assert_eq!(again.rollout.generation(), Generation(2));
    assert_eq!(again.rollout.phase().trial().map(|trial| &trial.plan), Some(&plan(&[50])));
    again.clone().told_to(retry(plan(&[50]))).refused(&Refusal::NothingToRetry);
    again.restarted(Stop::Orderly).told_to(Command::Abort).then(aborted(Reason::Command));
}

#[test]
fn a_release_that_became_stable_after_all_has_nothing_held_against_it() {
    let again = sent_back().told_to(retry(plan(&[]))).when(probed(Readiness::All, Readiness::All));
    let stable = again.told_to(Command::Promote(Stride::Next));
    assert_eq!(stable.rollout.sent_back(&release("v2")), None);
    let replaced = stable.started("v3", OnBusy::Reject).when(probed(Readiness::All, Readiness::All));
    let replaced = replaced.told_to(Command::Promote(Stride::Full)).ticked(PROBATION);
    replaced.started("v2", OnBusy::Reject).then(preparing(Reason::Command));
}

#[test]
fn to_be_superseded_is_no_reproach() {
    let superseded = given(plan(&[10])).at(10).started("v3", OnBusy::Supersede);
    assert_eq!(superseded.rollout.sent_back(&release("v2")), None);
    superseded.started("v2", OnBusy::Supersede).then(draining(Reason::Superseded));
}

#[test]
fn a_release_that_is_sent_back_again_and_again_is_remembered_once() {
    let another = given(plan(&[])).started("v3", OnBusy::Reject).told_to(Command::Abort);
    let mut often = another.preparing().told_to(Command::Abort);
    for _ in 0..SENT_BACK_MAX {
        often = often.told_to(retry(plan(&[]))).told_to(Command::Abort);
    }
    assert_eq!(often.rollout.sent_back.len(), 2);
    let of_last = often.rollout.sent_back(&release("v2")).map(|before| before.generation);
    assert_eq!(of_last, Some(often.rollout.generation()));
    assert!(often.rollout.sent_back(&release("v3")).is_some());
}

#[test]
fn the_oldest_are_forgotten_first() {
    let mut service = given(plan(&[]));
    for release in 0..=SENT_BACK_MAX {
        service = service.started(&format!("bad-{release}"), OnBusy::Reject).told_to(Command::Abort);
    }
    let before = |name: &str| service.rollout.sent_back(&release(name)).map(|before| before.generation);
    assert_eq!((before("bad-0"), before("bad-1")), (None, Some(Generation(2))));
    let twice = service.clone().started("bad-0", OnBusy::Reject).told_to(Command::Abort).when(Event::Ticked);
    assert_eq!(twice.then(unchanged()).rollout.sent_back.len(), SENT_BACK_MAX);
}
