//! Where services stand: every text, whole.

use canary_controller::render::{self, Color};
use serde_json::{Value, json};

use crate::canaryctl::answers::{freeze_of_all, freeze_window, standstill};
use crate::canaryctl::fixture::{
    aborted, blue_green, down, held_approval, held_thin, idle, last_words, never_ready, overview, parsed, paused,
    paused_by_operator, preparing, probation, progressing, recreate, rolling, store_trouble, together, with,
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
fn a_rollout_that_waits_for_its_hooks() {
    let said: Vec<String> = (1..=12).map(|line| format!("line {line} \u{1b}[2J of the migration")).collect();
    let checks = json!([
        {"hook": "pre_deploy", "outcome": "passed", "took_ms": 61_000, "tries": 1, "said": ["nobody reads this"]},
        {"hook": "pre_traffic", "outcome": "ignored", "took_ms": 900, "tries": 3, "why": "example.com answered with 500"},
        {"hook": "smoke", "outcome": "running", "took_ms": 1_200, "tries": 0},
        {"hook": "on_abort", "outcome": "failed", "took_ms": 70, "tries": 1, "why": "it ended with code 3", "said": said},
    ]);
    assert_status("status_hooks", &with(preparing(), json!({"checks": checks})));
}

#[test]
fn a_canary_that_failed_too_much() {
    assert_status("status_aborted", &aborted());
}

#[test]
fn a_canary_whose_containers_said_something() {
    let mut words = last_words();
    let log = words[0]["log"].as_array().unwrap()[45..].to_vec();
    words[0]["log"] = json!(log);
    assert_status("status_last_words", &with(aborted(), json!({ "last_words": words })));
}

#[test]
fn a_canary_that_never_came_up_shows_no_evidence() {
    assert_status("status_never_ready", &never_ready());
}

#[test]
fn a_rollout_that_an_operator_has_paused() {
    assert_status("status_paused_by_operator", &paused_by_operator());
    let both = json!({ "pause": "both", "reason": "stable-unready" });
    let text = render::status(&parsed(&with(paused(), both)), Color::Never);
    assert!(text.contains("an operator has paused it, and stable has no ready backend"), "{text}");
    assert!(text.contains("canaryctl resume web"), "{text}");
}

#[test]
fn two_colours_and_a_human() {
    assert_status("status_blue_green", &blue_green());
}

#[test]
fn one_instance_after_the_other() {
    assert_status("status_rolling", &rolling());
}

#[test]
fn a_release_that_leaves_before_the_next_one_comes() {
    assert_status("status_recreate", &recreate());
}

#[test]
fn several_services_under_a_freeze_with_a_queue() {
    assert_status("status_together", &together());
}

#[test]
fn a_canary_whose_containers_are_measured() {
    let container = |name: &str, release: &str, memory: u64, milli: Option<u64>| {
        json!({
            "id": "5ed2013b40f6", "name": name, "release": release, "image": "web:v1", "state": "running",
            "address": "10.0.0.1:8080", "open": 2, "restarts": 0,
            "usage": {
                "memory_bytes": memory, "memory_bytes_max": null, "processor_milli": milli, "processor_total_us": 9,
            },
        })
    };
    let containers = [
        container("web-1", "v1", 24 << 20, Some(120)),
        container("web-2", "v1", 26 << 20, Some(130)),
        container("web-v2", "v2", 2_049 << 19, None),
    ];
    let limit = |resource: &str,
                 limit_milli: u32,
                 amounts: Option<(u64, u64)>,
                 not_judged: Option<&str>,
                 exceeded_ms: Option<u64>| {
        json!({
            "resource": resource, "limit_milli": limit_milli, "stable": amounts.map(|(stable, _)| stable),
            "canary": amounts.map(|(_, canary)| canary), "not_judged": not_judged, "exceeded_ms": exceeded_ms,
        })
    };
    let limits = [
        limit("memory", 4_000, Some((25 << 20, 2_049 << 19)), None, Some(12_400)),
        limit("processor", 1_500, Some((2_000_000, 2_100_000)), None, None),
        limit("processor", 1_250, None, Some("stable gets no requests"), None),
    ];
    assert_status("status_usage", &with(progressing(), json!({ "containers": containers, "limits": limits })));
}

#[test]
fn a_canary_that_used_too_much() {
    let excess = "a request to v2 takes 6.00ms of processor time, 3.00 times as much as v1 (2.00ms), and at most 2 times is allowed";
    let service = with(aborted(), json!({ "reason": "processor", "excess": excess }));
    assert_status("status_excess", &service);
}

#[test]
fn a_service_that_nobody_serves() {
    assert_status("status_down", &down());
}

#[test]
fn a_service_in_a_freeze_window() {
    assert_status("status_frozen", &with(idle(), json!({ "freeze": freeze_window() })));
}

#[test]
fn a_service_that_an_operator_has_parked() {
    assert_status("status_parked", &with(held_approval(), json!({ "parked": standstill(), "waiting": 1_204 })));
}

#[test]
fn a_service_whose_requests_wait_for_a_backend() {
    assert_status("status_waiting", &with(down(), json!({ "waiting": 1 })));
}

#[test]
fn all_services_and_who_is_parked() {
    let until_unparked = json!({ "actor": "token", "note": null, "since": "2026-05-01T12:00:00Z", "until": null });
    let services = [
        with(progressing(), json!({ "name": "api", "parked": until_unparked })),
        with(down(), json!({ "name": "docs", "waiting": 12 })),
        with(idle(), json!({ "parked": standstill(), "waiting": 1 })),
    ];
    let overview = json!({ "store": { "healthy": true, "message": null }, "services": services, "freezes": [] });
    assert_golden("overview_parked", &render::overview(&parsed(&overview), Color::Never));
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
fn all_services_and_what_asks_for_a_human() {
    let services = [
        with(paused_by_operator(), json!({ "name": "api" })),
        with(recreate(), json!({ "name": "cron" })),
        with(down(), json!({ "name": "docs" })),
        with(blue_green(), json!({ "name": "mail", "queue": ["v3"] })),
        together(),
    ];
    let overview = json!({
        "store": { "healthy": true, "message": null }, "services": services,
        "freezes": [freeze_of_all(), freeze_window()],
    });
    assert_golden("overview_frozen", &render::overview(&parsed(&overview), Color::Never));
}

#[test]
fn no_services() {
    let overview = with(overview(), json!({ "services": [] }));
    assert_eq!(render::overview(&parsed(&overview), Color::Never), "no services\n");
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
        recreate(),
        blue_green(),
        rolling(),
        paused_by_operator(),
        never_ready(),
        with(aborted(), json!({ "reason": "peer", "evidence": null })),
        with(idle(), json!({ "generation": 0 })),
    ];
    assert_golden("progress", &way.map(|service| progress(&service)).concat());
}
