//! What outlives the process. A restart never raises.

use super::every_phase::every_phase;
use super::scenario::{FAVOURABLE, PASS, aborted, given, in_probation, judged, probed, progressing, unchanged};
use super::{MIN, PROBATION, READY_TIMEOUT, plan, release};
use crate::rollout::{Event, Readiness, Reason, Rollout, Stop};

#[test]
fn every_phase_begins_at_zero_again() {
    for (phase, scenario) in every_phase() {
        for stop in [Stop::Orderly, Stop::Unclean] {
            let before = scenario.rollout.clone();
            let after = scenario.clone().restarted(stop).rollout;
            assert_eq!(after.weight().bp(), 0, "{phase}, {stop:?}");
            assert_eq!(after.canary(), before.canary(), "{phase}, {stop:?}");
            assert_eq!(after.stable(), before.stable(), "{phase}, {stop:?}");
            assert_eq!(after.generation(), before.generation(), "{phase}, {stop:?}");
        }
    }
}

#[test]
fn after_an_orderly_stop_the_step_begins_anew() {
    let restarted = given(plan(&[10, 25])).at(25).later(MIN).restarted(Stop::Orderly);
    let back = restarted.when(probed(Readiness::All, Readiness::All)).then(progressing(25, Reason::Ready));
    back.clone().when(judged(PASS)).then(unchanged());
    back.later(MIN).when(judged(PASS)).then(in_probation(Reason::Certificate));
}

#[test]
fn after_an_orderly_stop_probation_begins_anew() {
    let restarted = given(plan(&[10])).at(100).later(PROBATION).restarted(Stop::Orderly);
    let back = restarted.when(probed(Readiness::All, Readiness::All)).then(in_probation(Reason::Ready));
    back.when(Event::Ticked).then(unchanged());
}

#[test]
fn after_an_unclean_stop_the_first_step_begins_anew() {
    for share in [25, 100] {
        let restarted = given(plan(&[10, 25])).at(share).restarted(Stop::Unclean);
        restarted.when(probed(Readiness::All, Readiness::All)).then(progressing(10, Reason::Ready));
    }
}

#[test]
fn a_second_restart_before_the_probes_have_passed_forgets_nothing() {
    let restarted = given(plan(&[10, 25])).at(25).restarted(Stop::Orderly).restarted(Stop::Orderly);
    restarted.when(probed(Readiness::All, Readiness::All)).then(progressing(25, Reason::Ready));
}

#[test]
fn a_canary_that_does_not_come_back_after_a_restart_is_aborted() {
    let restarted = given(plan(&[10])).at(10).restarted(Stop::Orderly);
    let waiting = restarted.later(READY_TIMEOUT / 2).when(judged(FAVOURABLE)).then(unchanged());
    waiting.later(READY_TIMEOUT / 2).when(probed(Readiness::All, Readiness::Some)).then(aborted(Reason::NeverReady));
}

#[test]
fn what_is_kept_is_written_as_it_always_was() {
    let text = |rollout: &Rollout| serde_json::to_value(rollout.save()).expect("it can be written");
    assert_eq!(
        text(&Rollout::new(release("v1"))),
        serde_json::json!({ "stable": "v1", "generation": 0, "state": "idle" })
    );
    let aborted = given(plan(&[10])).preparing().later(READY_TIMEOUT);
    let aborted = aborted.when(probed(Readiness::All, Readiness::None)).rollout;
    let state = serde_json::json!({ "aborted": { "canary": "v2", "reason": "never-ready" } });
    let sent_back = serde_json::json!([{ "release": "v2", "generation": 1, "reason": "never-ready" }]);
    let expected = serde_json::json!({ "stable": "v1", "generation": 1, "state": state, "sent_back": sent_back });
    assert_eq!(text(&aborted), expected);
    let progressing = given(plan(&[10])).at(10).rollout;
    assert_eq!(text(&progressing)["state"]["underway"]["position"], serde_json::json!({ "step": 0 }));
}
