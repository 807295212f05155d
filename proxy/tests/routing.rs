//! What of a real request its rule is compared with, and that the backend gets what was sent.

use crate::stage::{Stage, named, stable};

/// A rule, the beginning of a request, and the status of its answer.
const ASKED: &[(&str, &str, u16)] = &[
    ("Host(`a.test`) && ClientIP(`127.0.0.1`)", "GET / HTTP/1.1\r\nHost: A.Test.:80", 200),
    ("Host(`*.test`)", "GET http://a.test/x HTTP/1.1\r\nHost: a.test", 200),
    ("Host(`*`)", "GET / HTTP/1.0", 200),
    ("Host(`a.test`)", "GET / HTTP/1.0", 404),
    ("ClientIP(`10.0.0.1`)", "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 10.0.0.1", 404),
    ("Method(`PUT`)", "GET / HTTP/1.1\r\nHost: a.test", 404),
    ("Header(`X-A`, `b c`)", "GET / HTTP/1.1\r\nHost: a.test\r\nX-A: no\r\nx-a:  b c ", 200),
    ("HeaderRegexp(`X-A`, `^$`)", "GET / HTTP/1.1\r\nHost: a.test", 404),
    ("Query(`q`, `1 2`)", "GET /x?p=0&q=1+2 HTTP/1.1\r\nHost: a.test", 200),
    ("Query(`q`, `1`) && Path(`/`)", "GET http://a.test?q=1 HTTP/1.1\r\nHost: a.test", 200),
    ("!PathPrefix(`/admin`)", "GET /public/../admin HTTP/1.1\r\nHost: a.test", 404),
    ("!PathPrefix(`/admin`)", "GET //%61dmin HTTP/1.1\r\nHost: a.test", 404),
    ("!PathPrefix(`/admin`)", "GET http://a.test/./admin HTTP/1.1\r\nHost: a.test", 404),
    ("PathPrefix(`/admin`)", "OPTIONS * HTTP/1.1\r\nHost: a.test", 404),
];

#[tokio::test]
async fn a_rule_is_compared_with_what_was_asked() {
    let origin = named("origin").await;
    for (rule, request, status) in ASKED {
        let stage = Stage::of(&stable(&[origin.address]).rule(rule).route());
        let answer = stage.ask(&format!("{request}\r\n\r\n")).await;
        assert_eq!(answer.status(), *status, "{rule}: {request}");
    }
}

#[tokio::test]
async fn the_backend_gets_the_path_as_it_was_sent() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).rule("Path(`/a/b`)").route());
    for target in ["/a/b", "//a/./%62?q=%41", "/x/../a//%62"] {
        let answer = stage.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n")).await;
        assert_eq!(answer.status(), 200, "{target}");
        let seen = origin.requests().pop().unwrap();
        assert_eq!(seen.first_line(), format!("GET {target} HTTP/1.1"));
    }
}
