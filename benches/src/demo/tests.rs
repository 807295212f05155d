//! The claims, held against made-up traffic: one request each 10 ms, from second 0 to second 50.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use canary_controller::api::History;
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::demo::canaryctl::Ended;
use crate::demo::check::Switch;
use crate::demo::timeline::Timeline;
use crate::load::{Answer, Record, ReleaseName};
use crate::origin::Stats;

/// Second, canary, phase, weight, reason: a demo that goes as it should.
const TURNS: [(u64, &str, &str, u16, &str); 12] = [
    (3, "v3", "preparing", 0, "command"),
    (5, "v3", "progressing", 1_000, "ready"),
    (8, "v3", "aborted", 0, "error-rate"),
    (10, "v2", "preparing", 0, "command"),
    (12, "v2", "progressing", 1_000, "ready"),
    (18, "v2", "progressing", 2_500, "certificate"),
    (27, "v2", "probation", 10_000, "certificate"),
    (33, "v2", "aborted", 0, "command"),
    (40, "v4", "preparing", 0, "command"),
    (41, "v4", "held", 0, "ready"),
    (43, "v4", "probation", 10_000, "command"),
    (46, "v4", "aborted", 0, "command"),
];

fn second(second: u64) -> Moment {
    Moment::from_micros(second * 1_000_000)
}

fn timeline() -> Timeline {
    let entry = |(index, (second, canary, to, weight, reason)): (usize, &(u64, &str, &str, u16, &str))| {
        let reason = if *reason == "error-rate" { json!({ "breach": "err" }) } else { json!(reason) };
        json!({
            "id": index, "at": format!("1970-01-01T00:00:{second:02}.000Z"), "service": "web", "actor": "canaryd",
            "command": null, "note": null, "evidence": null,
            "transition": { "generation": 1, "canary": canary, "from": "idle", "to": to, "step": null,
                            "weight_bp": weight, "reason": reason },
        })
    };
    // The newest comes first.
    let entries: Vec<_> = TURNS.iter().enumerate().map(entry).rev().collect();
    let history: History = serde_json::from_value(json!({ "entries": entries })).unwrap();
    Timeline::read(&history).unwrap()
}

/// Who answers the n-th request, if every tenth (fourth, each) goes to the canary in turn.
fn answer(n: u64, sent: Moment) -> (&'static str, StatusCode) {
    let turn = TURNS.iter().rfind(|turn| second(turn.0) <= sent);
    let (_, canary, _, weight, _) = turn.copied().unwrap_or((0, "v1", "", 0, ""));
    let is_canary = weight > 0 && n.is_multiple_of(10_000 / u64::from(weight));
    match (is_canary, canary) {
        // What it fails, stable answers.
        (true, "v3") if n.is_multiple_of(70) => ("v1", StatusCode::OK),
        (true, canary) => (canary, StatusCode::OK),
        (false, _) => ("v1", StatusCode::OK),
    }
}

fn record(sent: Moment, release: &str, status: StatusCode) -> Record {
    let release = Some(ReleaseName::new(release.as_bytes()));
    Record { sent, took: Duration::from_millis(1), answer: Answer::Whole { status, release } }
}

fn seen() -> Seen {
    let records = (0..15_000).map(|n| {
        let sent = Moment::from_micros(n * 50_000_000 / 15_000);
        let (release, status) = answer(n, sent);
        record(sent, release, status)
    });
    let ended = |code| Ended { code: Some(code), took: Duration::from_secs(5) };
    let stats = Stats { served: 90, failed: 13, first_failure: Some(second(6)), last_request: Some(second(8)) };
    Seen {
        bad: ended(10),
        bad_at_abort: stats,
        bad_at_end: stats,
        good: ended(0),
        undo: ended(0),
        switch: Switch { started: ended(12), promoted: ended(0), undone: ended(0) },
        timeline: timeline(),
        records: records.collect(),
        begun: second(0),
        ended: second(50),
        stopped: ExitStatus::from_raw(0),
    }
}

/// The claims that do not hold, as they are printed.
fn broken(seen: &Seen) -> Vec<String> {
    seen.checks().iter().filter(|check| !check.holds()).map(ToString::to_string).collect()
}

