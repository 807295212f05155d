//! What is booked about the canary, and what is not: one request, one outcome, in the ledger of its pick.

use std::sync::Arc;
use std::time::Duration;

use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::track::Track::{Canary, Stable};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::stage::{
    Act, Dead, Message, Origin, PATIENCE, Peer, SHORT, Stage, get, is_untouched, named, ok, post, says, scored, stable,
    until,
};

const FULL: u16 = 10_000;

/// A service of which the canary gets everything.
async fn all_to_canary(canary: &Origin, read: Duration) -> (Stage, Arc<Ledger>, Origin) {
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary.address], FULL, &ledger).read(read).route());
    (stage, ledger, idle)
}

async fn assert_scored(act: fn(&Message) -> Act, outcome: Outcome, status: u16) {
    let read = if outcome == Outcome::TimedOut { SHORT } else { PATIENCE };
    for request in [get("/"), post("/", "body")] {
        let canary = Origin::start(act).await;
        let (stage, ledger, idle) = all_to_canary(&canary, read).await;
        let answer = stage.ask(&request).await;
        stage.settled().await;
        let is_rescued = outcome != Outcome::Success && request.starts_with("GET");
        assert_eq!(answer.status(), if is_rescued { 200 } else { status }, "{}", answer.head);
        assert_eq!((scored(&ledger, Canary), scored(&ledger, Stable)), (vec![(outcome, 1)], Vec::new()));
        assert_eq!((canary.count(), idle.count()), (1, usize::from(is_rescued)));
    }
}

#[tokio::test]
async fn a_server_error_is_scored_once() {
    assert_scored(|_| Act::Say(says(503, "sorry")), Outcome::ServerError, 503).await;
}

#[tokio::test]
async fn a_broken_connection_is_scored_once() {
    assert_scored(|_| Act::Reset(Vec::new()), Outcome::Reset, 502).await;
    assert_scored(|_| Act::Close(Vec::new()), Outcome::Reset, 502).await;
    assert_scored(|_| Act::Close(b"HTTP/1.1 200 OK\r\nContent-".to_vec()), Outcome::Reset, 502).await;
    assert_scored(|_| Act::Close(b"what is this?\r\n\r\n".to_vec()), Outcome::Reset, 502).await;
}

#[tokio::test]
async fn silence_is_scored_once() {
    assert_scored(|_| Act::Silence, Outcome::TimedOut, 504).await;
}

#[tokio::test]
async fn a_canary_that_refuses_is_scored_once() {
    let (dead, idle, ledger) = (Dead::new(), named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[idle.address]).canary(&[dead.address], FULL, &ledger).route());
    assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    stage.settled().await;
    assert_eq!((scored(&ledger, Canary), idle.count()), (vec![(Outcome::ConnectFailed, 1)], 1));
}

#[tokio::test]
async fn a_canary_that_fails_is_made_up_for_by_stable_and_not_by_another_canary() {
    let canary = [Origin::start(|_| Act::Say(says(500, ""))).await, Origin::start(|_| Act::Say(says(500, ""))).await];
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let backends = canary.each_ref().map(|origin| origin.address);
    let stage = Stage::of(&stable(&[idle.address]).canary(&backends, FULL, &ledger).route());
    assert_eq!(stage.ask(&get("/")).await.status(), 200);
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::ServerError, 1)]);
    assert_eq!((canary.iter().map(Origin::count).sum::<usize>(), idle.count()), (1, 1));
}

#[tokio::test]
async fn what_the_client_did_wrong_is_a_success_of_the_backend() {
    assert_scored(|_| Act::Say(says(404, "")), Outcome::Success, 404).await;
    assert_scored(|_| Act::Say(says(429, "")), Outcome::Success, 429).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_reset_and_no_success() {
    const BROKEN: [&str; 3] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
    ];
    for broken in BROKEN {
        for act in [|text: &str| Act::Close(text.into()), |text: &str| Act::Reset(text.into())] {
            let canary = Origin::start(move |_| act(broken)).await;
            let (stage, ledger, _idle) = all_to_canary(&canary, PATIENCE).await;
            let mut client = stage.connect().await;
            client.send(get("/")).await;
            let (rest, _) = client.rest().await;
            assert!(!rest.ends_with(b"0\r\n\r\n"), "the client cannot tell that {broken:?} broke off");
            stage.settled().await;
            assert_eq!(scored(&ledger, Canary), [(Outcome::Reset, 1)], "{broken:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_timed_out_and_no_success() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary], FULL, &ledger).read(SHORT).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.head().await.unwrap();
    origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
    client.rest().await;
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::TimedOut, 1)]);
}

