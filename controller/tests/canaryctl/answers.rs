//! Answers to everything but the status, as canaryd would send them.

use serde_json::{Value, json};

use crate::canaryctl::fixture::{evidence, with};

pub(super) fn transition(from: &str, to: &str, step: Option<usize>, weight_bp: u16, reason: &Value) -> Value {
    json!({
        "generation": 7, "canary": "v2", "from": from, "to": to, "step": step, "weight_bp": weight_bp,
        "reason": reason,
    })
}

pub(super) fn done(transition: &Value) -> Value {
    json!({ "service": "web", "transition": transition, "durable": true })
}

/// An abort, and how the canary left.
pub(super) fn sent_back(to_last_pick_us: u64, in_flight: u64, to_drained_ms: Option<u64>) -> Value {
    let aborted = done(&transition("progressing", "aborted", None, 0, &json!("command")));
    let rollback = json!({
        "to_last_pick_us": to_last_pick_us, "in_flight": in_flight, "to_drained_ms": to_drained_ms,
    });
    with(aborted, json!({ "rollback": rollback }))
}

pub(super) fn started() -> Value {
    done(&transition("idle", "preparing", None, 0, &json!("command")))
}

/// A start of two services.
pub(super) fn started_together() -> Value {
    let api = with(transition("aborted", "preparing", None, 0, &json!("command")), json!({ "canary": "v7" }));
    with(started(), json!({ "peers": [{ "service": "api", "transition": api }] }))
}

/// A start that waits for the end of rollout 7.
pub(super) fn queued() -> Value {
    let queued = transition("progressing", "progressing", Some(0), 1_000, &json!("queued"));
    done(&with(queued, json!({ "canary": "v3" })))
}

pub(super) fn history() -> Value {
    let long = "the error budget of May is used up, so nothing that the support desk has not seen goes out before \
                the first of June (see CHG-1042)\u{1b}[2J";
    let mut history = json!({ "entries": [
        entry(14, "2026-05-01T12:21:09.120Z", "canaryd", None, None,
            &transition("progressing", "aborted", None, 0, &json!({ "breach": "err" }))),
        entry(13, "2026-05-01T12:10:44.003Z", "uid 1000", Some("promote"), Some(long),
            &transition("held", "progressing", Some(1), 2_500, &json!("command"))),
        entry(12, "2026-05-01T12:02:10Z", "canaryd", None, None,
            &transition("progressing", "held", Some(0), 50, &json!("thin-evidence"))),
        entry(11, "2026-05-01T12:00:10Z", "canaryd", None, None,
            &transition("preparing", "progressing", Some(0), 50, &json!("ready"))),
        entry(10, "2026-05-01T12:00:05Z", "uid 1000", Some("start v2"), None,
            &transition("idle", "preparing", None, 0, &json!("command"))),
    ] });
    history["entries"][0]["evidence"] = evidence(23.4_f64, [0.001, 3.0, 2.0, 1.0]);
    history
}

/// Lines that are about no rollout.
pub(super) fn frozen_history() -> Value {
    let of_web = entry(16, "2026-05-01T13:00:00Z", "uid 1000", Some("unfreeze"), None, &Value::Null);
    let of_all = entry(15, "2026-05-01T12:30:00Z", "token", Some("freeze for 2h"), Some("CHG-1050"), &Value::Null);
    json!({ "entries": [of_web, with(of_all, json!({ "service": null }))] })
}

pub(super) fn entry(
    id: i64,
    at: &str,
    actor: &str,
    command: Option<&str>,
    note: Option<&str>,
    transition: &Value,
) -> Value {
    json!({
        "id": id, "at": at, "service": "web", "actor": actor, "command": command, "note": note,
        "transition": transition, "evidence": null,
    })
}

/// Server-sent events, as bytes.
pub(super) fn events(entries: &[Value]) -> Vec<u8> {
    let event = |entry: &Value| format!("id: {}\nevent: change\ndata: {entry}\n\n", entry["id"]);
    let body: String = entries.iter().map(event).collect();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    // The stream has no end: the connection breaks.
    format!("{head}{:x}\r\n: alive\n\n{body}\r\n", body.len() + ": alive\n\n".len()).into_bytes()
}

