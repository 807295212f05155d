//! Connections over real sockets. What needs exact times is tested in the crate, under a paused clock.

use std::time::{Duration, Instant};

use canary_config::daemon::Limits;

use crate::support::{Answer, Edge, get, limits, post};

#[expect(clippy::disallowed_methods, reason = "what is asserted is that something does not happen too early")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_connection_serves_many_requests() {
    let edge = Edge::start();
    let mut client = edge.connect();
    for _ in 0..200 {
        client.assert_served("/a");
    }
    assert_eq!(edge.caps.connections(), 1);
}

#[test]
fn a_header_drip_is_answered_408_and_not_before_the_deadline() {
    let edge = Edge::with_limits(&Limits { head_timeout: Duration::from_millis(200), ..limits() });
    let mut client = edge.connect();
    let started = now();
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\nX: ");
    let answer = client.answer().unwrap();
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!((answer.status, answer.closes), (408, true));
    client.assert_closed();
    edge.assert_nothing_seen();
}

#[test]
fn an_idle_connection_is_closed_and_not_before_its_limit() {
    let keep_alive = Duration::from_millis(200);
    let edge = Edge::with_limits(&Limits { keep_alive, ..limits() });
    for requests in 0..3 {
        let mut last = now();
        let mut client = edge.connect();
        for _ in 0..requests {
            last = now();
            client.assert_served("/a");
        }
        client.assert_closed();
        assert!(last.elapsed() >= keep_alive);
    }
}

#[test]
fn a_head_with_two_readings_is_refused_and_nothing_behind_it_is_served() {
    let edge = Edge::start();
    let vectors = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "Content-Length: 5, 5\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Content-Length: +5\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ": x\r\n\r\n",
        "Host: b.test\r\n\r\n",
        "Upgrade: websocket\r\nContent-Length: 5\r\n\r\n",
    ];
    for vector in vectors {
        let mut client = edge.connect();
        client.send(&format!("POST / HTTP/1.1\r\nHost: a.test\r\n{vector}{}", get("/smuggled")));
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, answer.closes), (400, true), "{vector:?}");
        client.assert_closed();
    }
    edge.assert_nothing_seen();
}

#[test]
fn the_body_of_a_request_that_is_answered_early_is_never_a_request() {
    let edge = Edge::start();
    let mut client = edge.connect();
    client.send(&post("/early", &get("/smuggled")));
    assert_eq!(client.answer(), Some(Answer::ok("POST /early").closing()));
    client.assert_closed();
    assert_eq!(edge.next_seen(), "POST /early");
    edge.assert_nothing_seen();
}

#[test]
fn a_client_that_is_still_sending_can_read_the_answer() {
    let edge = Edge::start();
    for _ in 0..20 {
        let mut client = edge.connect();
        client.send("POST /early HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
        client.send(&"x".repeat(500_000));
        assert_eq!(client.answer(), Some(Answer::ok("POST /early").closing()));
        // An end, and no reset, which would be an error here.
        assert_eq!(client.answer(), None);
    }
}

#[test]
fn a_client_that_stops_sending_gets_the_answers_that_it_asked_for() {
    let edge = Edge::start();
    let mut client = edge.connect();
    client.send(&(get("/a") + &get("/wait")));
    client.stop_sending();
    edge.gate.add_permits(1);
    assert_eq!(client.answer(), Some(Answer::ok("GET /a")));
    assert_eq!(client.answer(), Some(Answer::ok("GET /wait")));
    client.assert_closed();
}
