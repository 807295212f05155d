//! `start --wait`: what it tells on the way, and the exit code of each end.

use serde_json::{Value, json};

use crate::canaryctl::answers::{queued, started, started_together};
use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::fixture::{aborted, held_thin, idle, preparing, probation, progressing, with};

const STARTED: &str = "◌ web v2: preparing (rollout 7); no request until it is ready\n";

/// Starts and waits, while the status is one after the other of these.
fn wait(way: &[Value], args: &[&str]) -> (Ended, Fake) {
    let answers = std::iter::once(&started()).chain(way).map(Answer::ok).collect::<Vec<_>>();
    let fake = Fake::saying(answers);
    (fake.run(&[&["start", "web", "v2", "--wait"], args].concat()), fake)
}

#[test]
fn a_good_release_is_followed_to_its_probation() {
    let second = with(
        progressing(),
        json!({
            "weight_bp": 2_500, "step": { "number": 2, "of": 3, "min_ms": 1, "max_ms": 1, "gate": "evidence" },
        }),
    );
    let (ended, fake) = wait(&[preparing(), progressing(), progressing(), second, probation()], &[]);
    let stdout = "\
web v2: 10% (step 1 of 3)
web v2: 25% (step 2 of 3)
web v2: 100%, in probation
";
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, STARTED.to_owned() + stdout, String::new()));
    let lines = fake.asked_lines();
    let mut expected = vec!["POST /v1/services/web/start"];
    expected.extend(["GET /v1/services/web"; 5]);
    assert_eq!(lines, expected);
}

#[test]
fn a_release_whose_probation_was_over_at_once_is_done() {
    let (ended, _) = wait(&[with(idle(), json!({ "generation": 7, "stable": "v2" }))], &[]);
    assert_eq!((ended.code, ended.stdout), (0, STARTED.to_owned() + "web v2: completed, stable now\n"));
}

#[test]
fn an_abort_ends_with_10_and_its_grounds() {
    let (ended, _) = wait(&[progressing(), aborted()], &[]);
    let stdout = "\
web v2: 10% (step 1 of 3)
web v2: aborted: the canary fails more requests than stable
  stable: 1 error in 3,060 requests (0.03%)
  canary: 12 errors in 340 requests (3.53%)
  evidence against 23 of 20
";
    assert_eq!((ended.code, ended.stdout, ended.stderr), (10, STARTED.to_owned() + stdout, String::new()));
}

#[test]
fn a_time_limit_ends_with_11_and_the_rollout_goes_on() {
    let (ended, fake) = wait(&[progressing()], &["--timeout", "1s"]);
    let stderr = "\
error: the rollout has not ended within 1s
hint: it goes on; see `canaryctl status web`, or send it back with `canaryctl abort web`
";
    assert_eq!((ended.code, ended.stdout.as_str()), (11, &*(STARTED.to_owned() + "web v2: 10% (step 1 of 3)\n")));
    assert_eq!(ended.stderr, stderr);
    assert!(fake.asked().iter().all(|request| request.line != "POST /v1/services/web/abort"));
}

#[test]
fn a_held_rollout_ends_with_12() {
    let (ended, _) = wait(&[held_thin()], &[]);
    let line = "web v2: held at 10% (step 1 of 3): too little traffic for a verdict in the step's time\n";
    assert_eq!((ended.code, ended.stdout), (12, STARTED.to_owned() + line));
}

#[test]
fn a_later_rollout_or_a_lost_one_is_not_waited_for() {
    let (ended, _) = wait(&[with(preparing(), json!({ "generation": 8, "canary": "v3" }))], &[]);
    let later = "error: a later rollout has begun: v1 is stable in it\nhint: see `canaryctl history web`\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (10, later));
    let (ended, _) = wait(&[idle()], &[]);
    let lost = "error: canaryd does not know rollout 7 any more\nhint: see `canaryctl history web`\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (1, lost));
}

