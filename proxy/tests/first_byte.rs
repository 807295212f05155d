//! The wait for an answer ends with its first byte. What its body takes says nothing about latency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_proxy::ledger::{Ledger, THRESHOLDS};
use canary_proxy::outcome::Outcome;
use canary_proxy::track::Track::{self, Canary, Stable};
use tokio::net::TcpListener;

use crate::stage::{Peer, Stage, get, scored, stable};

const HALF: u16 = 5_000;
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const THRESHOLDS_MS: [u64; THRESHOLDS] = [1, 2, 3];

/// How many thresholds are newly reached by those who are still waited for in an hour.
#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn overdue(ledger: &Ledger) -> usize {
    let (mut levels, later) = (0, Instant::now() + Duration::from_secs(3_600));
    ledger.open().mark(later, |_| Some(THRESHOLDS_MS.map(Duration::from_millis)), |_, reached| levels += reached.len());
    levels
}

fn slow(ledger: &Ledger, track: Track) -> u64 {
    ledger.arm(track).overdue().iter().flat_map(|buckets| buckets.counts()).sum()
}

/// An edge whose two arms are served by the same listener, and so many clients that are waiting for their answers.
async fn asked(clients: usize) -> (Stage, Arc<Ledger>, Vec<(Peer, Peer)>) {
    let (listener, ledger) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::<Ledger>::default());
    let both = [listener.local_addr().unwrap()];
    let stage = Stage::of(&stable(&both).canary(&both, HALF, &ledger).route());
    let mut waiting = Vec::new();
    for _ in 0..clients {
        let mut client = stage.connect().await;
        client.send(get("/events")).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        waiting.push((client, origin));
    }
    (stage, ledger, waiting)
}

#[tokio::test]
async fn a_body_that_trickles_makes_nobody_slow_in_either_arm() {
    const CLIENTS: usize = 40;
    let (stage, ledger, mut streams) = asked(CLIENTS).await;
    for (client, origin) in &mut streams {
        origin.send(HEAD).await;
        assert!(client.head().await.unwrap().starts_with("HTTP/1.1 200"));
    }
    for piece in ["a", "b"] {
        assert_eq!(overdue(&ledger), 0, "whoever has been answered is not waited for");
        for (client, origin) in &mut streams {
            origin.send(piece).await;
            assert_eq!(client.bytes(1).await, piece.as_bytes());
        }
    }
    stage.settled().await;
    let [canary, safe] = [Canary, Stable].map(|track| ledger.arm(track).successes().counts().iter().sum::<u64>());
    assert_eq!(canary + safe, CLIENTS as u64);
    assert!(canary > 0 && safe > 0, "both arms were there");
}

#[tokio::test]
async fn what_an_answer_was_counted_for_before_its_head_stays_counted() {
    let (stage, ledger, mut streams) = asked(1).await;
    assert_eq!(overdue(&ledger), THRESHOLDS);
    let (client, origin) = &mut streams[0];
    origin.send(HEAD).await;
    client.head().await.unwrap();
    assert_eq!(overdue(&ledger), 0);
    origin.send("ab").await;
    client.bytes(2).await;
    stage.settled().await;
    assert_eq!(slow(&ledger, Canary) + slow(&ledger, Stable), 1);
    assert_eq!((scored(&ledger, Canary), scored(&ledger, Stable)), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_body_that_is_cut_after_the_wait_is_a_failure_all_the_same() {
    let (stage, ledger, mut streams) = asked(1).await;
    let (mut client, mut origin) = streams.remove(0);
    origin.send(HEAD.to_owned() + "a").await;
    client.head().await.unwrap();
    drop(origin);
    client.rest().await;
    stage.settled().await;
    assert_eq!([scored(&ledger, Canary), scored(&ledger, Stable)].concat(), [(Outcome::Reset, 1)]);
}
