//! How `canaryctl` ends when something is wrong: with its code, and with what to do on standard error.

use serde_json::json;

use crate::canaryctl::fake::{Answer, Ended, Fake, canaryctl};
use crate::canaryctl::fixture::{overview, started, with};
use crate::canaryctl::golden::assert_golden;

fn ended(args: &[&str], answer: Answer) -> Ended {
    Fake::saying([answer]).run(args)
}

fn assert_failed(ended: &Ended, code: i32, stderr: &str) {
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (code, "", stderr));
}

#[test]
fn help_explains_the_exit_codes() {
    let output: Ended = canaryctl(&["--help"]).output().unwrap().into();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert_golden("help", &output.stdout);
    let version: Ended = canaryctl(&["--version"]).output().unwrap().into();
    assert_eq!((version.code, version.stdout), (0, format!("canaryctl {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let wrong: [&[&str]; 9] = [
        &[],
        &["status", "--unknown"],
        &["pause", "web"],
        &["start", "web"],
        &["start", "we b", "v2"],
        &["start", "web", "v2", "--timeout", "5s"],
        &["start", "web", "v2", "--wait", "--timeout", "soon"],
        &["abort", "web", "--reason", ""],
        &["history", "--limit", "0"],
    ];
    for args in wrong {
        let ended: Ended = canaryctl(args).output().unwrap().into();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
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
        ("404 Not Found", "not-found", 2),
        ("409 Conflict", "refused", 4),
        ("503 Service Unavailable", "store-unavailable", 4),
        ("500 Internal Server Error", "internal", 1),
    ];
    for (status, kind, code) in kinds {
        let ended = ended(&["abort", "web", "--json"], Answer::problem(status, kind, "what it is\u{1b}[2J"));
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{kind}");
        assert!(ended.stderr.starts_with("error: what it is\\u{1b}[2J\nhint: "), "{}", ended.stderr);
    }
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
        (Answer::Bytes(b"SSH-2.0-OpenSSH_9.7\r\n".to_vec()), "what answers at the socket does not speak HTTP: "),
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
