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
