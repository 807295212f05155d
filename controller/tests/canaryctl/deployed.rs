//! Deployments and rollbacks: what is asked, what is shown, and how it ends.

use canary_controller::render::{self, Color};
use serde_json::{Value, json};

use crate::canaryctl::answers::started;
use crate::canaryctl::fake::{Answer, Fake};
use crate::canaryctl::fixture::{aborted, idle, overview, parsed, preparing, probation, progressing, with};
use crate::canaryctl::golden::assert_golden;

/// What the checks say of one service.
fn checked(findings: &Value) -> Value {
    json!({
        "service": "web", "image": "reg.lan/me/web:v2", "pinned": "reg.lan/me/web@sha256:fedc", "release": "v2",
        "instances": 3, "strategy": "canary", "is_stable": false, "findings": findings,
    })
}

fn good() -> Value {
    json!([
        { "check": "image", "level": "ok", "what": "reg.lan/me/web:v2 is in its registry, to be pulled" },
        {
            "check": "health", "level": "warning", "what": "it has neither a health check nor a path that is probed",
            "remedy": "write services.web.probe.path",
        },
    ])
}

fn bad() -> Value {
    json!([{
        "check": "rollout", "level": "refused", "what": "a rollout of v9 is held",
        "remedy": "abort it, or wait for its end",
    }])
}

fn deploying() -> Value {
    json!({ "deployment": "0badcafe", "services": [checked(&good())] })
}

fn deployment(stage: &str) -> Value {
    json!({
        "id": "0badcafe", "release": "v2", "image": "reg.lan/me/web:v2", "stage": stage, "in_stage_ms": 2_300,
    })
}

fn staged(status: &Value, stage: &str) -> Value {
    with(status.clone(), json!({ "deployment": deployment(stage) }))
}

fn failed() -> Value {
    let failure = "cannot create web-v2-0badcafe-1: no space left on device";
    with(idle(), json!({ "deployment": with(deployment("failed"), json!({ "failure": failure })) }))
}

const BEGUN: &str = "  ⚠ health        it has neither a health check nor a path that is probed
                  → write services.web.probe.path
◌ web v2: deploying reg.lan/me/web:v2
";

#[test]
fn a_deployment_is_followed_until_its_rollout_has_begun() {
    let way = [staged(&idle(), "pulling reg.lan/me/web:v2"), staged(&preparing(), "done")];
    let answers: Vec<_> = std::iter::once(&deploying()).chain(&way).map(Answer::ok).collect();
    let fake = Fake::saying(answers);
    let ended = fake.run(&["deploy", "web", "--image", "reg.lan/me/web:v2", "--env", "A=1", "--reason", "r"]);
    let stdout = BEGUN.to_owned() + "web v2: pulling reg.lan/me/web:v2\nweb v2: done\n";
    let stderr = "warning: --env shows the value of A in the list of processes; if it is a secret, use --env NAME,
         which takes it from the environment, or --env-file\n";
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, stdout, stderr.to_owned()));
    let asked = fake.asked();
    let body = r#"{"image":"reg.lan/me/web:v2","env":{"A":"1"},"force":false,"reason":"r"}"#;
    assert_eq!((asked[0].line.as_str(), asked[0].body.as_str()), ("POST /v1/services/web/deploy", body));
    assert_eq!(asked[0].key.as_ref().map(String::len), Some(32));
}

