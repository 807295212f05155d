//! Failures that come after the answer's head, or on connections that had served before: each counts, once.

use std::sync::Arc;

use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::rescue::Cause;
use canary_proxy::track::Track::{Canary, Stable};
use tokio::net::TcpListener;

use crate::stage::{Act, Message, Origin, Peer, Setup, Stage, get, named, ok, post, says, scored, stable, until};

const FULL: u16 = 10_000;

/// Answers that end before they are whole.
const CUT: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
];

/// How the canary's end of the connection goes.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Reset,
}

/// A canary that has served one request well on a connection, and is asked the next one on it.
async fn kept(request: &str) -> (Stage, Arc<Ledger>, Peer, Peer, Origin) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary], FULL, &ledger).route());
    let mut client = stage.connect().await;
    client.send(get("/a")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send(says(200, "a")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "a");
    client.send(request).await;
    origin.request().await.unwrap();
    (stage, ledger, client, origin, safe)
}

#[tokio::test]
async fn an_answer_that_is_cut_short_on_a_kept_connection_is_a_failure() {
    for answer in CUT {
        for (end, request) in [(End::Closed, get("/b")), (End::Reset, get("/b")), (End::Closed, post("/b", "once"))] {
            let (stage, ledger, mut client, mut origin, safe) = kept(&request).await;
            origin.send(answer).await;
            assert!(client.head().await.unwrap().starts_with("HTTP/1.1 200"));
            match end {
                End::Closed => drop(origin),
                End::Reset => origin.reset(),
            }
            let (rest, _) = client.rest().await;
            assert!(!rest.ends_with(b"0\r\n\r\n"), "the client cannot tell that {answer:?} broke off");
            stage.settled().await;
            let expected = [(Outcome::Success, 1), (Outcome::Reset, 1)];
            assert_eq!(scored(&ledger, Canary), expected, "{answer:?} {end:?}");
            assert_eq!((scored(&ledger, Stable), safe.count()), (Vec::new(), 0));
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_a_failure_whatever_the_client_can_tell_of_it() {
    for answer in CUT {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
        let canary = listener.local_addr().unwrap();
        let stage = Stage::of(&stable(&[safe.address]).canary(&[canary], FULL, &ledger).route());
        let mut client = stage.connect().await;
        // HTTP/1.0 has no chunks: where no length is said, the end of the connection is that of the body.
        client.send(get("/").replace("HTTP/1.1", "HTTP/1.0")).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        origin.send(answer).await;
        assert!(client.head().await.unwrap().starts_with("HTTP/1.1 200"));
        drop(origin);
        client.rest().await;
        stage.settled().await;
        assert_eq!((scored(&ledger, Canary), safe.count()), (vec![(Outcome::Reset, 1)], 0), "{answer:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_within_the_head_was_alive() {
    let (stage, ledger, mut client, mut origin, safe) = kept(&get("/b")).await;
    origin.send("HTTP/1.1 200 OK\r\nContent-Le").await;
    drop(origin);
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 1), (Outcome::Reset, 1)]);
    assert_eq!(safe.count(), 1);
}

#[tokio::test]
async fn a_server_error_that_is_cut_short_is_one_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let route = stable(&[safe.address]).canary(&[canary], FULL, &ledger).route();
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    client.send(post("/", "once")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf").await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 500"));
    drop(origin);
    client.rest().await;
    stage.settled().await;
    assert_eq!((ledger.arm(Canary).failures(), safe.count()), (1, 0));
    assert!(Cause::ALL.iter().all(|cause| route.rescued.count(*cause) == 0));
}

/// A canary that closes the connection on whatever asks for `/crash`.
async fn crashing() -> Origin {
    let act =
        |request: &Message| if request.first_line().contains("/crash") { Act::Close(Vec::new()) } else { ok("ok") };
    Origin::start(act).await
}

#[tokio::test]
async fn a_canary_that_drops_what_kept_connections_bring_fails_each_time() {
    const CRASHES: u64 = 10;
    for (request, tries) in [(get("/crash"), 2), (post("/crash", "once"), 1)] {
        let (canary, safe, ledger) = (crashing().await, named("stable").await, Arc::<Ledger>::default());
        let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).route());
        for _ in 0..CRASHES {
            let mut client = stage.connect().await;
            assert_eq!(client.ask(&get("/")).await.text(), "ok");
            let status = client.ask(&request).await.status();
            assert_eq!(status, if tries == 2 { 200 } else { 502 }, "{request}");
        }
        stage.settled().await;
        assert_eq!(scored(&ledger, Canary), [(Outcome::Success, CRASHES), (Outcome::Reset, CRASHES)], "{request}");
        assert_eq!(canary.count() as u64, CRASHES * (1 + tries), "{request}");
    }
}

#[tokio::test]
async fn what_is_asked_again_is_asked_on_a_connection_that_is_new_and_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let safe = named("stable").await;
    let canary = listener.local_addr().unwrap();
    let route = stable(&[safe.address]).canary(&[canary], FULL, &Arc::default()).route();
    let stage = Setup { workers: 1, ..Setup::default() }.of(&route);
    // Two connections are kept.
    let mut clients = [stage.connect().await, stage.connect().await];
    let mut kept = Vec::new();
    for client in &mut clients {
        client.send(get("/a")).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        kept.push(origin);
    }
    for (client, origin) in clients.iter_mut().zip(&mut kept) {
        origin.send(says(200, "a")).await;
        assert_eq!(client.answer_to("GET").await.unwrap().text(), "a");
    }
    let meter = &route.canary.as_ref().unwrap().pool().ready[0].meter;
    until("both to be kept", || meter.in_flight() == 0).await;
    let [mut client, _] = clients;
    client.send(get("/b")).await;
    let (first, second) = kept.split_at_mut(1);
    let taken = tokio::select! { _ = first[0].request() => 0, _ = second[0].request() => 1 };
    drop(kept.remove(taken));
    let mut fresh = Peer::accept(&listener).await;
    assert_eq!(fresh.request().await.unwrap().field("connection"), Some("close"));
    fresh.send(says(200, "b")).await;
    let answer = client.answer_to("GET").await.unwrap();
    assert_eq!((answer.text(), answer.closes()), ("b", false));
    fresh.assert_closed().await;
    client.send(get("/c")).await;
    let mut other = kept.pop().unwrap();
    assert_eq!(other.request().await.unwrap().fields("connection"), Vec::<&str>::new());
    other.send(says(200, "c")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "c");
}
