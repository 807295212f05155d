//! Accounts of rollouts, as canaryd would send them.

use serde_json::{Value, json};

use crate::canaryctl::fixture::{evidence, with};

/// Sent back for its errors.
pub(super) fn convicted() -> Value {
    json!({
        "service": "web", "generation": 7, "canary": "v3", "stable": "v2", "peers": [],
        "rule": "Host(`shop.example`) && PathPrefix(`/`)", "plan": plan(),
        "began_at": "2026-05-01T12:00:05.123Z", "first_share_ms": 5_200, "told_ms": 17_410, "phase": "aborted",
        "reason": "error-rate", "actor": "canaryd", "note": null, "step": 1, "weight_bp": 1_000, "in_phase_ms": null,
        "missing": null, "unready": null, "conviction": conviction("error-rate", "err", [7, 226, 0, 2_199]),
        "passes": [], "probation": null, "rollback": { "to_last_pick_us": 85, "in_flight": 3, "to_drained_ms": 640 },
        "arms": arms([9, 231], [0, 2_240]), "evidence": evidence(39.4, [0.01, 2.0, 1.4, 1.1]),
        "course": course("fail"),
        "requests": [
            request("12:00:11.018", "/cart", "server_error", (Some(500), 4_100, Some(200))),
            request("12:00:12.406", "/cart/items/2031/very/long/and/winding/path", "reset", (Some(200), 8_040, None)),
            request("12:00:16.940", "/login", "unanswered", (None, 1_000_210, Some(200))),
            request("12:00:17.101", "/cart", "server_error", (Some(503), 3_870, Some(200))),
            with(request("12:00:17.390", "/cart", "connect_failed", (None, 210, Some(200))), json!({ "is_after_verdict": true })),
        ],
        "more": { "failed": 12, "slow": 1, "missed": 0 },
    })
}

/// Sent back as it was slow, at 25 %.
pub(super) fn slow() -> Value {
    let conviction = with(
        conviction("latency-p90", "l90", [412, 2_310, 1_980, 20_011]),
        json!({
            "weight_bp": 2_500, "at_ms": 305_000,
            "canary": { "scored": 2_310, "bad": 412, "slow_above_ms": 38.0 },
            "stable": { "scored": 20_011, "bad": 1_980, "slow_above_ms": 38.0 },
        }),
    );
    with(
        convicted(),
        json!({
            "reason": "latency-p90", "step": 2, "weight_bp": 2_500, "told_ms": 305_100, "conviction": conviction,
            "passes": [pass(1, 1_000, 2_500, "certificate", [21.0, 480.0, 31.0, 20.5])],
            "requests": [request("12:05:01.500", "/search", "success", (Some(200), 91_000, None))],
            "more": { "failed": 0, "slow": 380, "missed": 4 },
        }),
    )
}

/// Reached every request, and became stable.
pub(super) fn certified() -> Value {
    with(
        convicted(),
        json!({
            "phase": "idle", "reason": "probation-over", "step": null, "weight_bp": 10_000, "told_ms": 1_265_200,
            "conviction": null, "rollback": null, "arms": arms([3, 41_022], [31, 122_910]), "course": course("pass"),
            "probation": { "error_rate_max": 0.012, "scored": 90_410, "failed": 30 },
            "passes": [
                pass(1, 1_000, 2_500, "certificate", [21.0, 480.0, 31.0, 20.5]),
                pass(2, 2_500, 10_000, "certificate", [20.1, 2.0e7, 4_000.0, 33.0]),
            ],
            "evidence": evidence(0.4, [20.1, 2.0e7, 4_000.0, 33.0]), "requests": [],
            "more": { "failed": 0, "slow": 0, "missed": 0 },
        }),
    )
}

/// Goes on.
pub(super) fn under_way() -> Value {
    with(
        convicted(),
        json!({
            "phase": "progressing", "reason": "certificate", "step": 2, "weight_bp": 2_500, "in_phase_ms": 61_000,
            "told_ms": 312_000, "conviction": null, "rollback": null, "arms": arms([1, 5_102], [12, 40_332]),
            "passes": [pass(1, 1_000, 2_500, "certificate", [21.0, 480.0, 31.0, 20.5])],
            "evidence": evidence(3.2, [4.0, 30.0, 9.0, 1.2]),
            "course": course("not-enough"),
            "missing": {
                "what": "evidence that the canary's p99 latency is no worse", "canary_requests": 1_240, "eta_ms": 363_000,
            },
            "requests": [], "more": { "failed": 0, "slow": 0, "missed": 0 },
        }),
    )
}

/// Nothing was ever compared.
pub(super) fn blue_green() -> Value {
    with(
        certified(),
        json!({
            "plan": with(plan(), json!({ "strategy": "blue-green", "steps_bp": [0] })), "peers": ["api", "mail"],
            "passes": [pass(1, 0, 10_000, "command", [1.0; 4])], "arms": arms([0, 0], [0, 0]), "course": [],
            "evidence": evidence(1.0, [1.0; 4]), "first_share_ms": 64_000,
        }),
    )
}

