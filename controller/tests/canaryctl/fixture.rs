//! Where services stand, as canaryd would send it.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::canaryctl::answers::freeze_of_all;

/// The typed meaning of a document.
pub(super) fn parsed<T: DeserializeOwned>(document: &Value) -> T {
    serde_json::from_value(document.clone()).unwrap()
}

/// The document with some fields set anew.
pub(super) fn with(mut document: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    document.as_object_mut().unwrap().extend(fields);
    document
}

pub(super) fn idle() -> Value {
    json!({
        "name": "web", "rule": "Host(`shop.example`) && PathPrefix(`/`)", "phase": "idle", "reason": "probation-over",
        "generation": 6, "stable": "v1", "canary": null, "weight_bp": 0, "measured_bp": null, "in_phase_ms": null,
        "step": null, "evidence": null, "missing": null,
        "tracks": [track("stable", "v1", 3, 1_284_112, 57, 4.12, 38.4)],
    })
}

pub(super) fn preparing() -> Value {
    with(
        idle(),
        json!({
            "phase": "preparing", "reason": "command", "generation": 7, "canary": "v2", "in_phase_ms": 8_200,
            "tracks": [track("stable", "v1", 3, 1_284_390, 57, 4.12, 38.4), {
                "track": "canary", "release": "v2", "ready": 1, "backends": 2, "requests": 0, "errors": 0,
                "p50_ms": null, "p99_ms": null,
            }],
            "missing": { "what": "1 of 2 backends of v2 to pass its probe", "canary_requests": null, "eta_ms": null },
        }),
    )
}

pub(super) fn progressing() -> Value {
    with(
        idle(),
        json!({
            "phase": "progressing", "reason": "ready", "generation": 7, "canary": "v2", "weight_bp": 1_000,
            "measured_bp": 981, "in_phase_ms": 252_000, "step": step(1),
            "tracks": trial_tracks(1),
            "evidence": evidence(0.4_f64, [12.0, 480.0, 31.0, 0.02]),
            "missing": {
                "what": "the error rate and the p90 and p99 latency to be certified for 25%",
                "canary_requests": 1_240, "eta_ms": 363_000,
            },
        }),
    )
}

pub(super) fn held_thin() -> Value {
    with(
        progressing(),
        json!({
            "phase": "held", "reason": "thin-evidence", "in_phase_ms": 5_025_000, "measured_bp": 1_034,
            "tracks": [
                track("stable", "v1", 3, 312, 0, 4.0, 41.0),
                track("canary", "v2", 2, 36, 0, 4.3, 44.0),
            ],
            "evidence": {
                "ln_abort": 0.0, "ln_abort_at": 20_f64.ln(), "ln_promote_at": 20_f64.ln(),
                "metrics": [
                    { "metric": "err", "ln_abort": 0.0, "ln_promote": 0.9 },
                    { "metric": "l50", "ln_abort": -0.1, "ln_promote": 1.2 },
                    { "metric": "l90", "ln_abort": -0.4, "ln_promote": 0.1 },
                    { "metric": "l99", "ln_abort": 0.0, "ln_promote": null },
                ],
                "error_difference_percent": null,
            },
            "missing": {
                "what": "every metric to be certified for 25%", "canary_requests": 2_150, "eta_ms": 41_400_000,
            },
        }),
    )
}

pub(super) fn held_approval() -> Value {
    with(
        progressing(),
        json!({
            "phase": "held", "reason": "approval", "in_phase_ms": 61_000, "weight_bp": 2_500, "measured_bp": 2_498,
            "step": with(step(2), json!({ "gate": "manual", "deadline_ms": 86_400_000 })),
            "tracks": trial_tracks(2),
            "evidence": evidence(0.02_f64, [88.0, 2.0e7, 4_000.0, 21.0]),
            "missing": { "what": "a human's `promote`", "canary_requests": null, "eta_ms": null },
        }),
    )
}