#[tokio::test]
async fn a_client_that_leaves_is_scored_with_how_long_it_waited() {
    let canary = Origin::start(|_| Act::Silence).await;
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary.address], FULL, &ledger).route());
    for (count, request) in [get("/"), post("/", "body")].iter().enumerate() {
        let mut client = stage.connect().await;
        client.send(request).await;
        canary.reached(count + 1).await;
        drop(client);
        stage.settled().await;
    }
    let mut client = stage.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf").await;
    until("the third attempt", || canary.connections() == 3).await;
    drop(client);
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::ClientGone, 3)]);
}

#[tokio::test]
async fn a_client_that_leaves_after_the_head_is_scored_as_it_was_answered() {
    for (status, outcome) in [(200, Outcome::Success), (500, Outcome::ServerError)] {
        let endless = format!("HTTP/1.1 {status} It Is\r\nContent-Length: 100\r\n\r\nhalf");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
        let canary = listener.local_addr().unwrap();
        let stage = Stage::of(&stable(&[idle.address]).canary(&[canary], FULL, &ledger).route());
        let mut client = stage.connect().await;
        client.send(post("/", "")).await;
        let mut origin = Peer::accept(&listener).await;
        origin.request().await.unwrap();
        origin.send(&endless).await;
        assert!(client.head().await.unwrap().contains(&status.to_string()));
        drop(client);
        stage.settled().await;
        assert_eq!(scored(&ledger, Canary), [(outcome, 1)]);
    }
}

#[tokio::test]
async fn a_tunnel_is_scored_nowhere() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary], FULL, &ledger).route());
    let mut client = stage.connect().await;
    client.send(UPGRADE).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send(SWITCHING).await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 101 "));
    origin.reset();
    drop(client);
    stage.settled().await;
    assert!(is_untouched(&ledger), "{:?}", scored(&ledger, Canary));
}

#[tokio::test]
async fn a_post_that_a_kept_connection_left_unanswered_is_a_failure_and_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary], FULL, &ledger).route());
    let mut client = stage.connect().await;
    client.send(get("/a")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send(says(200, "a")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "a");
    client.send(post("/b", "body")).await;
    origin.request().await.unwrap();
    origin.reset();
    assert_eq!(client.answer_to("POST").await.unwrap().status(), 502);
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 1), (Outcome::Reset, 1)]);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_and_only_the_second_try_is_scored() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (idle, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let canary = listener.local_addr().unwrap();
    let route = stable(&[idle.address]).canary(&[canary], FULL, &ledger).route();
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    client.send(get("/a")).await;
    let mut first = Peer::accept(&listener).await;
    first.request().await.unwrap();
    first.send(says(200, "a")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "a");
    client.send(get("/b")).await;
    first.request().await.unwrap();
    first.reset();
    let mut second = Peer::accept(&listener).await;
    second.request().await.unwrap();
    second.send(says(500, "b")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
    stage.settled().await;
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 1), (Outcome::ServerError, 1)]);
    let meter = &route.canary.as_ref().unwrap().pool().ready[0].meter;
    assert_eq!((meter.ended_by(Outcome::Reset), meter.in_flight(), idle.count()), (0, 0, 1));
}

#[tokio::test]
async fn a_late_answer_is_scored_where_its_pick_was_made() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let canary = Origin::start(move |_| ok("late").after(&held)).await;
    let idle = named("stable").await;
    let (before, after) = (Arc::<Ledger>::default(), Arc::<Ledger>::default());
    let mut stage = Stage::of(&stable(&[idle.address]).canary(&[canary.address], FULL, &before).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    canary.reached(1).await;
    stage.publish(&stable(&[idle.address]).canary(&[canary.address], FULL, &after).route());
    gate.add_permits(1);
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "late");
    stage.settled().await;
    assert_eq!(scored(&before, Canary), [(Outcome::Success, 1)]);
    assert!(is_untouched(&after));
}

#[tokio::test]
async fn the_failed_first_attempt_of_stable_is_what_is_scored() {
    let (bad, good) = (Origin::start(|_| Act::Say(says(500, ""))).await, named("good").await);
    let (canary, ledger) = (named("canary").await, Arc::<Ledger>::default());
    let route = stable(&[bad.address, good.address]).canary(&[canary.address], 1, &ledger).route();
    let (stage, _busy) = (Stage::of(&route), route.stable.ready[1].meter.begin());
    for _ in 0..10 {
        assert_eq!(stage.ask(&get("/")).await.status(), 200);
    }
    stage.settled().await;
    // One request in ten thousand goes to the canary, and chance may have it among these.
    let failed = u64::try_from(10 - canary.count()).unwrap();
    assert_eq!(scored(&ledger, Stable), [(Outcome::ServerError, failed)]);
}

#[tokio::test]
async fn where_only_the_canary_is_ready_it_serves_unscored() {
    let (canary, ledger) = (named("canary").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[]).canary(&[canary.address], 1, &ledger).route());
    for _ in 0..10 {
        assert_eq!(stage.ask(&get("/")).await.text(), "canary");
    }
    stage.settled().await;
    assert!(is_untouched(&ledger));
}
