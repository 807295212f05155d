//! `start --wait`: what it tells on the way, and the exit code of each end.

use serde_json::{Value, json};

use crate::canaryctl::fake::{Answer, Ended, Fake};
use crate::canaryctl::fixture::{aborted, held_thin, idle, preparing, probation, progressing, started, with};

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
            "weight_bp": 2_500, "step": { "number": 2, "of": 3, "min_ms": 1, "max_ms": 1, "manual": false },
        }),
    );
    let (ended, fake) = wait(&[preparing(), progressing(), progressing(), second, probation()], &[]);
    let stdout = "\
web v2: 10% (step 1 of 3)
web v2: 25% (step 2 of 3)
web v2: 100%, in probation
";
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, STARTED.to_owned() + stdout, String::new()));
    let lines: Vec<_> = fake.asked().into_iter().map(|request| request.line).collect();
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
