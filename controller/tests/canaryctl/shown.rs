//! Every text, whole.

use canary_controller::render::{self, Color};
use serde_json::{Value, json};

use crate::canaryctl::fixture::{
    aborted, done, held_approval, held_thin, history, idle, overview, parsed, paused, preparing, probation,
    progressing, started, store_trouble, transition, with,
};
use crate::canaryctl::golden::assert_golden;

fn assert_status(name: &str, service: &Value) {
    assert_golden(name, &render::status(&parsed(service), Color::Never));
}

fn progress(service: &Value) -> String {
    render::progress(&parsed(service))
}

#[test]
fn a_service_at_rest() {
    assert_status("status_idle", &idle());
}

#[test]
fn a_release_that_gets_ready() {
    assert_status("status_preparing", &preparing());
}

#[test]
fn a_canary_at_ten_percent() {
    assert_status("status_progressing", &progressing());
}

#[test]
fn a_rollout_that_waits_for_traffic() {
    assert_status("status_held_thin", &held_thin());
}

#[test]
fn a_rollout_that_waits_for_a_human() {
    assert_status("status_held_approval", &held_approval());
}

#[test]
fn a_rollout_whose_stable_is_gone() {
    assert_status("status_paused", &paused());
}

#[test]
fn a_release_in_probation() {
    assert_status("status_probation", &probation());
}

#[test]
fn a_canary_that_failed_too_much() {
    assert_status("status_aborted", &aborted());
}

#[test]
fn a_service_beside_a_store_in_trouble() {
    assert_status("status_store", &with(progressing(), json!({ "store_trouble": store_trouble()["message"] })));
}

#[test]
fn data_cannot_drive_the_terminal_and_long_names_break_nothing() {
    let long = "a-release-with-the-longest-name-that-there-may-be-0123456789abc";
    assert_eq!(long.len(), 63);
    let mut service = with(
        held_thin(),
        json!({
            "name": long, "stable": long, "canary": long, "reason": "a\u{1b}]0;new\u{7} reason\n\u{202e}",
            "rule": format!("Host(`{}.example`)\u{1b}[2J || {}", "a".repeat(120), "Path(`/日本語`) || ".repeat(9)),
        }),
    );
    service["tracks"][0]["release"] = json!(long);
    service["tracks"][1]["track"] = json!("canary\u{9b}31m and more");
    assert_status("status_hostile", &service);
}

#[test]
fn all_services() {
    assert_golden("overview", &render::overview(&parsed(&overview()), Color::Never));
}

#[test]
fn all_services_beside_a_store_in_trouble() {
    let overview = with(overview(), json!({ "store": store_trouble(), "services": [idle()] }));
    assert_golden("overview_store", &render::overview(&parsed(&overview), Color::Never));
}

#[test]
fn no_services() {
    let overview = with(overview(), json!({ "services": [] }));
    assert_eq!(render::overview(&parsed(&overview), Color::Never), "no services\n");
}

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
        done(&transition("probation", "idle", None, 0, command)),
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
    let reloaded = json!({
        "changed": ["services.web.rule: Host(`a.example`) -> Host(`b.example`)", "services.docs: added"],
        "needs_restart": ["listeners.https.address: 0.0.0.0:443 -> 0.0.0.0:8443"],
    });
    assert_golden("reloaded", &render::reloaded(&parsed(&reloaded), Color::Never));
    let nothing = json!({ "changed": [], "needs_restart": [] });
    assert_eq!(render::reloaded(&parsed(&nothing), Color::Never), "✔ nothing has changed\n");
}

#[test]
fn every_line_of_a_wait() {
    let way = [
        preparing(),
        with(progressing(), json!({ "weight_bp": 50 })),
        progressing(),
        held_thin(),
        held_approval(),
        paused(),
        probation(),
        with(idle(), json!({ "stable": "v2" })),
        aborted(),
    ];
    assert_golden("progress", &way.map(|service| progress(&service)).concat());
}

#[test]
fn what_went_wrong() {
    let what = "a rollout of v2 is progressing; abort it or wait for its end\u{1b}[2J";
    let text = render::failure(what, Some("`canaryctl status web` says where it stands"), Color::Never);
    assert_golden("failure", &text);
}
