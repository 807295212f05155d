//! Connections that live long keep nobody else waiting, and what a canary refuses is rescued whatever it would have been.

use std::sync::Arc;

use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::rescue::Cause;
use canary_proxy::slow_start::{SlowStart, WINDOW_MIN};
use canary_proxy::track::Track::{Canary, Stable};
use tokio::net::TcpListener;

use crate::stage::{Dead, Origin, Peer, Stage, get, is_untouched, named, scored, stable};

const FULL: u16 = 10_000;
const UPGRADE: &str = "GET /live HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const STREAM: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const ERROR: &str = "HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf";

/// A canary that has shown nothing yet, and as many as may be in flight at it: each sends this, and is answered so.
async fn occupied(request: &str, answer: &str, safe: &Origin) -> (Stage, Arc<Ledger>, TcpListener, Vec<(Peer, Peer)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ledger = Arc::<Ledger>::default();
    let hearing = Arc::new(Hearing { slow_start: Arc::new(SlowStart::new()), ..Hearing::default() });
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[safe.address]).heard(&[canary], FULL, &ledger, &hearing).route());
    let mut open = Vec::new();
    for _ in 0..WINDOW_MIN {
        let mut client = stage.connect().await;
        client.send(request).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        origin.send(answer).await;
        client.head().await.unwrap();
        open.push((client, origin));
    }
    (stage, ledger, listener, open)
}

#[tokio::test]
async fn neither_tunnels_nor_streams_take_up_the_places_of_an_unproved_canary() {
    for (request, answer) in [(UPGRADE.to_owned(), SWITCHING), (get("/events"), STREAM)] {
        let safe = named("stable").await;
        let (stage, ledger, listener, _open) = occupied(&request, answer, &safe).await;
        let mut client = stage.connect().await;
        client.send(get("/")).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        origin.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(client.answer_to("GET").await.unwrap().status(), 204, "{request}");
        assert_eq!((scored(&ledger, Stable), safe.count()), (Vec::new(), 0));
    }
}

#[tokio::test]
async fn a_failure_keeps_its_place_until_it_has_ended() {
    let (post, safe) = (get("/").replace("GET", "POST"), named("stable").await);
    let (stage, ledger, _listener, open) = occupied(&post, ERROR, &safe).await;
    assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    drop(open);
    stage.settled().await;
    assert_eq!((ledger.arm(Canary).failures(), scored(&ledger, Stable)), (WINDOW_MIN, Vec::new()));
}

#[tokio::test]
async fn a_stream_that_breaks_off_after_it_gave_its_place_back_is_a_failure() {
    let safe = named("stable").await;
    let (stage, ledger, _listener, open) = occupied(&get("/events"), STREAM, &safe).await;
    for (mut client, origin) in open {
        drop(origin);
        client.rest().await;
    }
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Reset, WINDOW_MIN)]);
}

#[tokio::test]
async fn an_upgrade_that_the_canary_refuses_to_take_is_rescued_and_scored_nowhere() {
    let (dead, listener) = (Dead::new(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (safe, ledger) = (listener.local_addr().unwrap(), Arc::<Ledger>::default());
    let route = stable(&[safe]).canary(&[dead.address], FULL, &ledger).route();
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    client.send(UPGRADE).await;
    let mut origin = Peer::accept(&listener).await;
    assert_eq!(origin.request().await.unwrap().field("upgrade"), Some("websocket"));
    origin.send(SWITCHING).await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 101 "));
    client.send("ping").await;
    assert_eq!(origin.bytes(4).await, b"ping");
    drop((client, origin));
    stage.settled().await;
    assert_eq!(route.rescued.count(Cause::ConnectFailed), 1);
    assert_eq!(route.canary.as_ref().unwrap().pool().ready[0].meter.ended_by(Outcome::ConnectFailed), 1);
    assert!(is_untouched(&ledger));
}