#[test]
fn one_that_is_not_followed_is_answered_at_once() {
    let fake = Fake::saying([Answer::ok(&deploying())]);
    let ended = fake.run(&["deploy", "web", "--tag", "v2", "--strategy", "blue-green", "--force", "--detach"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, BEGUN));
    let asked = fake.asked();
    assert_eq!((asked.len(), asked[0].body.as_str()), (1, r#"{"tag":"v2","strategy":"blue-green","force":true}"#));
}

#[test]
fn one_that_is_waited_for_ends_as_its_rollout_does() {
    let way = [staged(&preparing(), "done"), staged(&preparing(), "done"), progressing(), probation()];
    let fake = Fake::saying(std::iter::once(&deploying()).chain(&way).map(Answer::ok).collect::<Vec<_>>());
    let ended = fake.run(&["deploy", "web", "--tag", "v2", "--wait"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("web v2: 10% (step 1 of 3)\nweb v2: 100%, in probation\n"), "{}", ended.stdout);
    let way = [staged(&preparing(), "done"), staged(&preparing(), "done"), aborted()];
    let fake = Fake::saying(std::iter::once(&deploying()).chain(&way).map(Answer::ok).collect::<Vec<_>>());
    assert_eq!(fake.run(&["deploy", "web", "--tag", "v2", "--wait"]).code, 10);
}

#[test]
fn the_time_limit_is_for_the_deployment_too() {
    let fake = Fake::saying([Answer::ok(&deploying()), Answer::ok(&staged(&idle(), "pulling reg.lan/me/web:v2"))]);
    let ended = fake.run(&["deploy", "web", "--tag", "v2", "--wait", "--timeout", "300ms"]);
    let stderr = "error: the rollout has not begun within 300ms
hint: it goes on; see `canaryctl status web`, or send it back with `canaryctl abort web`
";
    assert_eq!((ended.code, ended.stderr.as_str()), (11, stderr));
}

#[test]
fn one_that_comes_to_nothing_ends_with_10() {
    let fake = Fake::saying([Answer::ok(&deploying()), Answer::ok(&failed())]);
    let ended = fake.run(&["deploy", "web", "--tag", "v2"]);
    assert_eq!(ended.code, 10);
    assert!(ended.stderr.starts_with("error: the deployment came to nothing: cannot create"), "{}", ended.stderr);
}

#[test]
fn nothing_to_do_is_no_failure() {
    let same = with(checked(&json!([])), json!({ "is_stable": true }));
    let fake = Fake::saying([Answer::ok(&json!({ "deployment": null, "services": [same] }))]);
    let ended = fake.run(&["deploy", "web", "--tag", "v2", "--wait"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "✔ web v2: stable already; nothing to do\n"));
}

#[test]
fn what_the_checks_forbid_ends_with_5_and_says_why() {
    let problem = json!({ "kind": "preflight", "message": "web: rollout: held", "services": [checked(&bad())] });
    let forbids = || Fake::saying([Answer::http("409 Conflict", &problem.to_string())]);
    let ended = forbids().run(&["deploy", "web", "--image", "reg.lan/me/web:v2"]);
    let stdout = "\
web: reg.lan/me/web:v2 as v2, 3 containers, canary
  ✖ rollout       a rollout of v9 is held
                  → abort it, or wait for its end
✖ not to be deployed: 1 thing is against it
";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (5, stdout, ""));
    let ended = forbids().run(&["--json", "deploy", "web", "--image", "reg.lan/me/web:v2"]);
    assert_eq!((ended.code, serde_json::from_str::<Value>(&ended.stdout).unwrap()), (5, problem.clone()));
}

#[test]
fn a_look_before_it_ends_with_0_or_5() {
    for (findings, code) in [(good(), 0), (bad(), 5)] {
        let fake = Fake::saying([Answer::ok(&checked(&findings))]);
        let ended = fake.run(&["preflight", "web", "--image", "reg.lan/me/web:v2"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (code, ""), "{}", ended.stdout);
        let asked = fake.asked();
        assert_eq!(asked[0].line, "POST /v1/services/web/preflight");
        assert_eq!((asked.len(), &asked[0].key), (1, &None));
    }
}

#[test]
fn several_services_are_deployed_as_one() {
    let fake = Fake::saying([Answer::ok(&deploying())]);
    let ended = fake.run(&["deploy", "web", "api", "--tag", "3f9c2ab", "--detach"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let asked = fake.asked();
    let body = r#"{"services":["web","api"],"tag":"3f9c2ab","force":false}"#;
    assert_eq!((asked[0].line.as_str(), asked[0].body.as_str()), ("POST /v1/deployments", body));
    for args in [
        &["deploy", "web", "api", "--image", "web:v2"][..],
        &["deploy", "web", "api", "--tag", "v2", "--on-busy", "queue"],
        &["deploy", "web"],
        &["deploy", "web", "--tag", "v2", "--image", "web:v2"],
        &["deploy", "web", "--tag", "v2", "--wait", "--detach"],
        &["deploy", "web", "--tag", "v2", "--env", "hunter2"],
    ] {
        let ended = Fake::saying([Answer::ok(&deploying())]).run(args);
        assert_eq!(ended.code, 2, "{args:?}");
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[test]
fn a_rollback_needs_no_name_where_there_is_one_service() {
    let one = json!({ "store": { "healthy": true, "message": null }, "services": [idle()] });
    let fake = Fake::saying([Answer::ok(&one), Answer::ok(&started())]);
    let ended = fake.run(&["rollback"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let asked = fake.asked();
    assert_eq!(
        (asked[1].line.as_str(), asked[1].body.as_str()),
        ("POST /v1/services/web/rollback", r#"{"force":false}"#)
    );
    let ended = Fake::saying([Answer::ok(&overview())]).run(&["rollback"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.starts_with("error: there are several services; name one of api, billing"),
        "{}",
        ended.stderr
    );
    let fake = Fake::saying([Answer::ok(&started())]);
    assert_eq!(fake.run(&["rollback", "web", "--to", "v1"]).code, 0);
    assert_eq!(fake.asked()[0].body, r#"{"to":"v1","force":false}"#);
}

#[test]
fn a_service_that_is_deployed() {
    let kept = json!({ "kept": [
        {
            "release": "v0", "image": "reg.lan/me/web:v0", "containers": 3, "since": "2026-05-01T10:00:00Z",
            "was_stable": true,
        },
        { "release": "v2b", "image": "reg.lan/me/web:v2b", "containers": 1, "was_stable": false },
    ] });
    let status = with(staged(&idle(), "pulling reg.lan/me/web:v2"), kept);
    assert_golden("status_deploying", &render::status(&parsed(&status), Color::Never));
    assert_golden("status_deploy_failed", &render::status(&parsed(&failed()), Color::Never));
}