pub(super) fn paused() -> Value {
    with(
        progressing(),
        json!({
            "phase": "paused", "reason": "stable-unready", "pause": "stable-unready", "in_phase_ms": 3_400,
            "tracks": [
                with(track("stable", "v1", 3, 121_432, 12, 4.12, 38.4), json!({ "ready": 0 })),
                track("canary", "v2", 2, 13_502, 1, 4.2, 40.1),
            ],
            "missing": { "what": "a ready backend of stable", "canary_requests": null, "eta_ms": null },
        }),
    )
}

pub(super) fn probation() -> Value {
    with(
        progressing(),
        json!({
            "phase": "probation", "reason": "certificate", "in_phase_ms": 90_000, "weight_bp": 10_000,
            "measured_bp": 10_000, "step": null, "evidence": null,
            "missing": { "what": "the end of the probation", "canary_requests": null, "eta_ms": 510_000 },
        }),
    )
}

pub(super) fn aborted() -> Value {
    with(
        progressing(),
        json!({
            "rollback": { "to_last_pick_us": 85, "in_flight": 3, "to_drained_ms": 640 },
            "phase": "aborted", "reason": "error-rate", "weight_bp": 0, "measured_bp": null, "in_phase_ms": null,
            "step": null, "missing": null,
            "tracks": [
                track("stable", "v1", 3, 3_060, 1, 4.1, 38.0),
                track("canary", "v2", 2, 340, 12, 4.4, 52.0),
            ],
            "evidence": with(evidence(23.4_f64, [0.001, 3.0, 2.0, 1.0]), json!({
                "error_difference_percent": [0.61, 8.42],
            })),
        }),
    )
}

pub(super) fn overview() -> Value {
    json!({
        "store": { "healthy": true, "message": null },
        "services": [
            with(held_approval(), json!({ "name": "api" })),
            with(aborted(), json!({ "name": "billing-internal-eu-west-1" })),
            with(idle(), json!({ "name": "docs", "stable": "2026.05.01-3f9c2ab" })),
            with(preparing(), json!({ "name": "mail" })),
            with(paused(), json!({ "name": "search" })),
            with(probation(), json!({ "name": "static" })),
            progressing(),
        ],
    })
}

pub(super) fn store_trouble() -> Value {
    json!({
        "healthy": false,
        "message": "/var/lib/canaryd/canaryd.db: disk full; make room, then it goes on by itself",
    })
}

/// Stays at its share by an operator's word.
pub(super) fn paused_by_operator() -> Value {
    with(
        progressing(),
        json!({
            "phase": "paused", "reason": "command", "pause": "command", "in_phase_ms": 61_000,
            "missing": { "what": "an operator's `resume`", "canary_requests": null, "eta_ms": null },
        }),
    )
}

/// Both colours run, and a human is to say when.
pub(super) fn blue_green() -> Value {
    with(
        held_approval(),
        json!({
            "strategy": "blue-green", "weight_bp": 0, "measured_bp": null, "critical": true, "priority": 100,
            "step": { "number": 1, "of": 2, "min_ms": 0, "max_ms": 0, "gate": "manual", "deadline_ms": 86_400_000 },
            "tracks": [track("stable", "v1", 3, 1_284_390, 57, 4.12, 38.4), not_asked(2)],
        }),
    )
}

/// One instance after the other.
pub(super) fn rolling() -> Value {
    with(
        progressing(),
        json!({
            "strategy": "rolling", "reason": "time", "weight_bp": 3_333, "measured_bp": 3_391, "in_phase_ms": 12_000,
            "step": { "number": 1, "of": 3, "min_ms": 60_000, "max_ms": 900_000, "gate": "time", "deadline_ms": null },
            "missing": { "what": "the step's minimum time", "canary_requests": null, "eta_ms": 48_000 },
        }),
    )
}

/// The old release leaves, and nobody serves.
pub(super) fn recreate() -> Value {
    with(
        preparing(),
        json!({
            "strategy": "recreate", "phase": "draining", "in_phase_ms": 900,
            "missing": {
                "what": "the last request of the release that leaves", "canary_requests": null, "eta_ms": null,
            },
        }),
    )
}

