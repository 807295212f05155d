//! What orders and looks answer: every text, whole.

use canary_controller::render::{self, Color};
use serde_json::json;

use crate::canaryctl::answers::{
    done, forecast, forecast_hopeless, forecast_unknown, freeze_of_all, freeze_of_web, freeze_window, frozen_history,
    history, queued, reloaded, rollouts, sent_back, started, started_together, story, transition, why, why_health,
    why_nobody,
};
use crate::canaryctl::fixture::{parsed, with};
use crate::canaryctl::golden::assert_golden;

#[test]
fn the_audit_trail() {
    assert_golden("history", &render::history(&parsed(&history()), Color::Never));
    assert_eq!(render::history(&parsed(&json!({ "entries": [] })), Color::Never), "no history\n");
}

#[test]
fn what_each_command_has_done() {
    let command = &json!("command");
    let texts = [
        started(),
        done(&transition("held", "progressing", Some(1), 2_500, command)),
        done(&transition("progressing", "probation", None, 10_000, command)),
        done(&transition("progressing", "aborted", None, 0, command)),
        sent_back(85, 3, None),
        sent_back(0, 0, Some(0)),
        sent_back(1_234, 1, Some(1_500)),
        done(&transition("probation", "idle", None, 0, command)),
        done(&transition("progressing", "paused", Some(0), 1_000, command)),
        done(&transition("preparing", "held", Some(0), 0, &json!("approval"))),
        done(&transition("progressing", "draining", None, 0, &json!("superseded"))),
        done(&transition("idle", "idle", None, 0, command)),
        queued(),
        started_together(),
    ];
    let texts = texts.map(|done| render::done(&parsed(&done), Color::Never));
    assert_golden("done", &texts.concat());
}

#[test]
fn what_is_done_but_not_stored() {
    let done = done(&transition("progressing", "aborted", None, 0, &json!("command")));
    let done = with(done, json!({ "durable": false }));
    assert_golden("done_not_durable", &render::done(&parsed(&done), Color::Never));
}

#[test]
fn what_a_reload_changed() {
    assert_golden("reloaded", &render::reloaded(&parsed(&reloaded()), Color::Never));
    let nothing = json!({ "changed": [], "needs_restart": [] });
    assert_eq!(render::reloaded(&parsed(&nothing), Color::Never), "✔ nothing has changed\n");
}

#[test]
fn changes_that_are_about_no_rollout() {
    assert_golden("history_frozen", &render::history(&parsed(&frozen_history()), Color::Never));
}

#[test]
fn the_freezes_that_are_in_force() {
    let freezes = json!({ "freezes": [freeze_of_all(), freeze_of_web(), freeze_window()] });
    assert_golden("freezes", &render::freezes(&parsed(&freezes), Color::Never));
    let none = render::freezes(&parsed(&json!({ "freezes": [] })), Color::Never);
    assert_eq!(none, "✔ no freeze is in force\n");
}

#[test]
fn the_rollouts_of_a_service() {
    assert_golden("rollouts", &render::rollouts(&parsed(&rollouts()), Color::Never));
    assert_eq!(render::rollouts(&parsed(&json!({ "rollouts": [] })), Color::Never), "no rollouts\n");
}

#[test]
fn one_rollout_whole() {
    assert_golden("story", &render::story(&parsed(&story()), Color::Never));
}

#[test]
fn who_would_serve_a_request() {
    assert_golden("why", &render::why(&parsed(&why()), Color::Never));
    assert_golden("why_nobody", &render::why(&parsed(&why_nobody()), Color::Never));
    assert_golden("why_health", &render::why(&parsed(&why_health()), Color::Never));
}

#[test]
fn how_the_next_rollout_will_go() {
    assert_golden("plan", &render::forecast(&parsed(&forecast()), Color::Never));
    assert_golden("plan_hopeless", &render::forecast(&parsed(&forecast_hopeless()), Color::Never));
    assert_golden("plan_unknown", &render::forecast(&parsed(&forecast_unknown()), Color::Never));
}

#[test]
fn every_event_is_one_line() {
    let entries = [frozen_history(), history()].map(|document| document["entries"].as_array().unwrap().clone());
    let lines: String = entries.concat().iter().map(|entry| render::event(&parsed(entry))).collect();
    assert_golden("events", &lines);
}

#[test]
fn what_lint_found() {
    let errors = ["canaryd.toml:3:8: listen.web.address: `80` is no address; write \u{1b}[2J"; 2].map(str::to_owned);
    let warnings = ["canaryd.toml:9:8: services.web.rule: Host has two arguments".to_owned()];
    let lint = |errors: &[String], warnings: &[String]| render::lint("canaryd.toml", errors, warnings, Color::Never);
    let texts = [lint(&errors, &warnings), lint(&errors[..1], &[]), lint(&[], &warnings), lint(&[], &[])];
    assert_golden("lint", &texts.concat());
}

#[test]
fn what_went_wrong() {
    let what = "a rollout of v2 is progressing; abort it or wait for its end\u{1b}[2J";
    let text = render::failure(what, Some("`canaryctl status web` says where it stands"), Color::Never);
    assert_golden("failure", &text);
}
