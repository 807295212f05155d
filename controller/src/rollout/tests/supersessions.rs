//! A release that takes the place of the one on trial.

use std::time::Duration;

use canary_config::plan::OnBusy;

use super::scenario::{
    BREACH, Scenario, aborted, draining, given, judged, preparing, probed, progressing, start_of, starts, unchanged,
};
use super::{DRAIN_TIMEOUT, plan, recreate, release};
use crate::rollout::{Command, Event, Generation, Leaving, Phase, Readiness, Reason, Refusal, Start, Stop, Stride};

fn superseded() -> Scenario {
    given(plan(&[10, 25])).at(25).started("v3", OnBusy::Supersede).then(draining(Reason::Superseded))
}

/// Who has to go.
fn leaving(scenario: &Scenario) -> Option<&Leaving> {
    if let Phase::Draining { leaving, .. } = scenario.rollout.phase() { Some(leaving) } else { None }
}

#[test]
fn the_canary_goes_to_zero_and_drains_before_its_heir_begins() {
    let superseded = superseded();
    assert_eq!(leaving(&superseded), Some(&Leaving::Canary(release("v2"))));
    assert_eq!(superseded.rollout.generation(), Generation(2));
    assert!(superseded.rollout.is_stable_serving());
    let early = superseded.when(probed(Readiness::All, Readiness::All)).then(unchanged());
    let drained = early.when(Event::Drained).then(preparing(Reason::Drained));
    drained.when(probed(Readiness::All, Readiness::All)).then(progressing(10, Reason::Ready));
}

#[test]
fn whoever_does_not_drain_is_not_waited_for_for_ever() {
    let waiting = superseded().ticked(DRAIN_TIMEOUT - Duration::from_nanos(1)).then(unchanged());
    waiting.ticked(Duration::from_nanos(1)).then(preparing(Reason::DrainTimeout));
}

#[test]
fn late_evidence_against_the_one_that_went_is_not_held_against_its_heir() {
    superseded().when(judged(BREACH)).then(unchanged()).when(Event::Drained).when(judged(BREACH)).then(unchanged());
}

#[test]
fn a_release_in_probation_becomes_stable_so_that_nobodys_version_changes() {
    let next = given(plan(&[10])).at(100).started("v3", OnBusy::Supersede).then(preparing(Reason::Superseded));
    assert_eq!(next.releases(), ("v2", Some("v3"), vec![]));
    assert_eq!(next.told_to(Command::Abort).releases(), ("v2", None, vec![]));
}

#[test]
fn a_release_in_probation_does_not_supersede_itself() {
    let again = given(plan(&[10])).at(100).started("v2", OnBusy::Supersede);
    again.refused(&Refusal::InProbation { canary: release("v2") });
}

#[test]
fn who_has_no_share_yet_has_nothing_to_drain() {
    let next = given(plan(&[10])).preparing().started("v3", OnBusy::Supersede).then(preparing(Reason::Superseded));
    assert_eq!(next.rollout.generation(), Generation(2));
}

#[test]
fn the_heir_of_an_heir_waits_for_the_same_to_go() {
    let twice = superseded().started("v4", OnBusy::Supersede).then(draining(Reason::Superseded));
    assert_eq!(leaving(&twice), Some(&Leaving::Canary(release("v2"))));
    assert_eq!(twice.releases(), ("v1", Some("v4"), vec![]));
}

#[test]
fn what_waits_goes_on_waiting() {
    let waiting = given(plan(&[10])).at(10).started("v4", OnBusy::Queue).started("v3", OnBusy::Supersede);
    assert_eq!(waiting.releases(), ("v1", Some("v3"), vec!["v4"]));
}

#[test]
fn a_canary_goes_before_stable_does() {
    let start = starts(Start { on_busy: OnBusy::Supersede, ..start_of("v3", recreate()) });
    let first = given(plan(&[10])).at(10).when(start).then(draining(Reason::Superseded));
    assert!(first.rollout.is_stable_serving());
    let then = first.when(Event::Drained).then(draining(Reason::Drained));
    assert_eq!(leaving(&then), Some(&Leaving::Stable));
    let then = then.ticked(DRAIN_TIMEOUT - Duration::from_nanos(1)).then(unchanged());
    then.when(Event::Drained).then(preparing(Reason::Drained));
}

#[test]
fn stable_comes_back_for_an_heir_that_can_run_beside_it() {
    let start = || starts(Start { on_busy: OnBusy::Supersede, ..start_of("v3", plan(&[10])) });
    for away in [given(recreate()).preparing(), given(recreate()).preparing().when(Event::Drained)] {
        assert!(!away.rollout.is_stable_serving());
        let next = away.when(start()).then(preparing(Reason::Superseded));
        assert!(next.rollout.is_stable_serving());
    }
}

#[test]
fn an_abort_in_between_leaves_everything_to_stable() {
    let given_up = superseded().told_to(Command::Abort).then(aborted(Reason::Command));
    assert_eq!(given_up.releases(), ("v1", None, vec![]));
    assert_eq!(given_up.rollout.sent_back(&release("v2")), None);
    given_up.told_to(Command::Promote(Stride::Next)).refused(&Refusal::NothingUnderWay);
}

#[test]
fn after_a_restart_nothing_is_left_to_drain() {
    superseded()
        .restarted(Stop::Orderly)
        .when(probed(Readiness::All, Readiness::All))
        .then(progressing(10, Reason::Ready));
}