#[test]
fn a_restart_of_canaryd_is_waited_out() {
    let cut = || Answer::Bytes(Vec::new());
    let answers = [Answer::ok(&started()), Answer::ok(&progressing()), cut(), cut(), Answer::ok(&probation())];
    let ended = Fake::saying(answers).run(&["start", "web", "v2", "--wait"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[test]
fn a_problem_on_the_way_ends_the_wait() {
    let answers = [Answer::ok(&started()), Answer::problem("404 Not Found", "not-found", "no service is called web")];
    let ended = Fake::saying(answers).run(&["start", "web", "v2", "--wait"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("error: no service is called web\nhint: "), "{}", ended.stderr);
}

#[test]
fn as_json_the_last_status_is_the_one_document() {
    let (ended, _) = wait(&[progressing(), aborted()], &["--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ended.stdout).unwrap(), aborted());
    assert!(ended.stderr.starts_with(&(STARTED.to_owned() + "web v2: 10% (step 1 of 3)\n")), "{}", ended.stderr);
    assert_eq!(ended.code, 10);
    let (ended, _) = wait(&[progressing()], &["--json", "--timeout", "1s"]);
    assert_eq!(serde_json::from_str::<Value>(&ended.stdout).unwrap(), progressing());
    assert_eq!(ended.code, 11);
}

#[test]
fn a_retry_is_waited_for_like_a_start() {
    let fake = Fake::saying([Answer::ok(&started()), Answer::ok(&aborted())]);
    let ended = fake.run(&["retry", "web", "--wait"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (10, ""));
    assert_eq!(fake.asked_lines(), ["POST /v1/services/web/retry", "GET /v1/services/web"]);
}

#[test]
fn a_queued_release_is_waited_for_until_its_turn_and_then_to_its_end() {
    let running = |queue: &[&str]| with(progressing(), json!({ "queue": queue }));
    let turn = |service| with(service, json!({ "generation": 8, "canary": "v3" }));
    let way = [running(&["v9", "v3"]), running(&["v3"]), running(&["v3"]), turn(preparing()), turn(probation())];
    let answers = std::iter::once(&queued()).chain(&way).map(Answer::ok).collect::<Vec<_>>();
    let ended = Fake::saying(answers).run(&["start", "web", "v3", "--on-busy", "queue", "--wait"]);
    let stdout = "\
▶ web v3: waits for the end of the rollout that is under way
web v3: waits for its turn; before it: 1
web v3: waits for its turn behind v2
web v3: preparing
web v3: 100%, in probation
";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, stdout, ""));
}

#[test]
fn a_queue_that_was_emptied_ends_the_wait() {
    let answers = [Answer::ok(&queued()), Answer::ok(&progressing())];
    let ended = Fake::saying(answers).run(&["start", "web", "v3", "--on-busy", "queue", "--wait"]);
    let stderr = "\
error: v3 does not wait for its turn any more, and has not begun
hint: see `canaryctl history web`
";
    assert_eq!((ended.code, ended.stderr.as_str()), (10, stderr));
}

/// Starts web and api together and waits, while their statuses are these in turn.
fn wait_together(way: &[(Value, Value)], args: &[&str]) -> Ended {
    let api = |service: &Value| with(service.clone(), json!({ "name": "api", "canary": "v7" }));
    let statuses = way.iter().flat_map(|(of_web, of_api)| [of_web.clone(), api(of_api)]);
    let answers = std::iter::once(started_together()).chain(statuses).map(|answer| Answer::ok(&answer));
    Fake::saying(answers.collect::<Vec<_>>()).run(&[&["start", "web=v2", "api=v7", "--wait"], args].concat())
}

#[test]
fn several_services_are_done_when_all_are() {
    let ended = wait_together(&[(progressing(), progressing()), (probation(), progressing())], &["--timeout", "1s"]);
    assert_eq!(ended.code, 11);
    let done = || with(progressing(), json!({ "phase": "probation", "weight_bp": 10_000, "step": null }));
    let ended = wait_together(&[(progressing(), progressing()), (done(), done())], &[]);
    let stdout = "\
◌ web v2: preparing (rollout 7); no request until it is ready
◌ api v7: preparing (rollout 7); no request until it is ready
web v2: 10% (step 1 of 3)
api v7: 10% (step 1 of 3)
web v2: 100%, in probation
api v7: 100%, in probation
";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, stdout, ""));
}

#[test]
fn one_abort_is_the_verdict_of_several_services() {
    let peer = with(aborted(), json!({ "reason": "peer", "evidence": null }));
    let ended = wait_together(&[(peer.clone(), aborted())], &[]);
    assert!(ended.stdout.contains("web v2: aborted: another service of the same rollout was aborted\n"));
    assert!(ended.stdout.contains("api v7: aborted: the canary fails more requests than stable\n"));
    assert_eq!(ended.code, 10);
    assert_eq!(wait_together(&[(held_thin(), held_thin())], &[]).code, 12);
    let ended = wait_together(&[(peer.clone(), aborted())], &["--json"]);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["services"][0], peer);
    assert_eq!(document["services"][1]["name"], "api");
}
