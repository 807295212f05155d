//! `watch` and `status --watch` where there is no terminal: a line for each change.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::fixture::{aborted, held_thin, idle, overview, paused_by_operator, probation, progressing, with};
use crate::canaryctl::terminal::signal;

fn watch(way: &[Value], args: &[&str]) -> (Ended, Fake) {
    let fake = Fake::saying(way.iter().map(Answer::ok).collect::<Vec<_>>());
    (fake.run(&[&["watch", "web"], args].concat()), fake)
}

#[test]
fn a_wait_that_was_cut_off_is_taken_up_again() {
    let second = with(progressing(), json!({ "weight_bp": 2_500 }));
    let (ended, _) = watch(&[progressing(), progressing(), paused_by_operator(), second, probation()], &[]);
    let stdout = "\
web v2: 10% (step 1 of 3)
web v2: paused at 10% (step 1 of 3): an operator has paused it
web v2: 25% (step 1 of 3)
web v2: 100%, in probation
";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, stdout, ""));
}

#[test]
fn whoever_comes_after_the_end_still_gets_the_verdict() {
    for (service, code) in [(aborted(), 10), (held_thin(), 12), (probation(), 0), (idle(), 0)] {
        let (ended, _) = watch(&[service], &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (code, ""), "{}", ended.stdout);
        assert!(!ended.stdout.is_empty());
    }
}

#[test]
fn as_json_every_change_is_a_line() {
    let (ended, _) = watch(&[progressing(), progressing(), aborted()], &["--json"]);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((ended.code, lines), (10, vec![progressing(), aborted()]));
}

#[test]
fn a_restart_on_the_way_is_waited_out_and_nobody_at_first_is_not() {
    let cut = || Answer::Bytes(Vec::new());
    let fake = Fake::saying([Answer::ok(&progressing()), cut(), cut(), Answer::ok(&probation())]);
    assert_eq!(fake.run(&["watch", "web"]).code, 0);
    let fake = Fake::saying([cut(), Answer::ok(&probation())]);
    assert_eq!(fake.run(&["watch", "web"]).code, 1);
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn a_status_that_is_watched_tells_every_change_once() {
    let docs = || with(idle(), json!({ "name": "docs" }));
    let changed = with(overview(), json!({ "services": [with(progressing(), json!({ "weight_bp": 2_500 })), docs()] }));
    let first = with(overview(), json!({ "services": [progressing(), docs()] }));
    let last = with(overview(), json!({ "services": [aborted()] }));
    let fake = Fake::saying([&first, &first, &changed, &last].map(Answer::ok));
    let mut child = fake.command(&["status", "-w"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<_> = lines.take(4).map(Result::unwrap).collect();
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let expected = [
        "web v2: 10% (step 1 of 3)",
        "docs v1: completed, stable now",
        "web v2: 25% (step 1 of 3)",
        "web v2: aborted: the canary fails more requests than stable",
    ];
    assert_eq!(lines, expected);
}
