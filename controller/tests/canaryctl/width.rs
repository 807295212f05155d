//! The layout holds, whatever the numbers and the names are.

use canary_controller::render::{self, COLUMNS, Color, OVERVIEW_COLUMNS};
use serde_json::{Value, json};

use crate::canaryctl::accounts::{certified, convicted, never_ready, slow, under_way};
use crate::canaryctl::answers::{
    done, forecast_hopeless, freeze_of_all, freeze_window, frozen_history, history, rollouts, story, transition, why,
};
use crate::canaryctl::fixture::{
    aborted, blue_green, down, held_thin, idle, overview, parsed, paused, preparing, probation, progressing, recreate,
    rolling, together, with,
};

/// The longest name there may be, the largest numbers, and evidence past all bounds.
fn extreme(service: &Value) -> Value {
    let name = "n".repeat(63);
    let mut service = with(
        service.clone(),
        json!({
            "name": name, "stable": name, "canary": name, "generation": u64::MAX, "measured_bp": u16::MAX,
            "priority": u32::MAX, "critical": true, "strategy": "s".repeat(80), "peers": [name, name, name],
            "queue": [name, name], "freeze": with(freeze_window(), json!({ "service": name, "actor": "a".repeat(300) })),
            "in_phase_ms": u64::MAX, "reason": "r".repeat(300), "weight_bp": 9_999,
            "step": { "number": u32::MAX, "of": u32::MAX, "min_ms": u64::MAX, "max_ms": u64::MAX, "gate": "manual", "deadline_ms": u64::MAX },
            "missing": { "what": "w".repeat(300), "canary_requests": u64::MAX, "eta_ms": u64::MAX },
        }),
    );
    for track in service["tracks"].as_array_mut().unwrap() {
        *track = json!({
            "track": "t".repeat(50), "release": name, "ready": u32::MAX, "backends": u32::MAX, "requests": u64::MAX,
            "errors": u64::MAX, "p50_ms": 1e300, "p99_ms": 123_456.0,
        });
    }
    if let Some(evidence) = service["evidence"].as_object_mut() {
        evidence.insert("ln_abort".into(), json!(1e300));
        evidence.insert("ln_abort_at".into(), json!(13.0));
        evidence.insert("error_difference_percent".into(), json!([-1e300, 1e300]));
        evidence.insert("metrics".into(), json!([{ "metric": "m".repeat(40), "ln_abort": 9.9, "ln_promote": 1e9 }]));
    }
    service
}

fn services() -> [Value; 12] {
    [
        idle(),
        preparing(),
        progressing(),
        held_thin(),
        paused(),
        probation(),
        aborted(),
        blue_green(),
        rolling(),
        recreate(),
        together(),
        down(),
    ]
}

#[test]
fn no_line_is_longer_than_a_hundred_columns() {
    let mut texts = Vec::new();
    for service in services().map(|service| extreme(&service)) {
        texts.push(render::status(&parsed(&service), Color::Never));
        texts.push(render::progress(&parsed(&service)));
    }
    let mut history = history();
    history["entries"][1]["service"] = json!("s".repeat(63));
    history["entries"][1]["note"] = json!("n".repeat(1_000));
    texts.push(render::history(&parsed(&history), Color::Never));
    let mut done = done(&transition("held", "probation", Some(9_999), 9_999, &json!("command")));
    done["service"] = json!("s".repeat(63));
    done["transition"]["canary"] = json!("c".repeat(63));
    texts.push(render::done(&parsed(&done), Color::Never));
    texts.push(render::history(&parsed(&frozen_history()), Color::Never));
    texts.push(render::freezes(&parsed(&json!({ "freezes": [extreme_freeze()] })), Color::Never));
    texts.push(render::rollouts(&parsed(&extreme_rollouts()), Color::Never));
    texts.push(render::story(
        &parsed(&with(story(), json!({ "summary": extreme_rollouts()["rollouts"][0] }))),
        Color::Never,
    ));
    texts.push(render::why(&parsed(&extreme_why()), Color::Never));
    texts.push(render::forecast(&parsed(&extreme_forecast()), Color::Never));
    for account in [convicted(), slow(), certified(), under_way(), never_ready()] {
        texts.push(render::account(&parsed(&extreme_account(account)), Color::Never));
    }
    texts.push(render::failure(&"e".repeat(1_000), Some(&"hint ".repeat(90)), Color::Never));
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= COLUMNS, "{line}");
        assert_eq!(line, line.trim_end(), "blanks at the end");
    }
}

fn extreme_freeze() -> Value {
    with(freeze_of_all(), json!({ "actor": "a".repeat(300), "note": "n".repeat(1_000), "until": "u".repeat(90) }))
}

fn extreme_rollouts() -> Value {
    let mut rollouts = rollouts();
    rollouts["rollouts"][0] = with(
        rollouts["rollouts"][0].clone(),
        json!({
            "generation": u64::MAX, "canary": "c".repeat(63), "began_at": "b".repeat(80), "reason": "r".repeat(200),
        }),
    );
    rollouts
}

