//! Bodies arrive whole, however either side frames them, and connections are kept where that is right.

use crate::stage::{Act, Message, Origin, Stage, get, named, ok, post, stable};

async fn answers(bytes: &'static str, act: fn(Vec<u8>) -> Act) -> (Stage, Origin) {
    let origin = Origin::start(move |_| act(bytes.into())).await;
    (Stage::of(&stable(&[origin.address]).route()), origin)
}

/// Asks twice on one connection, so that it is seen to be kept and to be clean.
async fn twice(stage: &Stage, request: &str) -> Message {
    let mut client = stage.connect().await;
    let first = client.ask(request).await;
    assert!(!first.closes(), "{}", first.head);
    assert_eq!(client.ask(request).await.body, first.body);
    first
}

#[tokio::test]
async fn an_answer_in_http_1_0_reaches_the_client_in_http_1_1() {
    for (bytes, body) in [
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nwhole", "whole"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nwhole", "whole"),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
        ("HTTP/1.0 200 OK\r\n\r\n", ""),
        ("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""),
    ] {
        let (stage, _origin) = answers(bytes, Act::Close).await;
        let answer = twice(&stage, &get("/")).await;
        assert_eq!((answer.text(), &answer.head[..9]), (body, "HTTP/1.1 "), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_connection_to_an_http_1_0_origin_is_kept_only_if_it_says_so() {
    for (bytes, connections) in [
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nwhole", 2),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nwhole", 1),
    ] {
        let (stage, origin) = answers(bytes, Act::Say).await;
        twice(&stage, &get("/")).await;
        assert_eq!(origin.connections(), connections, "{bytes:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_length_is_framed_for_the_client() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole",
    ] {
        let (stage, _origin) = answers(bytes, Act::Close).await;
        assert_eq!(twice(&stage, &get("/")).await.text(), "whole", "{bytes:?}");
    }
}

#[tokio::test]
async fn an_http_1_0_client_gets_no_chunks_and_a_closed_connection() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole",
        "HTTP/1.0 200 OK\r\n\r\nwhole",
    ] {
        let (stage, _origin) = answers(bytes, Act::Close).await;
        let mut client = stage.connect().await;
        let answer = client.ask("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n").await;
        assert_eq!((answer.text(), answer.field("transfer-encoding")), ("whole", None), "{bytes:?}");
        assert!(answer.closes(), "{}", answer.head);
        client.assert_closed().await;
    }
}

#[tokio::test]
async fn an_http_1_0_client_may_ask_for_its_connection() {
    let (stage, _origin) = answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", Act::Say).await;
    let request = "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(twice(&stage, request).await.field("connection"), Some("keep-alive"));
}

#[tokio::test]
async fn a_client_that_wants_its_connection_closed_is_heard() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    let answer = client.ask("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").await;
    assert!(answer.closes(), "{}", answer.head);
    client.assert_closed().await;
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    for (method, bytes, length) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Some("5")),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("HEAD", "HTTP/1.1 200 OK\r\n\r\n", None),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Some("5")),
    ] {
        let (stage, _origin) = answers(bytes, Act::Say).await;
        let answer = twice(&stage, &get("/").replace("GET", method)).await;
        assert_eq!((answer.field("content-length"), answer.text()), (length, ""), "{method} {bytes:?}");
    }
}

#[tokio::test]
async fn large_bodies_arrive_whole_both_ways() {
    let origin = Origin::start(|request| ok(request.text())).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    for size in [0, 1, 65_536, 100_000, 5_000_000] {
        let body: String = (0..size).map(|at| char::from(b'a' + u8::try_from(at % 23).unwrap())).collect();
        let length = post("/", &body);
        let chunks: String = body.as_bytes().chunks(70_000).map(chunk).collect();
        let chunked = format!("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        for request in [length, chunked] {
            assert!(exchange(&stage, &request).await == body, "{size} bytes came back changed");
        }
    }
}

fn chunk(bytes: &[u8]) -> String {
    format!("{:x}\r\n{}\r\n", bytes.len(), std::str::from_utf8(bytes).unwrap())
}

/// Sends a request that may be too large for all the buffers on its way.
async fn exchange(stage: &Stage, request: &str) -> String {
    let answer = stage.ask(request).await;
    assert_eq!(answer.status(), 200, "{}", answer.head);
    answer.text().to_owned()
}

#[tokio::test]
async fn a_large_answer_arrives_whole_however_it_is_framed() {
    let body = "0123456789abcdef".repeat(300_000);
    for head in ["Content-Length: 4800000", "Transfer-Encoding: chunked", "Connection: close"] {
        let framed = match head {
            "Transfer-Encoding: chunked" => format!("{}0\r\n\r\n", chunk(body.as_bytes())),
            _ => body.clone(),
        };
        let origin =
            Origin::start(move |_| Act::Close(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{framed}").into_bytes())).await;
        let stage = Stage::of(&stable(&[origin.address]).route());
        assert!(exchange(&stage, &get("/")).await == body, "{head}");
    }
}

#[tokio::test]
async fn a_client_that_waits_for_leave_to_send_gets_it_from_us() {
    let origin = Origin::start(|request| ok(request.text())).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(client.head().await.unwrap().lines().next(), Some("HTTP/1.1 100 Continue"));
    client.send("body").await;
    assert_eq!(client.answer_to("POST").await.unwrap().text(), "body");
    assert_eq!(origin.requests()[0].field("expect"), None);
}

#[tokio::test]
async fn interim_answers_of_a_backend_do_not_end_the_request() {
    let bytes = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole";
    let (stage, _origin) = answers(bytes, Act::Say).await;
    let mut client = stage.connect().await;
    let mut answer = client.ask(&get("/")).await;
    if answer.status() == 103 {
        answer = client.answer_to("GET").await.unwrap();
    }
    assert_eq!((answer.status(), answer.text()), (200, "whole"));
}
