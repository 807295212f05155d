//! How long each side may be silent, and what happens then.

use std::sync::Arc;

use canary_config::daemon::Limits;
use canary_proxy::ledger::Ledger;
use tokio::net::TcpListener;

use crate::stage::{Act, Origin, Peer, SHORT, Setup, Stage, get, is_untouched, limits, named, stable};

const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

fn impatient() -> Setup {
    Setup { limits: Limits { body_idle: SHORT, ..limits() }, ..Setup::default() }
}

async fn silence() {
    tokio::time::sleep(SHORT * 3).await;
}

#[tokio::test]
async fn a_backend_that_is_silent_before_its_answer_is_a_gateway_timeout() {
    let origin = Origin::start(|_| Act::Silence).await;
    let stage = Stage::of(&stable(&[origin.address]).read(SHORT).route());
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.closes()), (504, true));
    assert!(answer.text().starts_with("504 Gateway Timeout\nrequest "), "{}", answer.text());
}

#[tokio::test]
async fn an_offer_of_another_protocol_does_not_lift_the_limits() {
    let origin = Origin::start(|_| Act::Silence).await;
    let stage = Stage::of(&stable(&[origin.address]).read(SHORT).route());
    for offer in ["h2c", "h2c, websocket", "TLS/1.0"] {
        let answer = stage.ask(&UPGRADE.replace("websocket", offer)).await;
        assert_eq!(answer.status(), 504, "{offer}: {}", answer.head);
    }
}

#[tokio::test]
async fn a_client_that_stops_within_its_body_is_cut_off() {
    let origin = named("origin").await;
    let stage = impatient().of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf").await;
    assert_eq!(client.answer_to("POST").await.unwrap().status(), 408);
    client.assert_closed().await;
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn a_client_that_stops_within_its_body_does_not_convict_the_backend() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary], 10_000, &ledger).read(SHORT).route());
    let mut client = stage.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf").await;
    let _origin = Peer::accept(&listener).await;
    assert_eq!(client.answer_to("POST").await.unwrap().status(), 408);
    stage.settled().await;
    assert!(is_untouched(&ledger));
}

#[tokio::test]
async fn a_tunnel_that_breaks_gets_no_words_of_ours() {
    let (_stage, mut client, origin) = upgraded().await;
    origin.reset();
    let (rest, _) = client.rest().await;
    assert_eq!(String::from_utf8_lossy(&rest), "");
}

#[tokio::test]
async fn a_switch_of_protocols_that_nobody_asked_for_is_a_bad_gateway() {
    let origin = Origin::start(|_| Act::Say(format!("{SWITCHING}tunnel").into())).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    assert_eq!(stage.ask(&get("/")).await.status(), 502);
}

#[tokio::test]
async fn a_client_that_only_waits_is_not_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage = impatient().of(&stable(&[listener.local_addr().unwrap()]).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    silence().await;
    origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwh").await;
    silence().await;
    origin.send("ole").await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "whole");
}

/// A client and a backend that speak another protocol with each other from now on.
async fn upgraded() -> (Stage, Peer, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage = impatient().of(&stable(&[listener.local_addr().unwrap()]).read(SHORT).route());
    let mut client = stage.connect().await;
    client.send(UPGRADE).await;
    let mut origin = Peer::accept(&listener).await;
    assert_eq!(origin.request().await.unwrap().field("upgrade"), Some("websocket"));
    origin.send(SWITCHING).await;
    let answer = client.head().await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.to_lowercase().contains("upgrade: websocket"), "{answer}");
    (stage, client, origin)
}

#[tokio::test]
async fn an_upgraded_connection_may_be_silent() {
    let (_stage, mut client, mut origin) = upgraded().await;
    for _ in 0..2 {
        silence().await;
        client.send("ping").await;
        assert_eq!(origin.bytes(4).await, b"ping");
        silence().await;
        origin.send("pong").await;
        assert_eq!(client.bytes(4).await, b"pong");
    }
}

#[tokio::test]
async fn an_upgraded_connection_outlives_a_change_of_the_table() {
    let (mut stage, mut client, mut origin) = upgraded().await;
    let other = named("other").await;
    stage.publish(&stable(&[other.address]).route());
    client.send("ping").await;
    assert_eq!(origin.bytes(4).await, b"ping");
    assert_eq!(stage.ask(&get("/")).await.text(), "other");
    origin.send("pong").await;
    assert_eq!(client.bytes(4).await, b"pong");
}

#[tokio::test]
async fn an_upgraded_connection_ends_when_either_side_leaves() {
    let (_stage, mut client, origin) = upgraded().await;
    drop(origin);
    client.assert_closed().await;
    let (_stage, client, mut origin) = upgraded().await;
    drop(client);
    origin.assert_closed().await;
}

#[tokio::test]
async fn a_refused_upgrade_is_an_answer_like_any_other() {
    let origin = named("plain").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    client.send(UPGRADE).await;
    let answer = client.answer_to("GET").await.unwrap();
    assert_eq!((answer.status(), answer.text()), (200, "plain"));
}

#[tokio::test]
async fn an_answer_comes_before_the_end_of_the_body_it_does_not_want() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage = Stage::of(&stable(&[listener.local_addr().unwrap()]).route());
    let mut client = stage.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf").await;
    let mut origin = Peer::accept(&listener).await;
    origin.head().await.unwrap();
    origin.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    drop(origin);
    assert_eq!(client.answer_to("POST").await.unwrap().status(), 413);
}