#[test]
fn a_demo_that_goes_as_it_should_is_shown_whole() {
    let mut out = Vec::new();
    let mut transcript = Transcript::begin(&mut out, "title").unwrap();
    assert_eq!(conclude(&seen(), &mut transcript).unwrap(), Verdict::Shown);
    let expected = include_str!("tests/shown.txt");
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn one_late_request_to_the_bad_release_breaks_zero() {
    let mut seen = seen();
    seen.records.push(record(second(30), "v3", StatusCode::OK));
    assert_eq!(
        broken(&seen),
        [
            "✖ zero      after that v3 served 0 requests, and answered 1 of the client's 12526",
            "✖ fair      3 of 4 measured shares of v2 lie within 5σ of the ones set"
        ]
    );
    seen.records.pop();
    seen.bad_at_end.served += 1;
    assert_eq!(broken(&seen), ["✖ zero      after that v3 served 1 requests, and answered 0 of the client's 12525"]);
}

#[test]
fn a_failure_of_anyone_breaks_unharmed() {
    for lost in [
        Record { answer: Answer::Lost, ..record(second(1), "v1", StatusCode::OK) },
        record(second(1), "v1", StatusCode::BAD_GATEWAY),
        record(second(20), "v2", StatusCode::INTERNAL_SERVER_ERROR),
        record(second(6), "v3", StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let mut seen = seen();
        seen.records.push(lost);
        let claim = "✖ unharmed  the client saw 1 failures in 15001 requests: what v3 failed, v1 answered";
        assert_eq!(broken(&seen), [claim]);
    }
}

#[test]
fn an_unfair_share_breaks_fair() {
    let mut seen = seen();
    // Every request to the canary of seconds 13 to 17 goes to stable instead.
    for record in &mut seen.records {
        if record.is_by(GOOD) && second(13) <= record.sent && record.sent < second(17) {
            record.answer = self::record(record.sent, STABLE, StatusCode::OK).answer;
        }
    }
    assert_eq!(broken(&seen), ["✖ fair      3 of 4 measured shares of v2 lie within 5σ of the ones set"]);
}

#[test]
fn every_exit_code_counts() {
    let word = |change: fn(&mut Seen)| {
        let mut seen = seen();
        change(&mut seen);
        broken(&seen).iter().map(|claim| claim.split_whitespace().nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(word(|seen| seen.bad.code = Some(0)), ["aborted"]);
    assert_eq!(word(|seen| seen.bad_at_abort.failed = 0), ["aborted"]);
    assert_eq!(word(|seen| seen.good.code = Some(12)), ["raised"]);
    assert_eq!(word(|seen| seen.undo.code = None), ["undone"]);
    assert_eq!(word(|seen| seen.switch.started.code = Some(0)), ["switched"]);
    assert_eq!(word(|seen| seen.switch.promoted.code = Some(4)), ["switched"]);
    assert_eq!(word(|seen| seen.switch.undone.code = None), ["switched"]);
    assert_eq!(word(|seen| seen.ended = second(51)), ["steady"]);
    assert_eq!(word(|seen| seen.stopped = ExitStatus::from_raw(9)), ["stopped"]);
}

#[test]
fn nothing_is_claimed_of_what_never_happened() {
    let mut seen = seen();
    seen.timeline = Timeline::read(&History::default()).unwrap();
    seen.records.clear();
    let words: Vec<_> = broken(&seen).iter().map(|claim| claim.split_whitespace().nth(1).unwrap().to_owned()).collect();
    assert_eq!(words, ["aborted", "zero", "raised", "fair", "undone", "switched", "steady"]);
}

#[test]
fn a_change_without_a_change_of_weight_does_not_end_a_span() {
    let spans = timeline().spans(GOOD, second(40));
    let spans: Vec<_> = spans.iter().map(|span| (span.weight.bp(), span.from, span.until)).collect();
    assert_eq!(
        spans,
        [
            (1_000, second(12), second(18)),
            (2_500, second(18), second(27)),
            (10_000, second(27), second(33)),
            (0, second(33), second(40)),
        ]
    );
}