pub(super) fn freeze_of_all() -> Value {
    json!({
        "service": null, "window": null, "actor": "uid 1000", "note": "the error budget is used up",
        "since": "2026-05-01T12:00:00Z", "until": "2026-05-01T14:00:00Z",
    })
}

pub(super) fn freeze_of_web() -> Value {
    json!({ "service": "web", "window": null, "actor": "token", "note": null, "since": "2026-05-01T12:00:00Z", "until": null })
}

pub(super) fn freeze_window() -> Value {
    json!({
        "service": "web", "window": "weekend", "actor": "canaryd.toml", "note": null, "since": null,
        "until": "2026-05-04T06:00:00Z",
    })
}

/// A service that an operator has parked.
pub(super) fn parked() -> Value {
    json!({
        "service": "web", "parked": standstill(), "waiting": 1_204, "timeout_ms": 30_000, "requests": 5_000,
    })
}

pub(super) fn standstill() -> Value {
    json!({
        "actor": "uid 1000", "note": "the primary moves to db-2", "since": "2026-05-01T12:00:00.120Z",
        "until": "2026-05-01T12:05:00.120Z",
    })
}

pub(super) fn rollouts() -> Value {
    json!({ "rollouts": [
        summary(9, "v4", "progressing", "ready", 1_000),
        summary(8, "v3", "aborted", "error-rate", 2_500),
        with(summary(7, "v2", "idle", "probation-over", 10_000), json!({ "began_at": null })),
    ] })
}

pub(super) fn story() -> Value {
    let mut entries = history()["entries"].as_array().unwrap().clone();
    entries.reverse();
    json!({ "summary": summary(7, "v2", "aborted", "error-rate", 2_500), "entries": entries })
}

fn summary(generation: u64, canary: &str, phase: &str, reason: &str, weight_max_bp: u16) -> Value {
    json!({
        "generation": generation, "canary": canary, "began_at": "2026-05-01T12:00:05.2Z",
        "changed_at": "2026-05-01T12:21:09Z", "phase": phase, "reason": reason, "weight_max_bp": weight_max_bp,
    })
}

pub(super) fn why() -> Value {
    json!({
        "host": "shop.example", "path": "/cart",
        "served_by": {
            "service": "web", "rule": "Host(`shop.example`) && PathPrefix(`/`)", "priority": 39,
            "because": ["the host is `shop.example`", "the path begins with `/`"],
            "tracks": [
                { "track": "stable", "release": "v1", "weight_bp": 9_000, "because": "what the canary leaves", "backends": [
                    { "id": "10.0.0.1:8080", "address": "10.0.0.1:8080", "ready": true, "why": null },
                    { "id": "web-v1-2", "address": "10.0.0.2:8080", "ready": false, "why": "connection refused" },
                ] },
                { "track": "canary", "release": "v2", "weight_bp": 1_000, "because": "step 1 of 3", "backends": [] },
            ],
        },
        "passed_over": [{
            "service": "admin", "rule": "Host(`shop.example`) && PathPrefix(`/admin`)", "priority": 44,
            "because": "PathPrefix(`/admin`): the path is `/cart`",
        }],
        "unmentioned": 0, "answered_by_health_path": [],
    })
}

pub(super) fn why_nobody() -> Value {
    with(why(), json!({ "host": "other.example", "served_by": null, "unmentioned": 80 }))
}

pub(super) fn why_health() -> Value {
    with(why(), json!({ "path": "/healthz", "answered_by_health_path": ["http", "https"] }))
}

pub(super) fn reloaded() -> Value {
    json!({
        "changed": [
            { "service": "docs", "change": "added" },
            { "service": "old", "change": "removed" },
            { "service": "web", "change": "changed" },
        ],
        "needs_restart": ["listen", "store"],
        "warnings": ["/etc/canaryd/canaryd.toml:9:8: warning: services.web.rule: Host has several arguments; write ||"],
    })
}

