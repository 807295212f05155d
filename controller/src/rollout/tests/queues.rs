//! Releases that wait for their turn.

use canary_config::plan::OnBusy;

use super::scenario::{BREACH, Scenario, aborted, completed, given, judged, preparing, start_of, starts, unchanged};
use super::{PROBATION, plan};
use crate::rollout::{Again, Command, Event, Generation, PhaseName, QUEUE_LIMIT, Reason, Refusal, Start, Stop, Stride};

/// v2 is at 10 %, and v3 and v4 wait.
fn waiting() -> Scenario {
    given(plan(&[10])).at(10).started("v3", OnBusy::Queue).started("v4", OnBusy::Queue)
}

#[test]
fn what_waits_begins_in_its_order_when_the_rollout_before_has_ended() {
    let ended = waiting().told_to(Command::Promote(Stride::Full)).ticked(PROBATION);
    let ended = ended.then(completed(Reason::ProbationOver));
    assert_eq!(ended.releases(), ("v2", None, vec!["v3", "v4"]));
    let third = ended.when(Event::Ticked).then(preparing(Reason::Turn));
    assert_eq!(third.releases(), ("v2", Some("v3"), vec!["v4"]));
    assert_eq!(third.rollout.generation(), Generation(2));
    third.when(Event::Ticked).then(unchanged());
}

#[test]
fn to_wait_changes_nothing_of_the_rollout_that_is_under_way() {
    let before = given(plan(&[10])).at(10);
    let after = before.clone().started("v3", OnBusy::Queue);
    let told = after.answer.clone().expect("it may wait").expect("it is told");
    assert_eq!((told.from, told.to, told.weight.bp()), (PhaseName::Progressing, PhaseName::Progressing, 1_000));
    assert_eq!((told.reason, told.generation), (Reason::Queued, Generation(1)));
    assert_eq!(after.rollout.phase(), before.rollout.phase());
}

#[test]
fn after_a_breach_the_next_one_begins() {
    let next = waiting().when(judged(BREACH)).when(Event::Ticked).then(preparing(Reason::Turn));
    assert_eq!(next.releases(), ("v1", Some("v3"), vec!["v4"]));
}

#[test]
fn an_operator_who_aborts_means_what_waits_too() {
    let given_up = waiting().told_to(Command::Abort).then(aborted(Reason::Command));
    assert_eq!(given_up.releases(), ("v1", None, vec![]));
    let undone = waiting().told_to(Command::Promote(Stride::Full)).told_to(Command::Undo);
    assert_eq!(undone.releases(), ("v1", None, vec![]));
}

#[test]
fn what_waits_can_be_given_up_between_two_rollouts() {
    let between = waiting().when(judged(BREACH));
    let emptied = between.told_to(Command::Abort).then(aborted(Reason::Command));
    assert_eq!(emptied.releases(), ("v1", None, vec![]));
    emptied.told_to(Command::Abort).refused(&Refusal::NothingUnderWay);
}

#[test]
fn a_release_that_is_stable_by_its_turn_is_struck_off() {
    let again = given(plan(&[10])).at(10).started("v2", OnBusy::Queue).started("v3", OnBusy::Queue);
    let stable = again.told_to(Command::Promote(Stride::Full)).ticked(PROBATION);
    let struck = stable.when(Event::Ticked).then(completed(Reason::Obsolete));
    assert_eq!(struck.rollout.generation(), Generation(1));
    struck.when(Event::Ticked).then(preparing(Reason::Turn));
}

#[test]
fn a_release_that_was_sent_back_by_its_turn_is_struck_off_unless_it_is_forced() {
    for (again, reason) in [(Again::Refuse, Reason::Obsolete), (Again::Force, Reason::Turn)] {
        let start = Start { again, on_busy: OnBusy::Queue, ..start_of("v2", plan(&[10])) };
        let waiting = given(plan(&[10])).at(10).when(starts(start));
        let turn = waiting.when(judged(BREACH)).when(Event::Ticked);
        assert_eq!(turn.answer.expect("no command").map(|told| told.reason), Some(reason));
    }
}

#[test]
fn the_release_that_is_stable_now_may_be_wanted_again_afterwards() {
    let back = given(plan(&[10])).at(10).started("v1", OnBusy::Queue);
    let back = back.told_to(Command::Promote(Stride::Full)).ticked(PROBATION).when(Event::Ticked);
    assert_eq!(back.then(preparing(Reason::Turn)).releases(), ("v2", Some("v1"), vec![]));
    let needless = given(plan(&[10])).at(10).started("v1", OnBusy::Queue).when(judged(BREACH)).when(Event::Ticked);
    needless.then(aborted(Reason::Obsolete));
}

#[test]
fn only_so_many_may_wait() {
    let full = (0..QUEUE_LIMIT).fold(given(plan(&[10])).at(10), |waiting, _| waiting.started("v3", OnBusy::Queue));
    assert_eq!(full.rollout.queue().len(), QUEUE_LIMIT);
    full.started("v4", OnBusy::Queue).refused(&Refusal::QueueFull { limit: QUEUE_LIMIT });
}

#[test]
fn what_waits_outlives_the_process() {
    for stop in [Stop::Orderly, Stop::Unclean] {
        assert_eq!(waiting().restarted(stop).releases(), ("v1", Some("v2"), vec!["v3", "v4"]));
        let between = waiting().when(judged(BREACH)).restarted(stop);
        assert_eq!(between.when(Event::Ticked).releases(), ("v1", Some("v3"), vec!["v4"]));
    }
}
