//! What each command asks of canaryd, to the letter.

use serde_json::{Value, json};

use crate::canaryctl::fake::{Answer, Fake, Request, canaryctl};
use crate::canaryctl::fixture::{history, overview, progressing, started};

fn asked(args: &[&str], answer: &Value) -> Request {
    let fake = Fake::saying([Answer::ok(answer)]);
    let ended = fake.run(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    let mut requests = fake.asked();
    assert_eq!(requests.len(), 1, "{args:?}");
    requests.remove(0)
}

fn assert_gets(args: &[&str], target: &str, answer: &Value) {
    let request = Request { line: format!("GET {target}"), content_type: None, body: String::new() };
    assert_eq!(asked(args, answer), request);
}

fn assert_posts(args: &[&str], target: &str, body: &str, answer: &Value) {
    let content_type = Some("application/json".to_owned());
    let request = Request { line: format!("POST {target}"), content_type, body: body.to_owned() };
    assert_eq!(asked(args, answer), request);
}

#[test]
fn status_reads_all_services_or_one() {
    assert_gets(&["status"], "/v1/services", &overview());
    assert_gets(&["status", "web"], "/v1/services/web", &progressing());
}

#[test]
fn start_names_the_release() {
    assert_posts(&["start", "web", "v2"], "/v1/services/web/start", r#"{"release":"v2"}"#, &started());
}

#[test]
fn every_order_carries_its_reason() {
    let orders: [(&[&str], &str); 4] = [
        (&["start", "web", "v2"], r#"{"release":"v2","reason":"it's \"CHG-1\""}"#),
        (&["promote", "web"], r#"{"full":false,"reason":"it's \"CHG-1\""}"#),
        (&["abort", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["undo", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
    ];
    for (order, body) in orders {
        let args = [order, &["--reason", "it's \"CHG-1\""]].concat();
        assert_posts(&args, &format!("/v1/services/web/{}", order[0]), body, &started());
    }
}

#[test]
fn promote_goes_one_step_or_all_the_way() {
    assert_posts(&["promote", "web"], "/v1/services/web/promote", r#"{"full":false}"#, &started());
    assert_posts(&["promote", "web", "--full"], "/v1/services/web/promote", r#"{"full":true}"#, &started());
}

#[test]
fn abort_and_undo_need_no_reason() {
    assert_posts(&["abort", "web"], "/v1/services/web/abort", "{}", &started());
    assert_posts(&["undo", "web"], "/v1/services/web/undo", "{}", &started());
}

#[test]
fn history_has_a_limit_and_maybe_a_service() {
    assert_gets(&["history"], "/v1/history?limit=20", &history());
    assert_gets(&["history", "web", "--limit", "5"], "/v1/history?service=web&limit=5", &history());
}

#[test]
fn reload_sends_an_empty_object() {
    assert_posts(&["reload"], "/v1/reload", "{}", &json!({ "changed": [], "needs_restart": [] }));
}

#[test]
fn the_flag_wins_over_the_environment() {
    let fake = Fake::saying([Answer::ok(&overview())]);
    let mut command = canaryctl(&["status", "--socket"]);
    let output = command.arg(fake.socket()).env("CANARYD_SOCKET", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fake.asked().len(), 1);
}
