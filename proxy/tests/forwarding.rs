//! What a backend is told about its client, and what passes between them.

use crate::stage::{Act, Message, Origin, Setup, Stage, get, named, ok, stable};

/// Asks with these fields and returns the request as the backend saw it, and the answer.
async fn passed_on(stage: &Stage, origin: &Origin, fields: &str) -> (Message, Message) {
    let answer = stage.ask(&format!("GET / HTTP/1.1\r\nHost: A.test:8080\r\n{fields}\r\n")).await;
    (origin.requests().pop().unwrap_or_else(|| panic!("{}", answer.head)), answer)
}

const CLAIMS: &str = "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: other.test\r\n\
                      X-Request-Id: mine\r\nX-Real-IP: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n";

#[tokio::test]
async fn what_a_client_claims_to_be_is_replaced() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    for fields in ["", CLAIMS] {
        let (seen, _) = passed_on(&stage, &origin, fields).await;
        assert_eq!(seen.field("host"), Some("A.test:8080"));
        assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
        assert_eq!(seen.field("x-forwarded-proto"), Some("http"));
        assert_eq!(seen.field("x-forwarded-host"), Some("A.test:8080"));
        assert_eq!(seen.field("x-request-id").map(str::len), Some(32));
        assert_eq!((seen.field("x-real-ip"), seen.field("forwarded")), (None, None));
    }
}

#[tokio::test]
async fn what_a_trusted_proxy_says_of_the_client_is_believed() {
    let origin = named("origin").await;
    let setup = Setup { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Setup::default() };
    let stage = setup.of(&stable(&[origin.address]).route());
    let (seen, _) = passed_on(&stage, &origin, CLAIMS).await;
    assert_eq!(seen.field("x-forwarded-for"), Some("10.0.0.1, 127.0.0.1"));
    assert_eq!(seen.field("x-forwarded-proto"), Some("https"));
    assert_eq!(seen.field("x-forwarded-host"), Some("other.test"));
    assert_eq!(seen.field("x-request-id"), Some("mine"));
}

#[tokio::test]
async fn a_client_cannot_have_our_fields_stripped() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    for (name, status) in [
        ("X-Forwarded-For", 400),
        ("X-Forwarded-Host", 400),
        ("X-Forwarded-Proto", 400),
        ("Host", 400),
        ("\"X-Forwarded-For\"", 400),
        ("X-Request-Id", 200),
    ] {
        let answer = stage.ask(&format!("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: {name}\r\n\r\n")).await;
        assert_eq!(answer.status(), status, "{name}: {}", answer.head);
    }
    stage.settled().await;
    let seen = origin.requests();
    assert_eq!(seen.len(), 1, "what is refused does not reach the backend");
    assert!(seen[0].field("x-request-id").is_some() && seen[0].field("x-forwarded-for").is_some(), "{}", seen[0].head);
}

#[tokio::test]
async fn what_belongs_to_one_connection_stays_there() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close, X-Private\r\nX-Private: 1\r\n\
                          Keep-Alive: timeout=5\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nX-Public: 1\r\n\r\n";
    let origin = Origin::start(|_| Act::Close(ANSWER.into())).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let fields = "Connection: keep-alive, X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\n\
                  TE: trailers\r\nX-Public: 1\r\n";
    let (seen, answer) = passed_on(&stage, &origin, fields).await;
    for side in [&seen, &answer] {
        for name in ["x-private", "keep-alive", "proxy-connection", "te", "upgrade"] {
            assert_eq!(side.fields(name), Vec::<&str>::new(), "{name} in {}", side.head);
        }
        assert_eq!(side.field("x-public"), Some("1"));
    }
    assert_eq!(answer.field("connection"), Some("keep-alive"), "what the origin does with its connection is its own");
}

#[tokio::test]
async fn a_host_that_nobody_serves_is_not_found() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let answer = stage.ask("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").await;
    let id = answer.field("x-request-id").unwrap();
    assert_eq!((answer.status(), answer.text()), (404, &*format!("404 Not Found\nrequest {id}\n")));
    assert_eq!(origin.count(), 0);
    stage.settled().await;
    assert_eq!(stage.edge.unrouted.codes().collect::<Vec<_>>(), [(404, 1)]);
}

#[tokio::test]
async fn a_refused_host_does_not_cost_the_connection() {
    let origin = Origin::start(|request| ok(request.text())).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    assert_eq!(client.ask("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").await.status(), 404);
    assert_eq!(client.ask(&get("/")).await.status(), 200);
}

#[tokio::test]
async fn the_last_answer_of_a_drain_says_so() {
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let held = std::sync::Arc::clone(&gate);
    let origin = Origin::start(move |_| ok("last").after(&held)).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    origin.reached(1).await;
    stage.drain.begin(crate::stage::PATIENCE);
    gate.add_permits(1);
    let answer = client.answer_to("GET").await.unwrap();
    assert_eq!((answer.text(), answer.closes()), ("last", true));
    client.assert_closed().await;
}

#[tokio::test]
async fn a_target_with_a_host_reaches_the_backend_as_path_and_query() {
    let origin = named("origin").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    for (asked, seen) in [("http://a.test/x?y=1", "/x?y=1"), ("http://a.test", "/"), ("http://a.test?y", "/?y")] {
        let answer = stage.ask(&format!("GET {asked} HTTP/1.1\r\nHost: a.test\r\n\r\n")).await;
        assert_eq!(answer.status(), 200, "{}", answer.head);
        let request = origin.requests().pop().unwrap();
        assert!(request.head.starts_with(&format!("GET {seen} HTTP/1.1\r\n")), "{}", request.head);
        assert_eq!(request.field("host"), Some("a.test"));
    }
}
