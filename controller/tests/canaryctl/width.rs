//! The layout holds, whatever the numbers and the names are.

use canary_controller::render::{self, COLUMNS, Color};
use serde_json::{Value, json};

use crate::canaryctl::fixture::{
    aborted, done, held_thin, history, idle, overview, parsed, paused, preparing, probation, progressing, transition,
    with,
};

/// The longest name there may be, the largest numbers, and evidence past all bounds.
fn extreme(service: &Value) -> Value {
    let name = "n".repeat(63);
    let mut service = with(
        service.clone(),
        json!({
            "name": name, "stable": name, "canary": name, "generation": u64::MAX, "measured_bp": u16::MAX,
            "in_phase_ms": u64::MAX, "reason": "r".repeat(300), "weight_bp": 9_999,
            "step": { "number": u32::MAX, "of": u32::MAX, "min_ms": u64::MAX, "max_ms": u64::MAX, "manual": true },
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

fn services() -> [Value; 7] {
    [idle(), preparing(), progressing(), held_thin(), paused(), probation(), aborted()]
}

#[test]
fn no_line_is_longer_than_a_hundred_columns() {
    let mut texts = Vec::new();
    for service in services().map(|service| extreme(&service)) {
        texts.push(render::status(&parsed(&service), Color::Never));
        texts.push(render::progress(&parsed(&service)));
        let overview = with(overview(), json!({ "services": [service] }));
        texts.push(render::overview(&parsed(&overview), Color::Never));
    }
    let mut history = history();
    history["entries"][1]["service"] = json!("s".repeat(63));
    history["entries"][1]["note"] = json!("n".repeat(1_000));
    texts.push(render::history(&parsed(&history), Color::Never));
    let mut done = done(&transition("held", "probation", Some(9_999), 9_999, &json!("command")));
    done["service"] = json!("s".repeat(63));
    done["transition"]["canary"] = json!("c".repeat(63));
    texts.push(render::done(&parsed(&done), Color::Never));
    texts.push(render::failure(&"e".repeat(1_000), Some(&"hint ".repeat(90)), Color::Never));
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= COLUMNS, "{line}");
        assert_eq!(line, line.trim_end(), "blanks at the end");
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
