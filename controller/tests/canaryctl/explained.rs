//! What convicted or certified a release, in words.

use canary_controller::render::{self, Color};
use serde_json::{Value, json};

use crate::canaryctl::accounts::{
    blue_green, certified, convicted, convicted_of, never_ready, slow, under_way, undone,
};
use crate::canaryctl::fixture::{last_words, parsed, with};
use crate::canaryctl::golden::assert_golden;

fn explained(account: &Value) -> String {
    render::account(&parsed(account), Color::Never)
}

/// The sentence, and what follows it up to the time.
fn gist(account: &Value) -> String {
    let text = explained(account);
    let end = text.find("\ntime ").expect("a time");
    text[..end].to_owned() + "\n\n"
}

#[test]
fn a_release_that_failed_too_much() {
    assert_golden("explain_convicted", &explained(&convicted()));
}

#[test]
fn a_release_that_was_too_slow() {
    assert_golden("explain_slow", &explained(&slow()));
}

#[test]
fn a_release_that_became_stable() {
    assert_golden("explain_certified", &explained(&certified()));
}

#[test]
fn a_release_that_was_never_ready() {
    assert_golden("explain_never_ready", &explained(&never_ready()));
}

#[test]
fn every_ground_has_its_words() {
    let counts = [7, 226, 0, 2_199];
    let probation = json!({ "error_rate_max": 0.012, "scored": 1_812, "failed": 61 });
    let full = |mut account: Value| {
        account["conviction"]["weight_bp"] = json!(10_000);
        with(account, json!({ "weight_bp": 10_000, "step": null, "probation": probation }))
    };
    let texts = [
        convicted_of("latency-p50", "l50", [180, 226, 1_102, 2_199]),
        convicted_of("guardrail-error-rate", "err", counts),
        convicted_of("guardrail-latency", "l99", [9, 226, 3, 2_199]),
        convicted_of("never-healthy", "err", [5, 5, 0, 41]),
        convicted_of("no-connection", "err", [5, 226, 0, 2_199]),
        convicted_of("failure-run", "err", [11, 226, 0, 2_199]),
        convicted_of("failed-requests", "err", [50, 1_226, 2, 12_199]),
        convicted_of("failed-users", "err", [12, 226, 2, 2_199]),
        full(convicted_of("error-rate", "err", [61, 1_812, 4, 90_102])),
        with(convicted(), json!({ "reason": "a-ground-of-a-newer-canaryd" })),
    ];
    assert_golden("explain_grounds", &texts.each_ref().map(gist).concat());
}

#[test]
fn every_end_that_no_verdict_brought_has_its_words() {
    let end = json!({ "phase": "aborted", "passes": [], "missing": null });
    let without = |reason: &str| with(with(under_way(), end.clone()), json!({ "reason": reason }));
    let texts = [
        undone(),
        with(without("command"), json!({ "actor": "uid 1000" })),
        with(never_ready(), json!({ "reason": "command", "actor": "uid 1000", "unready": null })),
        without("unready"),
        without("thin-evidence"),
        without("not-approved"),
        with(without("peer"), json!({ "peers": ["api"] })),
        without("superseded"),
        with(
            without("memory"),
            json!({ "unready": "a container of v3 has 200.0 MiB of memory, 2.00 times as much as v1 (100.0 MiB), and at most 1.5 times is allowed" }),
        ),
        blue_green(),
        with(
            blue_green(),
            json!({ "plan": with(blue_green()["plan"].clone(), json!({ "strategy": "recreate", "steps_bp": [] })), "passes": [] }),
        ),
    ];
    assert_golden("explain_ends", &texts.each_ref().map(gist).concat());
}

#[test]
fn every_place_on_the_way_has_its_words() {
    let at = |fields: Value| with(with(under_way(), json!({ "passes": [] })), fields);
    let begun = |fields: Value| {
        let started = json!({ "reason": "command", "actor": "uid 1000", "unready": null });
        with(with(never_ready(), started), fields)
    };
    let quiet = json!({ "ln_abort": 0.1, "ln_abort_at": 20_f64.ln(), "ln_promote_at": 20_f64.ln(), "metrics": [], "error_difference_percent": null });
    let texts = [
        under_way(),
        at(json!({ "evidence": quiet })),
        at(json!({ "phase": "held", "reason": "thin-evidence" })),
        at(json!({ "phase": "held", "reason": "approval" })),
        at(json!({ "phase": "held", "reason": "shared-breach" })),
        at(json!({ "phase": "paused", "reason": "command", "actor": "uid 1000", "note": "lunch" })),
        at(json!({ "phase": "paused", "reason": "stable-unready" })),
        at(json!({ "phase": "probation", "step": null, "weight_bp": 10_000, "missing": null })),
        at(json!({ "phase": "preparing", "reason": "restarted", "missing": null })),
        begun(json!({ "phase": "preparing", "began_at": null })),
        begun(json!({ "phase": "draining" })),
    ];
    assert_golden("explain_under_way", &texts.each_ref().map(gist).concat());
}

#[test]
fn a_long_course_is_told_in_few_lines_with_every_change() {
    let points: Vec<_> = (0..60_u64)
        .map(|at| {
            let weight_bp = if at < 37 { 1_000 } else { 2_500 };
            let mut point = convicted()["course"][0].clone();
            point["at_ms"] = json!(5_200 + at * 10_000);
            point["weight_bp"] = json!(weight_bp);
            point["verdict"] = json!(if at == 36 { "pass" } else { "not-enough" });
            point
        })
        .collect();
    let text = explained(&with(under_way(), json!({ "course": points })));
    let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("AFTER")).skip(1).take(12).collect();
    let at = |time: &str| lines.iter().any(|line| line.trim_start().trim_start_matches("✔ ").starts_with(time));
    assert!(at("0s") && at("6m ") && at("6m 10s") && at("9m 50s"), "{text}");
}

#[test]
fn what_its_containers_said_last() {
    let account = with(convicted(), json!({ "last_words": last_words() }));
    assert_golden("explain_last_words", &explained(&account));
}
