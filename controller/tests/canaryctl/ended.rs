//! How `canaryctl` ends when something is wrong: with its code, and with what to do on standard error.

use serde_json::json;

use crate::canaryctl::answers::{history, started};
use crate::canaryctl::fake::{Answer, Ended, Fake, canaryctl};
use crate::canaryctl::fixture::{aborted, held_thin, idle, overview, paused, store_trouble, with};

fn ended(args: &[&str], answer: Answer) -> Ended {
    Fake::saying([answer]).run(args)
}

fn assert_failed(ended: &Ended, code: i32, stderr: &str) {
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (code, "", stderr));
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let wrong: [&[&str]; 46] = [
        &[],
        &["status", "--unknown"],
        &["status", "--watch", "--exit-code"],
        &["roll", "web"],
        &["start", "web"],
        &["start", "web=v2", "api"],
        &["start", "web=v2", "web=v3"],
        &["start", "web", "v2", "--plan-of", "web"],
        &["start", "web=v2", "api=v7", "--plan-of", "mail"],
        &["start", "web=v2", "api=v7", "--on-busy", "queue"],
        &["start", "web", "v2", "--on-busy", "wait"],
        &["start", "web", "v2", "--generation", "-1"],
        &["start", "web", "v2", "--idempotency-key", ""],
        &["freeze"],
        &["freeze", "web", "--all"],
        &["freeze", "web", "--for", "a while"],
        &["freeze", "web", "--for", "0s"],
        &["freeze", "web", "--for", "2years"],
        &["unfreeze"],
        &["park"],
        &["park", "--all"],
        &["park", "web", "--for", "0s"],
        &["park", "web", "--for", "25h"],
        &["unpark"],
        &["watch"],
        &["rollouts"],
        &["history", "--rollout", "7"],
        &["history", "web", "--rollout", "7", "--limit", "5"],
        &["events", "--after", "-1"],
        &["explain"],
        &["explain", "web", "seven"],
        &["explain", "web", "7", "8"],
        &["plan"],
        &["plan", "web", "--rate", "40"],
        &["plan", "web", "--rate", "0rps"],
        &["plan", "web", "--error-rate", "0.1"],
        &["why", "/", "--header", "no colon"],
        &["simulate"],
        &["simulate", "--traffic", "40"],
        &["simulate", "--traffic", "40rps", "--runs", "0"],
        &["simulate", "--traffic", "40rps", "--seed", "-1"],
        &["start", "we b", "v2"],
        &["start", "web", "v2", "--timeout", "5s"],
        &["start", "web", "v2", "--wait", "--timeout", "soon"],
        &["abort", "web", "--reason", ""],
        &["history", "--limit", "0"],
    ];
    for args in wrong {
        let ended: Ended = canaryctl(args).output().unwrap().into();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ended.stderr.starts_with("error: ") || args.is_empty(), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn nobody_at_the_socket_ends_with_3() {
    let ended: Ended = canaryctl(&["status", "--socket", "/nowhere/canaryd.sock"]).output().unwrap().into();
    let stderr = "\
error: canaryd is unreachable at /nowhere/canaryd.sock: No such file or directory (os error 2)
hint: is canaryd running? name its socket with --socket PATH or CANARYD_SOCKET
";
    assert_failed(&ended, 3, stderr);
}

#[test]
fn a_refusal_ends_with_4() {
    let message = "a rollout of v2 is progressing; abort it or wait for its end";
    let stderr = "\
error: a rollout of v2 is progressing; abort it or wait for its end
hint: nothing has changed; `canaryctl status` says where things stand
";
    let answer = Answer::problem("409 Conflict", "refused", message);
    assert_failed(&ended(&["start", "web", "v3"], answer), 4, stderr);
}

#[test]
fn every_kind_of_problem_has_its_code() {
    let kinds = [
        ("400 Bad Request", "bad-request", 2),
        ("401 Unauthorized", "unauthorized", 3),
        ("403 Forbidden", "forbidden", 3),
        ("404 Not Found", "not-found", 2),
        ("405 Method Not Allowed", "method-not-allowed", 2),
        ("408 Request Timeout", "too-slow", 4),
        ("409 Conflict", "refused", 4),
        ("409 Conflict", "mismatch", 4),
        ("413 Payload Too Large", "too-large", 2),
        ("415 Unsupported Media Type", "unsupported-media-type", 2),
        ("421 Misdirected Request", "misdirected", 3),
        ("422 Unprocessable Content", "unprocessable", 2),
        ("503 Service Unavailable", "store-unavailable", 4),
        ("503 Service Unavailable", "overloaded", 4),
        ("500 Internal Server Error", "internal", 1),
    ];
    for (status, kind, code) in kinds {
        let ended = ended(&["abort", "web", "--json"], Answer::problem(status, kind, "what it is\u{1b}[2J"));
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{kind}");
        assert!(ended.stderr.starts_with("error: what it is\\u{1b}[2J\nhint: "), "{}", ended.stderr);
    }
}

#[test]
fn a_problem_of_a_newer_canaryd_is_told_in_its_words() {
    let ended = ended(&["status"], Answer::problem("418 I'm a teapot", "teapot", "there is only tea"));
    assert!(ended.stderr.starts_with("error: there is only tea (HTTP status 418)\nhint: canaryctl and canaryd may be"));
    assert_eq!(ended.code, 1);
}

#[test]
fn what_is_done_but_not_stored_ends_with_6() {
    for args in [["start", "web", "v2", "--json"], ["start", "web", "v2", "--color=never"]] {
        let ended = ended(&args, Answer::ok(&with(started(), json!({ "durable": false }))));
        assert_eq!((ended.code, ended.stderr.as_str()), (6, ""), "{}", ended.stdout);
    }
}

#[test]
fn what_is_no_answer_ends_with_1_and_says_so() {
    let huge = [b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n".as_slice(), &[b' '; 9_000_000]].concat();
    let cases = [
        (Answer::Bytes(b"SSH-2.0-OpenSSH_9.7\r\n".to_vec()), "what answers there does not speak HTTP: "),
        (Answer::Bytes(Vec::new()), "the connection ended before canaryd's answer did"),
        (Answer::Bytes(b"HTTP/1.1 200 OK\r\nconte".to_vec()), "the connection ended before canaryd's answer did"),
        (
            Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            "the connection ended before canaryd's answer did",
        ),
        (Answer::http("200 OK", "<html>"), "canaryd's answer cannot be understood: expected value at line 1 column 1"),
        (Answer::http("200 OK", "{}"), "canaryd's answer cannot be understood: missing field `store`"),
        (Answer::http("200 OK", &"[".repeat(1_000)), "canaryd's answer cannot be understood: "),
        (Answer::http("502 Bad Gateway", "<html>"), "the answer is HTTP status 502 without a reason"),
        (Answer::http("204 No Content", ""), "canaryd's answer cannot be understood: "),
        (Answer::Bytes(huge), "canaryd's answer is longer than 8 MiB"),
    ];
    for (answer, expected) in cases {
        let ended = ended(&["status"], answer);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{expected}: {}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("error: {expected}")), "{expected}: {}", ended.stderr);
        assert!(ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    }
}

#[test]
fn an_answer_that_never_comes_ends_with_1() {
    let stderr = "\
error: canaryd did not answer within 10s
hint: a command may be done or not; `canaryctl status` shows it
";
    assert_failed(&ended(&["abort", "web"], Answer::Silence), 1, stderr);
}

#[test]
fn what_is_done_ends_with_0() {
    assert_eq!(ended(&["status"], Answer::ok(&overview())).code, 0);
}

#[test]
fn the_status_ends_with_what_needs_a_human_most() {
    let of = |services: &[serde_json::Value]| with(overview(), json!({ "services": services }));
    let cases = [
        (of(&[idle(), idle()]), 0),
        (of(&[idle(), aborted()]), 10),
        (of(&[aborted(), held_thin(), idle()]), 12),
        (of(&[paused(), aborted()]), 12),
        (of(&[aborted(), down()]), 12),
        (with(of(&[idle()]), json!({ "store": store_trouble() })), 12),
    ];
    for (overview, code) in cases {
        assert_eq!(ended(&["status", "--exit-code"], Answer::ok(&overview)).code, code, "{overview}");
        assert_eq!(ended(&["status"], Answer::ok(&overview)).code, 0, "{overview}");
    }
    let in_trouble = with(idle(), json!({ "store_trouble": "disk full" }));
    for (service, code) in [(idle(), 0), (aborted(), 10), (held_thin(), 12), (down(), 12), (in_trouble, 12)] {
        assert_eq!(ended(&["status", "web", "--exit-code"], Answer::ok(&service)).code, code);
    }
}

/// Whose only release has no backend that passes its probe.
fn down() -> serde_json::Value {
    let mut service = idle();
    service["tracks"][0]["ready"] = json!(0);
    service
}

#[test]
fn a_history_of_nobody_ends_with_2() {
    let nothing = json!({ "entries": [] });
    let unknown = || Answer::problem("404 Not Found", "not-found", "there is no service `wbe`; declared are web");
    let ended = Fake::saying([Answer::ok(&nothing), unknown()]).run(&["history", "wbe"]);
    assert!(ended.stderr.starts_with("error: there is no service `wbe`; declared are web\n"), "{}", ended.stderr);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    let ended = Fake::saying([Answer::ok(&nothing), Answer::ok(&idle())]).run(&["history", "web"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "no history\n"));
    // A service that was removed has its history still.
    let ended = Fake::saying([Answer::ok(&history()), unknown()]).run(&["history", "web"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}
