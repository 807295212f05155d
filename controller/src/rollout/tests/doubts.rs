//! What only a human sends back, once it has served: it keeps its share, and says what it would have been sent back for.

use canary_config::plan::{OnBusy, OnThinEvidence, Plan};
use canary_config::weight::Weight;

use super::scenario::{
    BREACH, ERROR_RATE, OPEN, PASS, Scenario, aborted, completed, given, held, in_probation, irreversible, judged,
    preparing, probed, progressing, start_of, starts, unchanged,
};
use super::{MAX, PROBATION, READY_TIMEOUT, on_thin, percent, plan, recreate, release};
use crate::rollout::{Charge, Command, Event, PhaseName, Readiness, Reason, Start, Stop, Stride};

/// It is ready.
fn ready(plan: Plan) -> Scenario {
    let start = starts(irreversible(start_of("v2", plan.clone())));
    given(plan).when(start).when(probed(Readiness::All, Readiness::All))
}

/// It has all requests.
fn full(plan: Plan) -> Scenario {
    ready(plan).told_to(Command::Promote(Stride::Full)).then(in_probation(Reason::Command))
}

fn doubt(scenario: &Scenario) -> Option<Reason> {
    scenario.rollout.phase().trial().and_then(|trial| trial.doubt)
}

#[test]
fn whatever_would_send_it_back_leaves_it_its_share() {
    for (event, reason) in [
        (judged(BREACH), ERROR_RATE),
        (Event::Charged(Charge::OutOfMemory), Reason::Charged(Charge::OutOfMemory)),
        (probed(Readiness::All, Readiness::None), Reason::Unready),
    ] {
        let asked = ready(plan(&[10, 25])).when(event.clone()).then(held(10, reason));
        assert_eq!(doubt(&asked), Some(reason));
        let asked = full(plan(&[10])).when(event);
        assert_eq!((asked.rollout.phase().name(), asked.rollout.weight()), (PhaseName::Held, Weight::FULL));
        assert_eq!(doubt(&asked), Some(reason));
    }
    let thin = ready(on_thin(OnThinEvidence::Abort, plan(&[10]))).later(MAX).when(judged(OPEN));
    thin.then(held(10, Reason::ThinEvidence));
}

#[test]
fn a_human_is_asked_once_and_told_the_first_reason() {
    let asked = ready(plan(&[10])).when(judged(BREACH));
    let again = asked.when(Event::Charged(Charge::Died)).then(unchanged()).when(judged(PASS)).then(unchanged());
    assert_eq!(doubt(&again.ticked(MAX).then(unchanged())), Some(ERROR_RATE));
}

#[test]
fn a_human_sends_it_back_or_lets_it_go_on() {
    let asked = || ready(plan(&[10, 25])).when(judged(BREACH));
    asked().told_to(Command::Abort).then(aborted(Reason::Command));
    let on = asked().told_to(Command::Promote(Stride::Next)).then(progressing(25, Reason::Command));
    assert_eq!(doubt(&on), None);
    on.when(judged(BREACH)).then(held(25, ERROR_RATE));
    asked().told_to(Command::Promote(Stride::Full)).then(in_probation(Reason::Command));
}

#[test]
fn what_has_all_requests_becomes_stable_by_a_word_and_not_by_time() {
    let asked = || full(plan(&[10])).when(judged(BREACH)).ticked(PROBATION * 9).then(unchanged());
    asked().told_to(Command::Undo).then(aborted(Reason::Command));
    let stable = asked().told_to(Command::Promote(Stride::Next)).then(completed(Reason::Command));
    assert_eq!(stable.rollout.stable(), &release("v2"));
    let superseded = asked().started("v3", OnBusy::Supersede);
    assert_eq!(superseded.releases(), ("v2", Some("v3"), vec![]), "nobody's version changes");
}

#[test]
fn before_it_has_a_share_nobody_is_moved_by_its_end() {
    let late = given(plan(&[10])).when(starts(irreversible(start_of("v2", plan(&[10]))))).later(READY_TIMEOUT);
    late.clone().when(Event::Charged(Charge::Died)).then(aborted(Reason::Charged(Charge::Died)));
    late.when(probed(Readiness::All, Readiness::None)).then(aborted(Reason::NeverReady));
}

#[test]
fn a_pause_and_the_loss_of_stable_keep_the_question() {
    let asked = || ready(plan(&[10])).when(judged(BREACH));
    let paused = asked().told_to(Command::Pause).when(judged(BREACH)).then(unchanged());
    paused.told_to(Command::Resume).then(held(10, Reason::Command));
    let away = asked().when(probed(Readiness::None, Readiness::All));
    away.when(probed(Readiness::All, Readiness::All)).then(held(10, Reason::StableReady));
}

#[test]
fn a_restart_forgets_neither_the_question_nor_the_reason() {
    for stop in [Stop::Orderly, Stop::Unclean] {
        let again = ready(plan(&[10, 25])).told_to(Command::Promote(Stride::Next)).when(judged(BREACH)).restarted(stop);
        let share = if stop == Stop::Orderly { 25 } else { 10 };
        let again = again.when(probed(Readiness::All, Readiness::All)).then(held(share, Reason::Ready));
        assert_eq!(doubt(&again), Some(ERROR_RATE));
    }
    let again = full(plan(&[10])).when(judged(BREACH)).restarted(Stop::Orderly);
    let again = again.when(probed(Readiness::All, Readiness::All));
    assert_eq!((again.rollout.phase().name(), again.rollout.weight()), (PhaseName::Held, Weight::FULL));
}

#[test]
fn one_in_the_place_of_the_other_is_asked_about_too() {
    let start = starts(irreversible(start_of("v2", recreate())));
    let begun = given(recreate()).when(start).when(Event::Drained).then(preparing(Reason::Drained));
    let served = begun.when(probed(Readiness::None, Readiness::All)).then(in_probation(Reason::Ready));
    let asked = served.when(Event::Charged(Charge::Died));
    assert_eq!((asked.rollout.phase().name(), doubt(&asked)), (PhaseName::Held, Some(Reason::Charged(Charge::Died))));
}

#[test]
fn a_release_may_be_sent_back_unless_its_trial_says_otherwise() {
    let Start { trial, .. } = start_of("v2", plan(&[10]));
    assert!(trial.is_reversible && trial.doubt.is_none());
    let text = serde_json::to_string(&trial).unwrap();
    assert!(!text.contains("reversible") && !text.contains("doubt"), "what is usual is not kept: {text}");
    assert_eq!(given(plan(&[10])).at(10).when(judged(BREACH)).rollout.weight(), percent(0));
}