/// No request has ever reached it.
pub(super) fn never_ready() -> Value {
    with(
        convicted(),
        json!({
            "reason": "never-ready", "first_share_ms": null, "step": null, "weight_bp": 0, "conviction": null,
            "rollback": null, "arms": null, "evidence": null, "course": [], "requests": [], "told_ms": 60_050,
            "unready": "10.0.0.9:8080: connection refused", "more": { "failed": 0, "slow": 0, "missed": 0 },
        }),
    )
}

/// Taken back by a human in probation.
pub(super) fn undone() -> Value {
    with(
        certified(),
        json!({
            "phase": "aborted", "reason": "command", "actor": "uid 1000", "note": "the support desk calls\u{1b}[2J",
        }),
    )
}

/// Convicted on this ground, of which the plan says something.
pub(super) fn convicted_of(ground: &str, metric: &str, counts: [u64; 4]) -> Value {
    let limits = json!({
        "error_rate_max": 0.02, "p99_max_ms": 300.0, "failed_requests_max": 50, "failed_users_max": 10,
    });
    let conviction = conviction(ground, metric, counts);
    with(convicted(), json!({ "reason": ground, "plan": with(plan(), limits), "conviction": conviction }))
}

fn plan() -> Value {
    json!({
        "strategy": "canary", "profile": "balanced", "assignment": "request", "counted": "requests",
        "steps_bp": [1_000, 2_500], "ready_timeout_ms": 60_000, "error_rate_max": null, "p99_max_ms": null,
        "failed_requests_max": null, "failed_users_max": null,
    })
}

fn conviction(ground: &str, metric: &str, [bad, scored, stable_bad, stable_scored]: [u64; 4]) -> Value {
    let slow_above_ms = (metric != "err").then_some(38.0);
    json!({
        "at_ms": 17_400, "weight_bp": 1_000, "ground": ground, "metric": metric, "ln_abort": 39.4_f64.ln(),
        "ln_abort_at": 20_f64.ln(), "canary": { "scored": scored, "bad": bad, "slow_above_ms": slow_above_ms },
        "stable": { "scored": stable_scored, "bad": stable_bad, "slow_above_ms": slow_above_ms },
    })
}

fn pass(step: usize, weight_bp: u64, to_bp: u64, reason: &str, promote: [f64; 4]) -> Value {
    let ratios_and_margins = [("err", 1.5, 0.005), ("l50", 1.0, 0.1), ("l90", 1.0, 0.05), ("l99", 1.0, 0.02)];
    let proofs: Vec<_> = ratios_and_margins
        .iter()
        .zip(promote)
        .map(|((metric, ratio, tolerance), factor)| {
            let margin = tolerance * 10_000.0 / f64::from(u32::try_from(to_bp).unwrap());
            json!({ "metric": metric, "ln_promote": factor.ln(), "ratio": ratio, "margin": margin })
        })
        .collect();
    let seen = if weight_bp == 0 { 0 } else { 2_310 * step };
    json!({
        "step": step, "weight_bp": weight_bp, "to_bp": to_bp, "at_ms": 252_000 * step, "reason": reason, "for_bp": to_bp,
        "arms": arms([1, seen as u64], [4, 9 * seen as u64]), "proofs": proofs, "ln_promote_at": 20_f64.ln(),
    })
}

fn arms([failed, scored]: [u64; 2], [stable_failed, stable_scored]: [u64; 2]) -> Value {
    let arm = |failed, scored, p50: f64| json!({ "scored": scored, "failed": failed, "p50_ms": p50, "p90_ms": 19.0, "p99_ms": 40.1 });
    json!({ "canary": arm(failed, scored, 4.2), "stable": arm(stable_failed, stable_scored, 4.1) })
}

/// Nothing, then a doubt, then certainty; or no doubt at all.
fn course(end: &str) -> Value {
    let factors = if end == "fail" {
        [1.0, 0.98, 0.97, 1.6, 4.2, 4.1, 9.7, 39.4]
    } else {
        [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.04]
    };
    let points = factors.iter().enumerate().map(|(at, factor)| {
        let verdict = if at + 1 == factors.len() { end } else { "not-enough" };
        point(5_200 + 1_743 * at as u64, 1_000, verdict, *factor)
    });
    points.collect()
}

fn point(at_ms: u64, weight_bp: u64, verdict: &str, factor: f64) -> Value {
    let metric = |metric: &str, times: f64, promote: f64| json!({ "metric": metric, "ln_abort": (factor * times).ln(), "ln_promote": promote.ln() });
    json!({
        "at_ms": at_ms, "weight_bp": weight_bp, "verdict": verdict, "ln_abort": factor.ln(),
        "metrics": [
            metric("err", 1.8, 1.0 / factor),
            metric("l50", 1.0, 1.2),
            metric("l90", 1.0, 1.1),
            { "metric": "l99", "ln_abort": 0.0, "ln_promote": null },
        ],
    })
}

fn request(
    at: &str,
    path: &str,
    outcome: &str,
    (status, waited_us, rescued): (Option<u16>, u64, Option<u16>),
) -> Value {
    json!({
        "id": format!("{:0>32}", at.replace([':', '.'], "")), "at": format!("2026-05-01T{at}Z"), "method": "GET",
        "path": path, "backend": "10.0.0.9:8080", "outcome": outcome, "status": status, "waited_us": waited_us,
        "rescued": rescued, "is_after_verdict": false,
    })
}