/// Its backends never came up.
pub(super) fn never_ready() -> Value {
    with(
        aborted(),
        json!({
            "reason": "never-ready", "rollback": null,
            "tracks": [track("stable", "v1", 3, 1_284_390, 57, 4.12, 38.4), not_asked(0)],
            "evidence": evidence(1.0_f64, [1.0, 1.0, 1.0, 1.0]),
        }),
    )
}

/// Moves with others, under a freeze, and with releases that wait behind it.
pub(super) fn together() -> Value {
    with(progressing(), json!({ "peers": ["api", "mail"], "queue": ["v3", "v4"], "freeze": freeze_of_all() }))
}

/// Nobody is left that could serve.
pub(super) fn down() -> Value {
    with(
        idle(),
        json!({
            "critical": true,
            "tracks": [with(track("stable", "v1", 3, 1_284_112, 57, 4.12, 38.4), json!({ "ready": 0 }))],
            "missing": {
                "what": "a ready backend of v1; the log says why there is none", "canary_requests": null,
                "eta_ms": null,
            },
        }),
    )
}

fn not_asked(ready: usize) -> Value {
    json!({
        "track": "canary", "release": "v2", "ready": ready, "backends": 2, "requests": 0, "errors": 0,
        "p50_ms": null, "p99_ms": null,
    })
}

fn step(number: usize) -> Value {
    json!({ "number": number, "of": 3, "min_ms": 120_000, "max_ms": 1_800_000, "gate": "evidence" })
}

fn trial_tracks(factor: u64) -> Value {
    json!([
        track("stable", "v1", 3, 121_432 * factor, 12 * factor, 4.12, 38.4),
        track("canary", "v2", 2, 13_502 * factor, factor, 4.2, 40.1),
    ])
}

fn track(track: &str, release: &str, ready: usize, requests: u64, errors: u64, p50_ms: f64, p99_ms: f64) -> Value {
    json!({
        "track": track, "release": release, "ready": ready, "backends": ready, "requests": requests,
        "errors": errors, "p50_ms": p50_ms, "p99_ms": p99_ms,
    })
}

/// Evidence by its factors: against the canary in all, and for the next step by metric.
pub(super) fn evidence(against: f64, promote: [f64; 4]) -> Value {
    let metric = |metric: &str, against: f64, promote: f64| json!({ "metric": metric, "ln_abort": against.ln(), "ln_promote": promote.ln() });
    json!({
        "ln_abort": against.ln(), "ln_abort_at": 20_f64.ln(), "ln_promote_at": 20_f64.ln(),
        "metrics": [
            metric("err", against * 1.9, promote[0]),
            metric("l50", against * 0.3, promote[1]),
            metric("l90", against * 0.9, promote[2]),
            metric("l99", against * 0.01, promote[3]),
        ],
        "error_difference_percent": [-0.02, 0.03],
    })
}

/// What two containers of a canary left behind: the kernel killed one, and the other could not be asked.
pub(super) fn last_words() -> Value {
    let log: Vec<_> = (1..=48).map(|row| format!("read row {row}")).collect();
    let end = [
        "a line that is longer than a screen is wide goes on below, as all the others do, and loses nothing",
        "\u{1b}[2Jout of\tmemory",
    ];
    let log: Vec<_> = log.iter().map(String::as_str).chain(end).collect();
    json!([
        {
            "container": "5ed2013b40f6", "name": "web-v2", "restarts": 2, "log": log,
            "checks": ["connection refused"],
            "ended": { "exit_code": 137, "out_of_memory": true, "was_told": false }
        },
        {
            "container": "355aa4a732ca", "name": "web-v2-2", "restarts": 0, "log": [], "checks": [],
            "ended": { "exit_code": 143, "out_of_memory": false, "was_told": true },
            "trouble": "the log driver syslog of 355aa4a732ca keeps nothing that can be read"
        },
        { "container": "01d1b5ab0c2e", "name": "web-v2-3", "restarts": 0, "log": ["ready"], "checks": [], "ended": null }
    ])
}