pub(super) fn forecast() -> Value {
    json!({
        "service": "web", "strategy": "canary", "profile": "balanced", "assignment": "request", "counted": "requests",
        "traffic": {
            "looked_ms": 8_040_000, "requests": 321_600, "failures": 322, "per_second": 40.0, "is_rate_assumed": false,
            "quiet_per_second": 31.2, "busy_per_second": 52.0, "error_rate": 0.001, "is_error_rate_assumed": false,
            "are_latencies_assumed": false,
        },
        "steps": [
            forecast_step(1_000, 215, (61_000, "certified"), [(0.023, 3), (1.7, 0)]),
            forecast_step(2_500, 1_440, (144_000, "certified"), [(0.007, 10), (1.3, 0)]),
        ],
        "probation": {
            "duration_ms": 600_000, "limit": 0.01,
            "errors": { "error_rate": 0.013, "after_ms": 590_000, "canary_requests": 23_600, "failed_requests": 307 },
        },
        "until_full_ms": 205_000, "caveats": [], "proposal": null,
    })
}

/// A step that needs so many requests, takes so long and ends so, and finds so much.
fn forecast_step(weight_bp: u64, needs: u64, (stay_ms, end): (u64, &str), [errors, slower]: [(f64, u64); 2]) -> Value {
    json!({
        "weight_bp": weight_bp, "gate": "evidence", "min_ms": 60_000, "max_ms": 900_000, "canary_requests": needs,
        "metrics": [{ "metric": "err", "canary_requests": needs }, { "metric": "l50", "canary_requests": 9 }],
        "evidence_after_ms": stay_ms, "end": end, "stay_ms": stay_ms,
        "errors": {
            "error_rate": errors.0, "after_ms": 57_000, "canary_requests": needs, "failed_requests": errors.1,
        },
        "slowdown": { "times": slower.0, "after_ms": 58_000, "canary_requests": needs },
        "dead": { "error_rate": 1.0, "after_ms": 1_250, "canary_requests": 5, "failed_requests": 5 },
    })
}

pub(super) fn forecast_hopeless() -> Value {
    with(
        forecast(),
        json!({
            "traffic": with(forecast()["traffic"].clone(), json!({
                "looked_ms": 540_000, "requests": 162, "failures": 0, "per_second": 0.3, "quiet_per_second": 0.2,
                "busy_per_second": 0.5, "error_rate": 0.01, "is_error_rate_assumed": true, "are_latencies_assumed": true,
            })),
            "steps": [
                forecast_step(1_000, 404, (13_440_000, "held"), [(0.05, 8), (1.5, 0)]),
                with(forecast_step(2_500, 2_656, (0, "held"), [(0.02, 8), (1.3, 0)]), json!({ "stay_ms": null })),
            ],
            "until_full_ms": null,
            "caveats": ["that is a short look: what the next hours bring may be quite another rate"],
            "proposal": {
                "because": "at a larger share the canary gets its requests sooner; a step may wait for 3h until its evidence is there",
                "toml": "[services.web.rollout]\nmin_duration = \"1m\"\nmax_duration = \"3h\"\nsteps = [25, 50, 100]\n",
                "steps": [
                    forecast_step(2_500, 388, (5_160_000, "certified"), [(0.03, 8), (1.3, 0)]),
                    forecast_step(5_000, 778, (4_960_000, "certified"), [(0.02, 8), (1.2, 0)]),
                ],
                "until_full_ms": 10_120_000,
            },
        }),
    )
}

/// Nothing has come, and clients are to be counted.
pub(super) fn forecast_unknown() -> Value {
    let unknown = json!({
        "evidence_after_ms": null, "stay_ms": null, "end": "held", "errors": null, "slowdown": null, "dead": null,
    });
    let at = |weight_bp, needs| with(forecast_step(weight_bp, needs, (0, "held"), [(0.5, 0); 2]), unknown.clone());
    with(
        forecast(),
        json!({
            "assignment": "header:X-User", "counted": "clients",
            "traffic": with(forecast()["traffic"].clone(), json!({
                "looked_ms": 42_000, "requests": 0, "failures": 0, "per_second": null, "quiet_per_second": null,
                "busy_per_second": null, "error_rate": 0.0, "are_latencies_assumed": true,
            })),
            "steps": [at(1_000, 193), at(2_500, 778)], "until_full_ms": null,
            "probation": { "duration_ms": 600_000, "limit": 0.1, "errors": null },
            "caveats": ["a client counts once however much it asks", "fewer than 1000 requests say little"],
        }),
    )
}
