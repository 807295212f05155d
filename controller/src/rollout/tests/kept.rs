//! What is kept, as text: that of today whole, and that of the first canaryd.

use std::time::Duration;

use canary_config::plan::{Gate, OnBusy};
use serde_json::{Value, json};

use super::scenario::{given, probed, progressing, retry, started_together};
use super::{MANUAL, blue_green, plan, release, start};
use crate::rollout::{Command, Position, Raises, Readiness, Reason, Rollout, Saved, Stop};

fn text(rollout: &Rollout) -> Value {
    serde_json::to_value(rollout.save()).expect("it can be written")
}

fn restored(kept: Value) -> Rollout {
    let saved: Saved = serde_json::from_value(kept).expect("it can be read");
    Rollout::restore(saved, Stop::Orderly, start())
}

/// A plan as the first canaryd kept it.
fn first_plan(gate: &str) -> Value {
    let seconds = |secs: u64| json!({ "secs": secs, "nanos": 0 });
    json!({
        "strategy": "canary",
        "steps": [{ "weight": 1_000, "min_duration": seconds(60), "max_duration": seconds(900), "gate": gate }],
        "ready_timeout": seconds(60),
        "on_thin_evidence": "hold",
        "probation": seconds(600),
        "criteria": { "alpha": 0.05 },
    })
}

#[test]
fn what_the_first_canaryd_kept_is_understood() {
    let trial = json!({ "canary": "v2", "plan": first_plan("manual") });
    let state = json!({ "underway": { "trial": trial, "position": { "step": 0 } } });
    let mut rollout = restored(json!({ "stable": "v1", "generation": 7, "state": state }));
    assert_eq!((rollout.generation().get(), rollout.canary()), (7, Some(&release("v2"))));
    let trial = rollout.phase().trial().expect("it is under way").clone();
    let a_day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(trial.plan.steps[0].gate, Gate::Manual { deadline: a_day });
    assert_eq!((trial.plan.on_busy, trial.plan.drain_timeout.as_secs()), (OnBusy::Reject, 30));
    assert!(trial.peers.is_empty() && rollout.queue().is_empty() && rollout.sent_back.is_empty());
    let ready = probed(Readiness::All, Readiness::All);
    let raised = rollout.handle(ready, start(), Raises::Allowed).expect("no command").expect("it is ready");
    assert_eq!(raised.weight.bp(), 1_000);
}

#[test]
fn every_state_of_the_first_canaryd_is_understood() {
    for gate in ["evidence", "manual", "time"] {
        for position in [json!({ "step": 0 }), json!("full")] {
            let trial = json!({ "canary": "v2", "plan": first_plan(gate) });
            let state = json!({ "underway": { "trial": trial, "position": position } });
            let rollout = restored(json!({ "stable": "v1", "generation": 1, "state": state }));
            assert_eq!(rollout.weight().bp(), 0, "{gate} {position}");
        }
    }
    for reason in [json!("never-ready"), json!("command"), json!({ "breach": "err" }), json!({ "breach": "l99" })] {
        let state = json!({ "aborted": { "canary": "v2", "reason": reason } });
        let rollout = restored(json!({ "stable": "v1", "generation": 1, "state": state.clone() }));
        assert_eq!(text(&rollout)["state"], state);
    }
    assert_eq!(restored(json!({ "stable": "v1", "generation": 0, "state": "idle" })), Rollout::new(release("v1")));
}

#[test]
fn what_is_new_is_written_where_it_is_needed() {
    let paused = given(plan(&[10])).at(10).told_to(Command::Pause).started("v3", OnBusy::Queue).rollout;
    let kept = text(&paused);
    assert_eq!(kept["state"]["underway"]["position"], json!({ "paused-at": 0 }));
    assert_eq!(kept["queue"][0]["trial"]["canary"], json!("v3"));
    assert_eq!((&kept["queue"][0]["again"], &kept["queue"][0]["on_busy"]), (&json!("refuse"), &json!("queue")));
    let gate =
        &text(&given(blue_green(MANUAL)).ready().rollout)["state"]["underway"]["trial"]["plan"]["steps"][0]["gate"];
    assert_eq!(*gate, json!({ "manual": { "deadline": { "secs": 3_600, "nanos": 0 } } }));
}

#[test]
fn the_other_services_of_a_rollout_are_kept_with_it() {
    let joined = given(plan(&[10])).when(started_together("v2", &["api"], plan(&[10])));
    assert_eq!(text(&joined.rollout)["state"]["underway"]["trial"]["peers"], json!(["api"]));
    let aborted = joined.told_to(Command::Abort);
    assert_eq!(text(&aborted.rollout)["state"]["aborted"]["peers"], json!(["api"]));
    let again = aborted.restarted(Stop::Unclean).told_to(retry(plan(&[10])));
    assert_eq!(text(&again.rollout)["state"]["underway"]["trial"]["peers"], json!(["api"]));
}

#[test]
fn a_position_goes_through_its_text_and_back() {
    for position in [Position::Step(3), Position::PausedAt(0), Position::Full] {
        let text = serde_json::to_string(&position).expect("it can be written");
        assert_eq!(serde_json::from_str::<Position>(&text).expect("it can be read"), position);
    }
    let orderly = given(plan(&[10, 25])).at(25).restarted(Stop::Orderly);
    orderly.when(probed(Readiness::All, Readiness::All)).then(progressing(25, Reason::Ready));
}
