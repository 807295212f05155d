//! Requests that go through to an origin, where pingora reads the client and the origin at the same time.

use std::net::TcpListener;

use crate::support::{Answer, Edge, Peer, get, post};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn origin() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn a_body_arrives_whole_however_it_is_cut() {
    let listener = origin();
    let edge = Edge::in_front_of(&listener);
    let (mut client, body) = (edge.connect(), get("/not-a-request"));
    let sent = post("/a", &body);
    client.send(&sent);
    let mut origin = Peer::accept(&listener);
    for cut in 1..sent.len() {
        assert!(origin.head().unwrap().starts_with("POST /a HTTP/1.1\r\n"));
        assert_eq!(origin.body(body.len()), body);
        origin.send(OK);
        assert_eq!(client.answer(), Some(Answer::ok("ok")), "cut at {cut}");
        client.send(&sent[..cut]);
        client.send(&sent[cut..]);
    }
}

#[test]
fn a_request_that_comes_while_another_is_under_way_is_served_after_it() {
    let listener = origin();
    let edge = Edge::in_front_of(&listener);
    let mut client = edge.connect();
    client.send(&get("/a"));
    let mut origin = Peer::accept(&listener);
    assert!(origin.head().unwrap().starts_with("GET /a "));
    client.send(&(post("/b", "body") + &get("/c")));
    // The only worker has served somebody else meanwhile, so it has seen what the client sent.
    let mut other = edge.connect();
    other.send(&get("/other"));
    let mut other_origin = Peer::accept(&listener);
    other_origin.head().unwrap();
    other_origin.send(OK);
    assert_eq!(other.answer(), Some(Answer::ok("ok")));
    drop((other, other_origin));
    for path in ["POST /b ", "GET /c "] {
        origin.send(OK);
        assert_eq!(client.answer(), Some(Answer::ok("ok")));
        assert!(origin.head().unwrap().starts_with(path));
        if path.starts_with("POST") {
            assert_eq!(origin.body(4), "body");
        }
    }
    origin.send(OK);
    assert_eq!(client.answer(), Some(Answer::ok("ok")));
}

#[test]
fn the_origin_is_let_go_when_the_client_has_gone() {
    let listener = origin();
    let edge = Edge::in_front_of(&listener);
    let mut client = edge.connect();
    client.send(&get("/a"));
    let mut origin = Peer::accept(&listener);
    origin.head().unwrap();
    drop(client);
    origin.assert_closed();
}

#[test]
fn an_answer_that_trickles_is_passed_on_as_it_comes() {
    let listener = origin();
    let edge = Edge::in_front_of(&listener);
    let mut client = edge.connect();
    client.send(&get("/a"));
    let mut origin = Peer::accept(&listener);
    origin.head().unwrap();
    origin.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    client.head().unwrap();
    for piece in ["a", "b", "c"] {
        origin.send(piece);
        assert_eq!(client.body(1), piece);
    }
}

#[test]
fn a_chunked_upload_is_passed_on_and_the_connection_serves_on() {
    let listener = origin();
    let edge = Edge::in_front_of(&listener);
    let mut client = edge.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    let mut origin = Peer::accept(&listener);
    origin.head().unwrap();
    assert_eq!(origin.body(12), "2\r\nhi\r\n0\r\n\r\n");
    origin.send(OK);
    assert_eq!(client.answer(), Some(Answer::ok("ok")));
    client.send(&get("/b"));
    assert!(origin.head().unwrap().starts_with("GET /b "));
    origin.send(OK);
    assert_eq!(client.answer(), Some(Answer::ok("ok")));
}
