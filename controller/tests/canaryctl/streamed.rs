//! `events`: every change as it comes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use crate::canaryctl::answers::{events, frozen_history, history};
use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::golden::assert_golden;
use crate::canaryctl::terminal::signal;

fn entries(document: &Value) -> Vec<Value> {
    let mut entries = document["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

/// Some, and then silence until the end.
fn then_silent(answer: Vec<u8>) -> (Answer, mpsc::Sender<()>) {
    let (word, waits) = mpsc::channel();
    (Answer::Begun(answer, waits), word)
}

fn spawn(fake: &Fake, args: &[&str]) -> Child {
    fake.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The first lines, then an interrupt.
fn first_lines(child: &mut Child, count: usize) -> String {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<_> = stdout.lines().take(count).map(Result::unwrap).collect();
    signal(child, "INT");
    lines.join("\n") + "\n"
}

#[test]
fn every_change_is_a_line_until_interrupted() {
    let all = [entries(&history()), entries(&frozen_history())].concat();
    let (answer, _word) = then_silent(events(&all));
    let fake = Fake::saying([answer]);
    let mut child = spawn(&fake, &["events", "--after", "9"]);
    let lines = first_lines(&mut child, all.len());
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let mut expected: Vec<_> = lines.lines().collect();
    expected.sort_unstable();
    expected.reverse();
    assert_golden("events", &(expected.join("\n") + "\n"));
    let request = fake.next_asked();
    assert_eq!((request.line.as_str(), request.last_event_id.as_deref()), ("GET /v1/events", Some("9")));
}

#[test]
fn as_json_every_change_is_a_document_in_a_line() {
    let all = entries(&history());
    let (answer, _word) = then_silent(events(&all));
    // Without a number it begins behind the newest change.
    let fake = Fake::saying([Answer::ok(&history()), answer]);
    let mut child = spawn(&fake, &["events", "--json"]);
    let lines = first_lines(&mut child, all.len());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let documents: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents, all);
    assert_eq!(fake.next_asked().line, "GET /v1/history?limit=1");
    assert_eq!(fake.next_asked().last_event_id.as_deref(), Some("14"));
}

#[test]
fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let all = entries(&history());
    let (answer, _word) = then_silent(events(&all[2..]));
    let fake = Fake::saying([Answer::Bytes(events(&all[..2])), Answer::Bytes(Vec::new()), answer]);
    let mut child = spawn(&fake, &["events", "--after", "0"]);
    let lines = first_lines(&mut child, all.len());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(lines.lines().count(), all.len());
    let ids: Vec<_> = fake.asked().into_iter().map(|request| request.last_event_id.unwrap()).collect();
    assert_eq!(ids, ["0", "11", "11"]);
}

#[test]
fn a_problem_ends_it() {
    let fake = Fake::saying([Answer::problem("404 Not Found", "not-found", "there is no such page")]);
    let ended = fake.run(&["events", "--after", "0"]);
    assert!(ended.stderr.starts_with("error: there is no such page\n"), "{}", ended.stderr);
    assert_eq!(ended.code, 2);
}