fn extreme_forecast() -> Value {
    let mut forecast = forecast_hopeless();
    forecast["service"] = json!("s".repeat(63));
    forecast["assignment"] = json!(format!("header:{}", "h".repeat(300)));
    forecast["caveats"] = json!(["c".repeat(400), "\u{1b}[2J"]);
    forecast["traffic"] = with(
        forecast["traffic"].clone(),
        json!({ "looked_ms": u64::MAX, "requests": u64::MAX, "failures": u64::MAX, "per_second": 1e300,
                "quiet_per_second": 1e300, "busy_per_second": 1e300, "error_rate": 9.0 }),
    );
    forecast["until_full_ms"] = json!(u64::MAX);
    forecast["steps"][0] = with(
        forecast["steps"][0].clone(),
        json!({ "canary_requests": u64::MAX, "max_ms": u64::MAX, "stay_ms": u64::MAX, "end": "e".repeat(90),
                "slowdown": { "times": 1e300, "after_ms": u64::MAX, "canary_requests": u64::MAX },
                "errors": { "error_rate": 1e-9, "after_ms": u64::MAX, "canary_requests": 1, "failed_requests": u64::MAX } }),
    );
    forecast["proposal"]["toml"] = json!("t".repeat(300));
    forecast["proposal"]["because"] = json!("b".repeat(300));
    forecast
}

fn extreme_account(account: Value) -> Value {
    let name = "n".repeat(63);
    let mut account = with(
        account,
        json!({
            "service": name, "canary": name, "stable": name, "generation": u64::MAX, "rule": "r".repeat(1_000),
            "peers": vec![name; 32], "note": "n".repeat(1_000), "actor": "a".repeat(100), "unready": "u".repeat(300),
            "told_ms": u64::MAX, "began_at": "b".repeat(90),
            "more": { "failed": u64::MAX, "slow": u64::MAX, "missed": u64::MAX },
        }),
    );
    for point in account["course"].as_array_mut().unwrap() {
        *point = with(point.clone(), json!({ "at_ms": u64::MAX, "ln_abort": 1e300, "verdict": "v".repeat(40) }));
        point["metrics"][0]["ln_promote"] = json!(-1e300);
    }
    for request in account["requests"].as_array_mut().unwrap() {
        let [id, path] = ["i", "/p"].map(|text| text.repeat(128));
        let extremes = json!({ "id": id, "path": path, "method": "M".repeat(32), "waited_us": u64::MAX, "outcome": "o".repeat(50) });
        *request = with(request.clone(), extremes);
    }
    account
}

fn extreme_why() -> Value {
    let mut why = why();
    why["host"] = json!("h".repeat(253));
    why["path"] = json!(format!("/{}", "p".repeat(4_000)));
    why["served_by"]["because"] = json!(["b".repeat(400), "\u{1b}[2J"]);
    why["served_by"]["tracks"][0]["track"] = json!("t".repeat(40));
    why["served_by"]["tracks"][0]["because"] = json!("b".repeat(400));
    why["served_by"]["tracks"][0]["backends"][0]["why"] = json!("w".repeat(400));
    why["passed_over"][0]["rule"] = json!("r".repeat(400));
    why
}

#[test]
fn the_overview_fits_eighty_columns() {
    for service in services().map(|service| extreme(&service)) {
        let freezes = json!([extreme_freeze()]);
        let overview = with(overview(), json!({ "services": [service], "freezes": freezes }));
        let text = render::overview(&parsed(&overview), Color::Never);
        for line in text.lines() {
            assert!(line.chars().count() <= OVERVIEW_COLUMNS, "{line}");
            assert_eq!(line, line.trim_end(), "blanks at the end");
        }
    }
}

#[test]
fn a_status_with_short_names_fits_eighty_columns() {
    for service in services() {
        let text = render::status(&parsed(&service), Color::Never);
        let long: Vec<_> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
    }
}

#[test]
fn nothing_jumps_when_numbers_grow() {
    // The place of each heading and the ends of the numbers are the same with one request and with millions.
    let small = render::status(&parsed(&progressing()), Color::Never);
    let mut grown = progressing();
    for track in grown["tracks"].as_array_mut().unwrap() {
        *track = with(track.clone(), json!({ "requests": 9_999_999, "errors": 1_234_567, "p50_ms": 0.41 }));
    }
    grown["evidence"]["ln_abort"] = json!(2.99);
    let grown = render::status(&parsed(&grown), Color::Never);
    let ends = |text: &str| -> Vec<usize> {
        let table = text.lines().skip_while(|line| !line.starts_with("TRACK")).take(3);
        table.map(|line| line.chars().count()).collect()
    };
    assert_eq!(ends(&small), ends(&grown));
    let headings =
        |text: &str| text.lines().filter(|line| line.starts_with(char::is_uppercase)).map(str::to_owned).collect();
    let (small, grown): (Vec<String>, Vec<String>) = (headings(&small), headings(&grown));
    assert_eq!(small, grown);
}
