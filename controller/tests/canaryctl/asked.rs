//! What each command asks of canaryd, to the letter.

use serde_json::{Value, json};

use crate::canaryctl::accounts::convicted;
use crate::canaryctl::answers::{
    forecast, freeze_of_all, history, parked, rollouts, started, started_together, story, why,
};
use crate::canaryctl::fake::{Answer, Fake, Request, canaryctl};
use crate::canaryctl::fixture::{overview, progressing};

fn asked(args: &[&str], answer: &Value) -> Request {
    let fake = Fake::saying([Answer::ok(answer)]);
    let ended = fake.run(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    let mut requests = fake.asked();
    assert_eq!(requests.len(), 1, "{args:?}");
    requests.remove(0)
}

fn assert_gets(args: &[&str], target: &str, answer: &Value) {
    let request = asked(args, answer);
    assert_eq!((request.line, request.body), (format!("GET {target}"), String::new()));
    assert_eq!((request.content_type, request.key), (None, None));
}

fn assert_posts(args: &[&str], target: &str, body: &str, answer: &Value) {
    let request = asked(args, answer);
    assert_eq!((request.line, request.body.as_str()), (format!("POST {target}"), body));
    assert_eq!(request.content_type.as_deref(), Some("application/json"));
    assert_eq!(request.key.map(|key| key.len()), Some(32), "128 bits");
}

#[test]
fn status_reads_all_services_or_one() {
    assert_gets(&["status"], "/v1/services", &overview());
    assert_gets(&["status", "web"], "/v1/services/web", &progressing());
}

#[test]
fn start_names_the_release() {
    assert_posts(&["start", "web", "v2"], "/v1/services/web/start", r#"{"release":"v2","force":false}"#, &started());
}

#[test]
fn every_order_carries_its_reason() {
    let orders: [(&[&str], &str); 8] = [
        (&["start", "web", "v2"], r#"{"release":"v2","force":false,"reason":"it's \"CHG-1\""}"#),
        (&["promote", "web"], r#"{"full":false,"reason":"it's \"CHG-1\""}"#),
        (&["abort", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["undo", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["pause", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["resume", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["retry", "web"], r#"{"reason":"it's \"CHG-1\""}"#),
        (&["promote", "web", "--full"], r#"{"full":true,"reason":"it's \"CHG-1\""}"#),
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
fn an_order_needs_no_reason() {
    for verb in ["abort", "undo", "pause", "resume", "retry"] {
        assert_posts(&[verb, "web"], &format!("/v1/services/web/{verb}"), "{}", &started());
    }
}

#[test]
fn an_order_may_be_about_one_rollout_only() {
    for verb in ["abort", "undo", "pause", "resume", "retry"] {
        let target = format!("/v1/services/web/{verb}");
        assert_posts(&[verb, "web", "--generation", "7"], &target, r#"{"generation":7}"#, &started());
    }
    let target = "/v1/services/web/promote";
    assert_posts(&["promote", "web", "--generation", "7"], target, r#"{"full":false,"generation":7}"#, &started());
}

#[test]
fn start_says_what_happens_during_a_rollout_and_after_an_abort() {
    let args = ["start", "web=v2", "--on-busy", "supersede", "--force", "--generation", "6"];
    let body = r#"{"release":"v2","on_busy":"supersede","force":true,"generation":6}"#;
    assert_posts(&args, "/v1/services/web/start", body, &started());
}

#[test]
fn several_services_start_by_the_plan_of_the_first_or_of_another() {
    let body = r#"{"releases":{"api":"v7","web":"v2"},"plan_of":"web","force":false}"#;
    assert_posts(&["start", "web=v2", "api=v7"], "/v1/rollouts", body, &started_together());
    let args = ["start", "web=v2", "api=v7", "--plan-of", "api", "--force", "--reason", "r"];
    let body = r#"{"releases":{"api":"v7","web":"v2"},"plan_of":"api","force":true,"reason":"r"}"#;
    assert_posts(&args, "/v1/rollouts", body, &started_together());
}

#[test]
fn a_freeze_is_of_a_service_or_of_all_for_a_while_or_for_good() {
    let freezes = json!({ "freezes": [freeze_of_all()] });
    assert_posts(&["freeze", "web"], "/v1/services/web/freeze", "{}", &freezes);
    let args = ["freeze", "--all", "--for", "2h", "--reason", "r"];
    assert_posts(&args, "/v1/freeze", r#"{"duration_ms":7200000,"reason":"r"}"#, &freezes);
    assert_posts(&["unfreeze", "--all"], "/v1/unfreeze", "{}", &freezes);
    let args = ["unfreeze", "web", "--reason", "r"];
    assert_posts(&args, "/v1/services/web/unfreeze", r#"{"reason":"r"}"#, &freezes);
}

#[test]
fn a_service_is_parked_for_a_while_or_until_somebody_unparks_it() {
    assert_posts(&["park", "web"], "/v1/services/web/park", "{}", &parked());
    let args = ["park", "web", "--for", "90s", "--reason", "r"];
    assert_posts(&args, "/v1/services/web/park", r#"{"duration_ms":90000,"reason":"r"}"#, &parked());
    let args = ["unpark", "web", "--reason", "r"];
    assert_posts(&args, "/v1/services/web/unpark", r#"{"reason":"r"}"#, &parked());
}

#[test]
fn rollouts_are_read_in_short_or_one_whole() {
    assert_gets(&["rollouts", "web"], "/v1/services/web/rollouts?limit=20", &rollouts());
    assert_gets(&["rollouts", "web", "--limit", "3"], "/v1/services/web/rollouts?limit=3", &rollouts());
    assert_gets(&["history", "web", "--rollout", "7"], "/v1/services/web/rollouts/7", &story());
}

#[test]
fn why_asks_about_a_whole_request() {
    let target = "/v1/why?url=https%3A%2F%2Fshop.example%2Fcart%3Fa%3D1%26b&method=GET";
    assert_gets(&["why", "https://shop.example/cart?a=1&b"], target, &why());
    let target = "/v1/why?url=%2F&method=POST&header=X-Beta%3A1&header=Cookie%3Aa%3Db&client=%3A%3A1";
    let args = ["why", "/", "--method", "POST", "--header", "X-Beta: 1", "--header", "Cookie:a=b", "--client", "::1"];
    assert_gets(&args, target, &why());
}

#[test]
fn plan_asks_about_the_traffic_there_is_or_another() {
    assert_gets(&["plan", "web"], "/v1/services/web/forecast", &forecast());
    let target = "/v1/services/web/forecast?requests_per_second=1.5&error_rate=0.001";
    assert_gets(&["plan", "web", "--rate", "90rpm", "--error-rate", "0.1%"], target, &forecast());
    assert_gets(&["plan", "web", "--rate", "40rps"], "/v1/services/web/forecast?requests_per_second=40", &forecast());
}

#[test]
fn explain_asks_about_a_rollout_or_the_last_one() {
    assert_gets(&["explain", "web"], "/v1/services/web/account", &convicted());
    assert_gets(&["explain", "web", "7"], "/v1/services/web/rollouts/7/account", &convicted());
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
