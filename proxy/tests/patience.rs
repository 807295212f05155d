//! How long a canary is waited for before stable is asked, and who is not hurried.

use std::sync::Arc;
use std::time::Duration;

use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::rescue::Cause;
use canary_proxy::track::Track::{Canary, Stable};
use tokio::net::TcpListener;

use crate::stage::{Act, Origin, Peer, SHORT, Stage, get, named, ok, post, says, scored, stable};

const FULL: u16 = 10_000;

async fn silence() {
    tokio::time::sleep(SHORT * 3).await;
}

#[tokio::test]
async fn a_canary_that_hangs_is_slow_and_costs_nobody_an_answer() {
    let (canary, safe) = (Origin::start(|_| Act::Silence).await, named("stable").await);
    let ledger = Arc::<Ledger>::default();
    let route = stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).first_byte(SHORT).route();
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    for method in ["GET", "HEAD", "OPTIONS", "GET"] {
        let answer = client.ask(&get("/").replace("GET", method)).await;
        assert_eq!((answer.status(), answer.closes()), (200, false), "{method}: {}", answer.head);
    }
    stage.settled().await;
    assert_eq!((canary.count(), safe.count(), route.rescued.count(Cause::Unanswered)), (4, 4, 4));
    // Slow, and no failure.
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 4), (Outcome::Unanswered, 4)]);
    assert_eq!((ledger.arm(Canary).failures(), scored(&ledger, Stable)), (0, Vec::new()));
    let entry = &stage.entries(4).await[3];
    assert_eq!((&entry["rescued"], &entry["attempts"]), (&"unanswered".into(), &2.into()));
}

#[tokio::test]
async fn a_pipelined_request_outlives_the_drop_of_the_one_before_it() {
    let canary = Origin::start(|request| if request.first_line().contains("/a") { Act::Silence } else { ok("canary") });
    let (canary, safe) = (canary.await, named("stable").await);
    let stage =
        Stage::of(&stable(&[safe.address]).canary(&[canary.address], FULL, &Arc::default()).first_byte(SHORT).route());
    let mut client = stage.connect().await;
    client.send(get("/a") + &get("/b")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "canary");
}

#[tokio::test]
async fn an_answer_that_has_begun_may_pause_for_as_long_as_it_likes() {
    let (listener, safe) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), named("stable").await);
    let (canary, ledger) = (listener.local_addr().unwrap(), Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary], FULL, &ledger).first_byte(SHORT).route());
    let mut client = stage.connect().await;
    client.send(get("/events")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 200"));
    for _ in 0..3 {
        silence().await;
        origin.send("5\r\nevent\r\n").await;
        assert_eq!(client.bytes(10).await, b"5\r\nevent\r\n");
    }
    origin.send("0\r\n\r\n").await;
    assert_eq!(client.bytes(5).await, b"0\r\n\r\n");
    // The connection serves on, and its next request is hurried anew.
    client.send(get("/")).await;
    origin.request().await.unwrap();
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 2), (Outcome::Unanswered, 1)]);
}

/// A canary that takes its time with everything, and answers after all.
async fn assert_not_hurried(request: &str, backends: &[std::net::SocketAddr]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(backends).canary(&[canary], FULL, &Arc::default()).first_byte(SHORT).route());
    let mut client = stage.connect().await;
    client.send(request).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    silence().await;
    origin.send(says(200, "canary")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "canary", "{request}");
}

#[tokio::test]
async fn nobody_is_hurried_whom_stable_could_not_answer() {
    let safe = named("stable").await;
    assert_not_hurried(&post("/", "body"), &[safe.address]).await;
    assert_not_hurried(&post("/", "").replace("POST", "DELETE"), &[safe.address]).await;
    assert_not_hurried(&post("/", "body").replace("POST", "GET"), &[safe.address]).await;
    assert_not_hurried(&get("/").replace("\r\n\r\n", "\r\nUpgrade: websocket\r\n\r\n"), &[safe.address]).await;
    assert_not_hurried(&get("/"), &[]).await;
    assert_eq!(safe.count(), 0);
}

#[tokio::test]
async fn stable_has_the_time_that_it_needs_in_the_canarys_place() {
    let (canary, listener) = (Origin::start(|_| Act::Silence).await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let safe = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[safe]).canary(&[canary.address], FULL, &Arc::default()).first_byte(SHORT).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    let mut safe = Peer::accept(&listener).await;
    safe.request().await.unwrap();
    silence().await;
    safe.send(says(200, "stable")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
}

#[tokio::test]
async fn a_limit_on_silence_that_is_shorter_wins() {
    let (canary, safe) = (Origin::start(|_| Act::Silence).await, named("stable").await);
    let ledger = Arc::<Ledger>::default();
    let shape = stable(&[safe.address]).canary(&[canary.address], FULL, &ledger);
    let stage = Stage::of(&shape.first_byte(Duration::from_secs(60)).read(SHORT).route());
    assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::TimedOut, 1)]);
}

#[tokio::test]
async fn a_canary_gets_its_time_after_all_where_stable_is_gone_meanwhile() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (canary, safe, ledger) = (listener.local_addr().unwrap(), named("stable").await, Arc::<Ledger>::default());
    let with =
        |backends: &[std::net::SocketAddr]| stable(backends).canary(&[canary], FULL, &ledger).first_byte(SHORT).route();
    let mut stage = Stage::of(&with(&[safe.address]));
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    let mut first = Peer::accept(&listener).await;
    first.request().await.unwrap();
    stage.publish(&with(&[]));
    let mut second = Peer::accept(&listener).await;
    second.request().await.unwrap();
    silence().await;
    second.send(says(200, "canary")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "canary");
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 1), (Outcome::Unanswered, 1)]);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_deadline_is_seen_to_leave() {
    let (canary, safe, ledger) = (Origin::start(|_| Act::Silence).await, named("stable").await, Arc::default());
    let shape = stable(&[safe.address]).canary(&[canary.address], FULL, &ledger);
    let stage = Stage::of(&shape.first_byte(Duration::from_secs(60)).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    canary.reached(1).await;
    drop(client);
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::ClientGone, 1)]);
}
